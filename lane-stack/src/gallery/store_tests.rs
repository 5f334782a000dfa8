//! What a gallery on disk promises, short of crashes.
use super::given::{Entropy as _, Seeded};
use super::*;
use crate::embedder::unit;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub(super) const DIMENSION: usize = 64;

pub(super) fn model() -> ModelId {
    ModelId { name: "tester".into(), sha256: "ab".repeat(32), dimension: DIMENSION }
}

pub(super) fn values(seed: u64) -> Vec<f32> {
    let mut bytes = [0; 4 * DIMENSION];
    Seeded(seed * 1000).fill(&mut bytes).unwrap();
    unit(bytes.as_chunks::<4>().0.iter().map(|&b| i32::from_le_bytes(b) as f32).collect()).unwrap()
}

pub(super) fn template(seed: u64) -> Template {
    Template::new(model(), values(seed)).unwrap()
}

pub(super) fn at(us: i64) -> Asked<'static> {
    Asked { by: "tester", at: UnixTime(us) }
}

pub(super) fn key(seed: u64) -> MasterKey {
    MasterKey::generate(&mut Seeded(seed)).unwrap()
}

pub(super) fn enrolment(reference_id: &str, kind: ReferenceKind) -> Enrolment {
    Enrolment { reference_id: reference_id.into(), kind, class: "citizen".into(), encounter: None }
}

fn for_encounter(reference_id: &str, encounter: &str) -> Enrolment {
    Enrolment { encounter: Some(encounter.into()), ..enrolment(reference_id, ReferenceKind::Visa) }
}

pub(super) fn keep(hours: f64) -> Policy {
    let rule = |kind| Retention { kind, class: "*".into(), hours };
    Policy { retain: [ReferenceKind::Passport, ReferenceKind::Encounter].map(rule).to_vec() }
}

pub(super) fn reopen(path: &Path) -> Store {
    Store::open(path, key(1), Box::new(Seeded(77))).unwrap()
}

/// A gallery that keeps passports and encounter photos for an hour.
pub(super) fn fresh() -> (tempfile::TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.db");
    Store::create(&path, &key(1), Box::new(Seeded(5)), &model(), &at(1)).unwrap();
    let mut store = reopen(&path);
    assert_eq!(store.set_policy(&at(2), keep(1.0)).unwrap(), 0);
    (folder, path, store)
}

const HOUR_US: i64 = 3_600_000_000;

#[test]
fn what_was_enrolled_is_there_again_bit_for_bit() {
    let (_folder, path, mut store) = fresh();
    let new: Vec<_> = (0..50).map(|i| (enrolment(&format!("P{i}"), ReferenceKind::Passport), template(i))).collect();
    let kept = store.enrol(&at(10), &new).unwrap();
    assert!(kept.iter().all(|k| *k == Kept::Until(UnixTime(10 + HOUR_US))));
    let (seven, eleven) = (values(7), values(11));
    let before = store.search(&at(11), &[&seven, &eleven]).unwrap();
    store.close().unwrap();
    let mut store = reopen(&path);
    assert_eq!(store.len(), 50);
    assert_eq!(store.search(&at(12), &[&seven, &eleven]).unwrap(), before);
    assert_eq!(before[0][0].candidate.reference_id, "P7");
    // The gallery in memory ranks alike.
    let mut in_memory = Gallery::default();
    (0..50).for_each(|i| in_memory.put(&format!("P{i}"), values(i)));
    for (probe, found) in [seven, eleven].iter().zip(before) {
        let found: Vec<_> = found.into_iter().map(|f| f.candidate).collect();
        assert_eq!(in_memory.search(probe), found);
    }
}

#[test]
fn nothing_outlives_the_decision_but_what_the_policy_names() {
    let (_folder, path, mut store) = fresh();
    let error = store.enrol(&at(3), &[(enrolment("V", ReferenceKind::Visa), template(1))]).unwrap_err();
    assert!(error.to_string().contains("names no retention for visa"), "{error}");
    let kept = store.enrol(&at(4), &[(for_encounter("V", "e1"), template(1)), (for_encounter("W", "e2"), template(2))]);
    assert_eq!(kept.unwrap(), [Kept::UntilDecision; 2]);
    assert_eq!(store.search(&at(5), &[&values(1)]).unwrap()[0][0].record, -1);
    assert_eq!(store.forget(&at(6), "e1").unwrap(), 1);
    assert_eq!(store.forget(&at(6), "e1").unwrap(), 0);
    let found = store.search(&at(7), &[&values(1)]).unwrap();
    assert!(found[0].iter().all(|f| f.candidate.reference_id == "W"));
    store.close().unwrap();
    assert_eq!(reopen(&path).len(), 0, "W was never on the disk");
}

