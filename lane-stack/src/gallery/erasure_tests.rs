//! Deletion is crypto-erasure: after it, neither database, log nor free pages hold the record's key, wrapped or not, nor its
//! template, sealed or not; and these searches would find them if it were done otherwise.
use super::given::{Entropy as _, Seeded};
use super::store_tests::{at, enrolment, fresh, key, model, reopen, template, values, wrapped_keys};
use super::*;
use std::path::Path;

/// Whether `bytes` holds `part` anywhere.
pub(super) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    assert!(part.len() >= 16, "too short to mean anything");
    let (first, rest) = (part[0], &part[1..]);
    let starts = bytes.iter().enumerate().filter(|(_, b)| **b == first);
    starts.into_iter().any(|(i, _)| bytes[i + 1..].starts_with(rest))
}

/// Every byte of every file of a folder: database, its log, whatever else lies there.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

/// What gives a record away.
struct Traces {
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
    key: Vec<u8>,
    plain: Vec<u8>,
    reference_id: Vec<u8>,
}

impl Traces {
    /// Looks into the database of an open store.
    fn of(store: &Store, record: i64) -> Self {
        let (wrapped, sealed, key, reference_id, template) = store.traces(record);
        let plain = template.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { wrapped, sealed, key, plain, reference_id: reference_id.into_bytes() }
    }

    /// Those of them that `bytes` holds: wrapped key, sealed contents, key, template, reference id.
    fn in_bytes(&self, bytes: &[u8]) -> [bool; 5] {
        // Sealed contents by pieces: a copy may be cut by the end of a page.
        let sealed = self.sealed.chunks_exact(32).any(|piece| holds(bytes, piece));
        let plain = self.plain.chunks_exact(32).any(|piece| holds(bytes, piece));
        [
            self.wrapped.chunks_exact(24).any(|piece| holds(bytes, piece)),
            sealed,
            holds(bytes, &self.key),
            plain,
            holds(bytes, &self.reference_id),
        ]
    }
}

const NOTHING: [bool; 5] = [false; 5];
/// What is there while a record lives: its wrapped key and its sealed contents, and nothing in the clear.
const SEALED_ALONE: [bool; 5] = [true, true, false, false, false];

fn person(i: u64) -> String {
    format!("person-with-a-long-name-{i:08}")
}

fn enrol(store: &mut Store, i: u64) {
    store.enrol(&at(10), &[(enrolment(&person(i), ReferenceKind::Passport), template(i))]).unwrap();
}

#[test]
fn a_deleted_record_leaves_no_trace() {
    let (folder, path, mut store) = fresh();
    (0..40).for_each(|i| enrol(&mut store, i));
    let traces = Traces::of(&store, 18);
    assert_eq!(traces.plain, values(17).iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
    let log = std::fs::read(folder.path().join("g.db-wal")).unwrap();
    assert_eq!(traces.in_bytes(&log), SEALED_ALONE, "the log of a store that is used");
    store.close().unwrap();
    assert_eq!(traces.in_bytes(&all_bytes(folder.path())), SEALED_ALONE, "the database");
    let mut store = reopen(&path);
    store.delete(&at(20), &person(17), None).unwrap();
    assert_eq!(traces.in_bytes(&all_bytes(folder.path())), NOTHING, "at once, the store still open");
    enrol(&mut store, 100);
    store.close().unwrap();
    assert_eq!(traces.in_bytes(&all_bytes(folder.path())), NOTHING);
}

/// The same search, when the row is deleted as databases do it.
#[test]
fn the_search_finds_what_a_plain_deletion_leaves() {
    let (folder, path, mut store) = fresh();
    (0..40).for_each(|i| enrol(&mut store, i));
    let traces = Traces::of(&store, 18);
    store.close().unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "secure_delete", false).unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    db.execute_batch("DELETE FROM record WHERE id = 18; DELETE FROM wrapped_key WHERE slot = 18").unwrap();
    drop(db);
    let bytes = all_bytes(folder.path());
    let found = traces.in_bytes(&bytes);
    assert!(found[0] && found[1], "free space keeps both: {found:?}");
    // And whoever has the master key has the template again.
    let at = |part: &[u8]| (0..bytes.len()).find(|&i| bytes[i..].starts_with(&part[part.len() - 48..])).unwrap();
    let (wrapped, sealed) = (at(&traces.wrapped) + 48, at(&traces.sealed) + 48);
    let wrapped = &bytes[wrapped - traces.wrapped.len()..wrapped];
    let sealed = &bytes[sealed - traces.sealed.len()..sealed];
    let (id, recovered) = store_recover(&path, wrapped, sealed);
    assert_eq!((id, recovered), (person(17), values(17)));
}