#[test]
fn what_expires_is_found_no_more_and_then_erased() {
    let (_folder, _path, mut store) = fresh();
    store.enrol(&at(0), &[(enrolment("A", ReferenceKind::Passport), template(1))]).unwrap();
    store.enrol(&at(9), &[(enrolment("B", ReferenceKind::Passport), template(2))]).unwrap();
    let names = |store: &mut Store, us| -> Vec<String> {
        let found = store.search(&at(us), &[&values(1)]).unwrap().remove(0);
        found.into_iter().map(|f| f.candidate.reference_id).collect()
    };
    assert_eq!(names(&mut store, HOUR_US - 1), ["A", "B"]);
    assert_eq!(names(&mut store, HOUR_US), ["B"]);
    assert_eq!(store.look_up(&at(HOUR_US), "A"), Err(GalleryError::Unknown("A".into())));
    assert_eq!(store.stats(UnixTime(HOUR_US)).unwrap().expired, 1);
    assert_eq!(store.expire(&at(HOUR_US)).unwrap(), 1);
    assert_eq!(store.len(), 1);
    // A stricter policy shortens lives at once, a looser one prolongs none.
    assert_eq!(store.set_policy(&at(HOUR_US), keep(100.0)).unwrap(), 0);
    assert_eq!(store.expire(&at(HOUR_US + 9)).unwrap(), 1);
    store.enrol(&at(HOUR_US), &[(enrolment("C", ReferenceKind::Passport), template(3))]).unwrap();
    assert_eq!(store.set_policy(&at(HOUR_US + 1), Policy::default()).unwrap(), 1);
    assert!(store.is_empty());
}

#[test]
fn a_person_counts_once_and_is_replaced_by_kind() {
    let (_folder, path, mut store) = fresh();
    let both = [ReferenceKind::Passport, ReferenceKind::Encounter];
    store.enrol(&at(3), &[(enrolment("A", both[0]), template(1)), (enrolment("A", both[1]), template(2))]).unwrap();
    let found = store.search(&at(4), &[&values(2)]).unwrap().remove(0);
    assert_eq!((found.len(), found[0].kind), (1, ReferenceKind::Encounter));
    store.enrol(&at(5), &[(enrolment("A", both[1]), template(3))]).unwrap();
    assert_eq!(store.look_up(&at(6), "A").unwrap().len(), 2);
    let found = store.search(&at(7), &[&values(3)]).unwrap().remove(0);
    assert_eq!((found[0].record, found[0].candidate.similarity), (3, 1.0));
    assert_eq!(store.delete(&at(8), "A", Some(both[0])).unwrap(), 1);
    assert_eq!(store.delete(&at(8), "A", None).unwrap(), 1);
    assert_eq!(store.delete(&at(8), "A", None), Err(GalleryError::Unknown("A".into())));
    let twice = [(enrolment("A", both[0]), template(1)), (enrolment("A", both[0]), template(2))];
    assert!(store.enrol(&at(9), &twice).is_err());
    drop(store);
    assert_eq!(reopen(&path).len(), 0);
}