/// Opens a record of the gallery at `path` from bytes that were found; it was number 18, enrolled at 10 for an hour.
fn store_recover(path: &Path, wrapped: &[u8], sealed: &[u8]) -> (String, Vec<f32>) {
    let header = super::records::Header {
        record: 18,
        slot: 18,
        kind: ReferenceKind::Passport,
        class: "citizen".into(),
        enrolled: UnixTime(10),
        expires: UnixTime(10).plus_hours(1.0),
    };
    let file = super::file::GalleryFile::open(path).unwrap();
    let identity = super::records::identify(&file, &key(1)).unwrap();
    super::records::recover(&key(1), &identity, &header, wrapped, sealed).unwrap()
}

/// The log alone would keep the old pages, were it not overwritten.
#[test]
fn the_search_finds_what_the_log_would_keep() {
    let (folder, _path, mut store) = fresh();
    (0..40).for_each(|i| enrol(&mut store, i));
    let traces = Traces::of(&store, 18);
    store.erase_without_wiping(18);
    let log = std::fs::read(folder.path().join("g.db-wal")).unwrap();
    let found = traces.in_bytes(&log);
    assert!(found[0] && found[1], "{found:?}");
}

/// Many records come and go, so that SQLite splits and joins pages; of those that went nothing may stay.
#[test]
fn pages_that_are_split_and_joined_keep_no_copies() {
    let (folder, _path, mut store) = fresh();
    let mut living: Vec<(u64, i64)> = Vec::new();
    let mut gone = Vec::new();
    let (mut next, mut draw) = (0u64, Seeded(4242));
    for round in 0..12 {
        let mut new = Vec::new();
        for _ in 0..40 {
            new.push((enrolment(&person(next), ReferenceKind::Passport), template(next)));
            living.push((next, next as i64 + 1));
            next += 1;
        }
        store.enrol(&at(10), &new).unwrap();
        for _ in 0..if round % 3 == 2 { 55 } else { 25 } {
            let mut bytes = [0; 2];
            draw.fill(&mut bytes).unwrap();
            let (i, record) = living.swap_remove(usize::from(u16::from_le_bytes(bytes)) % living.len());
            gone.push(Traces::of(&store, record));
            store.delete(&at(20), &person(i), None).unwrap();
        }
    }
    let bytes = all_bytes(folder.path());
    let seen = gone.iter().filter(|traces| traces.in_bytes(&bytes) != NOTHING).count();
    assert_eq!(seen, 0, "of {} records that went", gone.len());
    let alive = Traces::of(&store, living[0].1);
    store.close().unwrap();
    assert_eq!(alive.in_bytes(&all_bytes(folder.path())), SEALED_ALONE);
    assert_eq!(model().dimension, values(0).len());
    assert!(wrapped_keys(&folder.path().join("g.db")).len() < next as usize, "slots are used again");
}

/// A deletion that was cut off between its commit and the wiping of the log is finished when the gallery is opened.
#[test]
fn opening_finishes_a_deletion_that_was_cut_off() {
    let (folder, _path, mut store) = fresh();
    (0..5).for_each(|i| enrol(&mut store, i));
    let traces = Traces::of(&store, 3);
    store.erase_without_wiping(3);
    let crashed = folder.path().join("crashed");
    std::fs::create_dir(&crashed).unwrap();
    for name in ["g.db", "g.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.join(name)).unwrap();
    }
    assert!(traces.in_bytes(&all_bytes(&crashed))[0], "the log still has the key");
    let store = reopen(&crashed.join("g.db"));
    assert_eq!(traces.in_bytes(&all_bytes(&crashed)), NOTHING);
    assert_eq!(store.len(), 4);
}