#[test]
fn another_models_templates_and_broken_ones_are_refused() {
    let (_folder, path, mut store) = fresh();
    let passport = enrolment("A", ReferenceKind::Passport);
    for other in [
        ModelId { name: "other".into(), ..model() },
        ModelId { sha256: "cd".repeat(32), ..model() },
        ModelId { dimension: 1, ..model() },
    ] {
        let values = if other.dimension == 1 { vec![1.0] } else { values(1) };
        let template = Template::new(other, values).unwrap();
        let error = store.enrol(&at(3), &[(passport.clone(), template)]).unwrap_err();
        assert!(error.to_string().contains("made by model") && error.exit_code() == crate::exit::REFUSED, "{error}");
    }
    for broken in [vec![0.0; DIMENSION], vec![f32::NAN; DIMENSION], vec![1.0]] {
        assert!(store.search(&at(4), &[&broken]).is_err());
        let desk = Desk::new(Arc::new(Mutex::new(reopen_elsewhere(&path))), Arc::new(SystemClock), "x");
        let mut desk = desk.enrolling(ReferenceKind::Passport, "citizen", Some("e"));
        assert!(matches!(desk.put("A", broken), Err(GalleryError::Template(_))));
    }
    for (id, class, by) in [("", "citizen", "x"), ("a\nb", "citizen", "x"), ("a", "Citizen", "x"), ("a", "citizen", "")]
    {
        let bad = Enrolment { class: class.into(), ..enrolment(id, ReferenceKind::Passport) };
        let asked = Asked { by, at: UnixTime(1) };
        assert!(matches!(store.enrol(&asked, &[(bad, template(1))]), Err(GalleryError::Refused(_))), "{id}{class}{by}");
    }
    assert!(store.is_empty());
}

/// A gallery of the same model beside the one at `path`.
fn reopen_elsewhere(path: &Path) -> Store {
    let path = path.with_extension("other");
    if !path.exists() {
        Store::create(&path, &key(1), Box::new(Seeded(5)), &model(), &at(1)).unwrap();
    }
    reopen(&path)
}

#[test]
fn everything_that_is_asked_for_is_in_the_log() {
    let (_folder, path, mut store) = fresh();
    store.enrol(&at(3), &[(enrolment("Secret-Person", ReferenceKind::Passport), template(1))]).unwrap();
    store.search(&at(4), &[&values(1), &values(2)]).unwrap();
    store.look_up(&at(5), "Secret-Person").unwrap();
    store.look_up(&at(6), "nobody").unwrap_err();
    store.list(&at(7)).unwrap();
    store.delete(&at(8), "Secret-Person", None).unwrap();
    let entries = store.audit().unwrap();
    let told: Vec<(&str, &[i64])> = entries.iter().map(|e| (e.action.name(), &e.records[..])).collect();
    let expected: [(&str, &[i64]); 8] = [
        ("create", &[]),
        ("set-policy", &[]),
        ("enrol", &[1]),
        ("search", &[1, 1]),
        ("look-up", &[1]),
        ("look-up", &[]),
        ("list", &[]),
        ("delete", &[1]),
    ];
    assert_eq!(told, expected);
    assert!(entries.iter().all(|e| e.by == "tester" && !e.detail.contains("Secret")));
    assert_eq!(entries[7].at, UnixTime(8));
    drop(store);
    assert_eq!(Store::verify(&path, &key(1)).unwrap(), Vec::<String>::new());
}

#[test]
fn a_threshold_is_kept_with_its_evidence_and_tells_when_it_is_outgrown() {
    let (_folder, path, mut store) = fresh();
    let scores = Scores { non_mated: &vec![0.1; 2000], gallery_size: 1, mated: &[0.9], source: "test" };
    let point = OperatingPoint::find(Wanted::Fpir { rate: 0.01, gallery_size: 1 }, &scores).unwrap();
    store.set_threshold(&at(3), point.clone()).unwrap();
    let new = ["A", "B"].map(|id| (enrolment(id, ReferenceKind::Passport), template(u64::from(id.as_bytes()[0]))));
    store.enrol(&at(4), &new).unwrap();
    drop(store);
    let store = reopen(&path);
    assert_eq!(store.threshold(), Some(&point));
    assert_eq!(store.stats(UnixTime(5)).unwrap().threshold, Some((point.clone(), false)));
    let desk = Desk::new(Arc::new(Mutex::new(store)), Arc::new(SystemClock), "lane");
    assert_eq!(desk.operating_point(), Some(point));
    assert_eq!((desk.model(), desk.len()), (Some(model()), 2));
}

/// All files of a folder with their bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn another_master_key_changes_no_byte() {
    let (folder, path, mut store) = fresh();
    store.enrol(&at(3), &[(enrolment("A", ReferenceKind::Passport), template(1))]).unwrap();
    // As after a crash, with a log that still has to be brought in.
    let crashed = folder.path().join("crashed");
    std::fs::create_dir(&crashed).unwrap();
    for name in ["g.db", "g.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.join(name)).unwrap();
    }
    let before = files(&crashed);
    assert!(before[1].1.len() > 4096, "there is a log");
    let Err(error) = Store::open(&crashed.join("g.db"), key(2), Box::new(Seeded(1))) else { panic!("another key") };
    assert_eq!(error.exit_code(), crate::exit::KEY);
    assert!(error.to_string().contains("fingerprint"), "{error}");
    assert!(Store::verify(&crashed.join("g.db"), &key(2)).is_err());
    assert_eq!(files(&crashed), before);
    assert_eq!(reopen(&crashed.join("g.db")).len(), 1);
    drop(store);
    assert_eq!(reopen(&path).len(), 1);
}

#[test]
fn a_new_master_key_takes_the_place_of_the_old_one() {
    let (folder, path, mut store) = fresh();
    let new: Vec<_> = (0..20).map(|i| (enrolment(&format!("P{i}"), ReferenceKind::Passport), template(i))).collect();
    store.enrol(&at(3), &new).unwrap();
    store.close().unwrap();
    let wrapped = wrapped_keys(&path);
    let mut store = reopen(&path);
    assert_eq!(store.rotate_key(&at(4), key(2)).unwrap(), 20);
    store.enrol(&at(5), &[(enrolment("last", ReferenceKind::Passport), template(99))]).unwrap();
    store.close().unwrap();
    assert!(Store::open(&path, key(1), Box::new(Seeded(1))).is_err());
    let bytes: Vec<u8> = files(folder.path()).into_iter().flat_map(|(_, bytes)| bytes).collect();
    for key in &wrapped {
        assert!(!super::erasure_tests::holds(&bytes, key), "a key wrapped under the old master key is still there");
    }
    let mut store = Store::open(&path, key(2), Box::new(Seeded(1))).unwrap();
    assert_eq!((store.len(), store.audit().unwrap().len()), (21, 5));
    assert_eq!(store.search(&at(6), &[&values(7)]).unwrap()[0][0].candidate.reference_id, "P7");
}

pub(super) fn wrapped_keys(path: &Path) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(path).unwrap();
    let mut all = db.prepare("SELECT wrapped FROM wrapped_key ORDER BY slot").unwrap();
    all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let (_folder, path, mut store) = fresh();
    store.limit_pages(40);
    let mut acknowledged = 0;
    let error = loop {
        let new = (enrolment(&format!("P{acknowledged}"), ReferenceKind::Passport), template(acknowledged));
        match store.enrol(&at(10), &[new]) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 1000, "the disk is never full");
    };
    assert_eq!(error.exit_code(), crate::exit::DISK, "{error}");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(store.len() as u64, acknowledged);
    assert!(acknowledged > 10);
    // It still answers as far as its log may grow, and deletes: that makes room.
    store.limit_pages(60);
    store.delete(&at(11), "P0", None).unwrap();
    drop(store);
    let mut store = reopen(&path);
    assert_eq!(store.len() as u64, acknowledged - 1);
    assert_eq!(store.search(&at(12), &[&values(3)]).unwrap()[0][0].candidate.similarity, 1.0);
    assert_eq!(Store::verify(&path, &key(1)), Err(GalleryError::Busy { path: path.canonicalize().unwrap() }));
}

#[test]
fn a_damaged_record_is_told_and_never_used() {
    for (change, told) in [
        ("UPDATE record SET sealed = zeroblob(length(sealed)) WHERE id = 2", "record 2 was changed"),
        ("UPDATE record SET kind = 'visa' WHERE id = 2", "key of record 2"),
        ("UPDATE record SET kind = 'painting' WHERE id = 2", "no known kind"),
        ("UPDATE record SET expires_us = expires_us + 1 WHERE id = 1", "key of record 1"),
        ("UPDATE record SET class = 'crew' WHERE id = 3", "key of record 3"),
        ("UPDATE record SET slot = 1 WHERE id = 2", "slot 1 is used twice"),
        ("UPDATE record SET sealed = (SELECT sealed FROM record WHERE id = 1) WHERE id = 2", "record 2 was changed"),
        ("UPDATE record SET id = 9 WHERE id = 2", "key of record 9"),
        ("DELETE FROM record WHERE id = 3", "record of key slot 3 is gone"),
        ("UPDATE wrapped_key SET wrapped = zeroblob(72) WHERE slot = 2", "key of record 2"),
        ("UPDATE wrapped_key SET wrapped = (SELECT wrapped FROM wrapped_key WHERE slot = 1)", "key of record 2"),
        ("UPDATE setting SET value = '{\"retain\":[]}'", "policy was changed"),
        ("UPDATE model SET name = 'other'", "key of record 1"),
        ("UPDATE gallery SET id = zeroblob(16)", "key of its audit log"),
        ("DELETE FROM model", "damaged"),
        ("DROP TABLE wrapped_key", "damaged"),
        ("PRAGMA user_version = 2", "version 2"),
        ("PRAGMA application_id = 7", "no gallery"),
    ] {
        let (_folder, path, mut store) = fresh();
        let new: Vec<_> = (0..3).map(|i| (enrolment(&format!("P{i}"), ReferenceKind::Passport), template(i))).collect();
        store.enrol(&at(3), &new).unwrap();
        store.close().unwrap();
        let db = rusqlite::Connection::open(&path).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        db.execute_batch(change).unwrap();
        drop(db);
        let findings = match Store::verify(&path, &key(1)) {
            Ok(findings) => findings.join("; "),
            Err(error) => error.to_string(),
        };
        assert!(findings.contains(told), "{change}: {findings}");
        let Err(error) = Store::open(&path, key(1), Box::new(Seeded(1))) else { panic!("{change}: opened") };
        assert_eq!(error.exit_code(), crate::exit::GALLERY, "{change}: {error}");
        assert!(error.to_string().contains(told), "{change}: {error}");
    }
}

/// Bytes flipped that hold something, and the file cut there: an error or the whole truth, never a panic nor another answer.
#[test]
fn damage_anywhere_is_an_error_or_harmless() {
    let (folder, path, mut store) = fresh();
    let new: Vec<_> = (0..12).map(|i| (enrolment(&format!("P{i}"), ReferenceKind::Passport), template(i))).collect();
    store.enrol(&at(3), &new).unwrap();
    store.close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let copy = folder.path().join("copy.db");
    let probe = values(7);
    let used: Vec<usize> = (0..whole.len()).filter(|&place| whole[place] != 0).collect();
    let (mut errors, mut tries) = (0, 0);
    let mut places = [0u8; 2 * 250];
    Seeded(3).fill(&mut places).unwrap();
    let drawn = places.as_chunks::<2>().0.iter().map(|&p| used[usize::from(u16::from_le_bytes(p)) % used.len()]);
    for place in (0..100).chain(drawn) {
        tries += 1;
        let mut damaged = whole.clone();
        damaged[place] ^= 0x5a;
        std::fs::write(&copy, &damaged).unwrap();
        match Store::open(&copy, key(1), Box::new(Seeded(1))) {
            Err(_) => errors += 1,
            Ok(mut store) => {
                if let Ok(found) = store.search(&at(4), &[&probe]) {
                    assert_eq!(found[0][0].candidate.reference_id, "P7", "byte {place}");
                }
            }
        }
        std::fs::write(&copy, &whole[..place]).unwrap();
        assert!(Store::open(&copy, key(1), Box::new(Seeded(1))).is_err(), "cut at {place}");
    }
    // The others are in the log, which `verify` reads, or change nothing, as a counter of changes does.
    assert!(2 * errors > tries, "{errors} of {tries}");
}

#[test]
fn one_process_at_a_time_and_nothing_is_written_over() {
    let (folder, path, store) = fresh();
    let Err(error) = Store::open(&path, key(1), Box::new(Seeded(1))) else { panic!("open twice") };
    assert_eq!(error.exit_code(), crate::exit::BUSY);
    assert!(error.to_string().contains("another process"), "{error}");
    let error = Store::create(&path, &key(1), Box::new(Seeded(1)), &model(), &at(1)).unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    drop(store);
    let names: Vec<_> = files(folder.path()).into_iter().map(|(p, _)| p.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["g.db"], "no log and no partial file stays");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
