//! Records in the database: how each is sealed, written, read and erased.
use super::file::GalleryFile;
use super::given::{Entropy, UnixTime, random};
use super::reference::{ModelId, ReferenceKind, check_values};
use super::seal::{MasterKey, SecretKey, WRAPPED_BYTES, mac, open, seal};
use super::{GalleryError, audit};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What never changes in a gallery, and the key of its log.
pub(super) struct Identity {
    pub id: [u8; 16],
    pub model: ModelId,
    pub audit_key: SecretKey,
}

/// A record as its row tells it, without what is sealed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub record: i64,
    pub slot: i64,
    pub kind: ReferenceKind,
    pub class: String,
    pub enrolled: UnixTime,
    pub expires: UnixTime,
}

impl Header {
    /// What a record's key and its contents are bound to: moved to another record, gallery or model, or given another kind
    /// or date, they cannot be opened.
    fn binding(&self, purpose: &str, identity: &Identity) -> Vec<u8> {
        let ModelId { name, sha256, dimension } = &identity.model;
        let numbers = [self.record, *dimension as i64, self.enrolled.0, self.expires.0].map(i64::to_be_bytes);
        let texts = [purpose, name, sha256, self.kind.name(), &self.class];
        let mut binding = b"lane-stack gallery 1".to_vec();
        binding.extend(identity.id);
        binding.extend(numbers.as_flattened());
        for text in texts {
            binding.extend((text.len() as u32).to_be_bytes());
            binding.extend(text.as_bytes());
        }
        binding
    }
}

/// What a record holds sealed.
pub(super) struct Contained {
    pub reference_id: String,
    pub values: Zeroizing<Vec<f32>>,
}

impl Contained {
    fn to_bytes(reference_id: &str, values: &[f32]) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 + reference_id.len() + 4 * values.len()));
        // Ids are at most 200 bytes.
        bytes.extend((reference_id.len() as u16).to_be_bytes());
        bytes.extend(reference_id.as_bytes());
        values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (reference_id, values) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (fours, []) = values.as_chunks::<4>() else { return None };
        let values = Zeroizing::new(fours.iter().map(|&four| f32::from_le_bytes(four)).collect());
        Some(Self { reference_id: String::from_utf8(reference_id.to_vec()).ok()?, values })
    }
}

/// The gallery's own row, setting and model at its making.
pub(super) fn found(
    file: &GalleryFile,
    master: &MasterKey,
    entropy: &mut dyn Entropy,
    model: &ModelId,
    created: UnixTime,
) -> Result<Identity, GalleryError> {
    let id: [u8; 16] = random(entropy)?;
    let (audit_key, wrapped) = master.new_key(entropy, &audit_binding(&id))?;
    let write = || -> rusqlite::Result<()> {
        let gallery = params![id, master.fingerprint(), wrapped, created.0];
        file.db.execute("INSERT INTO gallery VALUES (1, ?, ?, ?, ?)", gallery)?;
        let row = params![model.name, model.sha256, model.dimension as i64];
        file.db.execute("INSERT INTO model VALUES (1, ?, ?, ?)", row)?;
        Ok(())
    };
    write().map_err(|e| file.fail(&e))?;
    Ok(Identity { id, model: model.clone(), audit_key })
}

fn audit_binding(id: &[u8; 16]) -> Vec<u8> {
    [b"lane-stack gallery 1: audit key", &id[..]].concat()
}

/// Reads who a gallery is; refuses another master key than the one it is sealed under.
pub(super) fn identify(file: &GalleryFile, master: &MasterKey) -> Result<Identity, GalleryError> {
    let row = file.db.query_row("SELECT id, master_fingerprint, wrapped_audit_key FROM gallery", [], |row| {
        Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 8]>(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    let (id, fingerprint, wrapped) = row.map_err(|e| file.fail(&e))?;
    if fingerprint != master.fingerprint() {
        use super::seal::hex;
        let (sealed, given) = (hex(&fingerprint), hex(&master.fingerprint()));
        let reason =
            format!("{} is sealed under the one with fingerprint {sealed}, given was {given}", file.path.display());
        return Err(GalleryError::Key(reason));
    }
    let damaged = |reason: &str| GalleryError::damaged(&file.path, reason);
    let audit_key = master.unwrap(&audit_binding(&id), &wrapped);
    let audit_key = audit_key.ok_or_else(|| damaged("the key of its audit log was changed; restore it from a copy"))?;
    let model = file.db.query_row("SELECT name, sha256, dimension FROM model WHERE id = 1", [], |row| {
        Ok(ModelId { name: row.get(0)?, sha256: row.get(1)?, dimension: row.get::<_, u32>(2)? as usize })
    });
    let model = model.map_err(|e| file.fail(&e))?;
    model.check().map_err(|_| damaged("its model was changed; restore it from a copy"))?;
    Ok(Identity { id, model, audit_key })
}

/// Writes a setting, authenticated.
pub(super) fn set(db: &Connection, identity: &Identity, name: &str, value: &str) -> rusqlite::Result<()> {
    let tag = setting_mac(identity, name, value);
    db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", params![name, value, tag])?;
    Ok(())
}

/// Reads a setting; `None` when it was never set.
pub(super) fn get(file: &GalleryFile, identity: &Identity, name: &str) -> Result<Option<String>, GalleryError> {
    let row = file.db.query_row("SELECT value, mac FROM setting WHERE name = ?", [name], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, [u8; 32]>(1)?))
    });
    match row.optional().map_err(|e| file.fail(&e))? {
        None => Ok(None),
        Some((value, tag)) if tag == setting_mac(identity, name, &value) => Ok(Some(value)),
        Some(_) => {
            let reason = format!("its {name} was changed by another hand; restore it from a copy");
            Err(GalleryError::damaged(&file.path, reason))
        }
    }
}

fn setting_mac(identity: &Identity, name: &str, value: &str) -> [u8; 32] {
    let parts = [b"lane-stack gallery: setting", &identity.id[..], name.as_bytes(), value.as_bytes()];
    mac(&identity.audit_key, &parts)
}

/// Writes a record, with a key of its own in its slot.
pub(super) fn insert(
    file: &GalleryFile,
    master: &MasterKey,
    entropy: &mut dyn Entropy,
    identity: &Identity,
    header: &Header,
    (reference_id, values): (&str, &[f32]),
) -> Result<(), GalleryError> {
    let (key, wrapped) = master.new_key(entropy, &header.binding("key", identity))?;
    let plain = Contained::to_bytes(reference_id, values);
    let sealed = seal(&key, random(entropy)?, &header.binding("contents", identity), &plain)?;
    let write = || -> rusqlite::Result<()> {
        put_key(&file.db, header.slot, &wrapped)?;
        let Header { record, slot, kind, class, enrolled, expires } = header;
        let row = params![record, kind.name(), class, enrolled.0, expires.0, slot, sealed];
        file.db.prepare_cached("INSERT INTO record VALUES (?, 1, ?, ?, ?, ?, ?, ?)")?.execute(row)?;
        Ok(())
    };
    write().map_err(|e| file.fail(&e))
}

/// Overwrites a slot where it lies, or adds it at the end.
fn put_key(db: &Connection, slot: i64, wrapped: &[u8]) -> rusqlite::Result<()> {
    let changed =
        db.prepare_cached("UPDATE wrapped_key SET wrapped = ? WHERE slot = ?")?.execute(params![wrapped, slot])?;
    if changed == 0 {
        db.prepare_cached("INSERT INTO wrapped_key VALUES (?, ?)")?.execute(params![slot, wrapped])?;
    }
    Ok(())
}

/// Erases a record: its key is overwritten, its row goes. The log still remembers it until it is wiped.
pub(super) fn erase(db: &Connection, record: i64, slot: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM record WHERE id = ?")?.execute([record])?;
    put_key(db, slot, &[0; WRAPPED_BYTES])
}

/// Wraps every key under another master key.
pub(super) fn rewrap(
    file: &GalleryFile,
    [old, new]: [&MasterKey; 2],
    entropy: &mut dyn Entropy,
    identity: &Identity,
) -> Result<u64, GalleryError> {
    let fail = |e: rusqlite::Error| file.fail(&e);
    let wrapped = new.wrap(entropy, &audit_binding(&identity.id), &identity.audit_key)?;
    let row = params![new.fingerprint(), wrapped];
    file.db.execute("UPDATE gallery SET master_fingerprint = ?, wrapped_audit_key = ?", row).map_err(fail)?;
    let mut count = 0;
    let mut all = file.db.prepare(ALL_RECORDS).map_err(fail)?;
    let mut rows = all.query([]).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let raw = Raw::read(row).map_err(fail)?;
        let lost = |reason| GalleryError::damaged(&file.path, reason);
        let header = raw.header().map_err(lost)?;
        let binding = header.binding("key", identity);
        let key = raw.wrapped.and_then(|w| old.unwrap(&binding, &w));
        let key = key.ok_or_else(|| lost(format!("the key of record {} was changed", header.record)))?;
        put_key(&file.db, header.slot, &new.wrap(entropy, &binding, &key)?).map_err(fail)?;
        count += 1;
    }
    Ok(count)
}

const ALL_RECORDS: &str = "
    SELECT r.id, r.slot, r.kind, r.class, r.enrolled_us, r.expires_us, r.sealed, k.wrapped
    FROM record r LEFT JOIN wrapped_key k ON k.slot = r.slot ORDER BY r.id";

/// A record as it is read.
struct Raw {
    record: i64,
    slot: i64,
    kind: String,
    class: String,
    enrolled_us: i64,
    expires_us: i64,
    sealed: Vec<u8>,
    wrapped: Option<Vec<u8>>,
}

impl Raw {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            record: row.get(0)?,
            slot: row.get(1)?,
            kind: row.get(2)?,
            class: row.get(3)?,
            enrolled_us: row.get(4)?,
            expires_us: row.get(5)?,
            sealed: row.get(6)?,
            wrapped: row.get(7)?,
        })
    }

    fn header(&self) -> Result<Header, String> {
        let Self { record, slot, kind, class, enrolled_us, expires_us, .. } = self;
        let kind = ReferenceKind::named(kind).ok_or_else(|| format!("record {record} is of no known kind: changed"))?;
        let (enrolled, expires) = (UnixTime(*enrolled_us), UnixTime(*expires_us));
        Ok(Header { record: *record, slot: *slot, kind, class: class.clone(), enrolled, expires })
    }

    fn open(&self, master: &MasterKey, identity: &Identity) -> Result<(Header, Contained), String> {
        let header = self.header()?;
        let record = self.record;
        let key = self.wrapped.as_ref().and_then(|w| master.unwrap(&header.binding("key", identity), w));
        let key = key.ok_or_else(|| format!("the key of record {record} is gone or was changed"))?;
        let plain = open(&key, &header.binding("contents", identity), &self.sealed);
        let contained = plain.and_then(|p| Contained::from_bytes(&p));
        let contained = contained.ok_or_else(|| format!("record {record} was changed"))?;
        match check_values(&contained.values, identity.model.dimension) {
            Ok(()) => Ok((header, contained)),
            Err(e) => Err(format!("record {record}: {e}")),
        }
    }
}

/// What the database says beside the records.
#[derive(Debug, Default)]
pub(super) struct Spare {
    /// Slots that hold no key.
    pub free_slots: BTreeSet<i64>,
    /// Number of the next record.
    pub next_record: i64,
    /// Number of the next new slot.
    pub next_slot: i64,
}

/// Visits every record in the order of enrolment; what is wrong goes to `wrong`, in words, and is passed over.
pub(super) fn load(
    file: &GalleryFile,
    master: &MasterKey,
    identity: &Identity,
    mut visit: impl FnMut(Header, Contained) -> Result<(), String>,
    mut wrong: impl FnMut(String) -> Result<(), GalleryError>,
) -> Result<Spare, GalleryError> {
    let fail = |e: rusqlite::Error| file.fail(&e);
    let mut used = BTreeSet::new();
    let mut all = file.db.prepare(ALL_RECORDS).map_err(fail)?;
    let mut rows = all.query([]).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let raw = Raw::read(row).map_err(fail)?;
        let fresh = used.insert(raw.slot);
        let opened = if fresh { raw.open(master, identity) } else { Err(format!("slot {} is used twice", raw.slot)) };
        if let Err(reason) = opened.and_then(|(header, contained)| visit(header, contained)) {
            wrong(reason)?;
        }
    }
    let mut spare = Spare { next_slot: 1, ..Spare::default() };
    let mut slots = file.db.prepare("SELECT slot, wrapped = zeroblob(72) FROM wrapped_key").map_err(fail)?;
    let mut rows = slots.query([]).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let (slot, empty): (i64, bool) = (row.get(0).map_err(fail)?, row.get(1).map_err(fail)?);
        if empty {
            spare.free_slots.insert(slot);
        } else if !used.contains(&slot) {
            wrong(format!("the record of key slot {slot} is gone"))?;
        }
        spare.next_slot = spare.next_slot.max(slot + 1);
    }
    let last = "SELECT seq FROM sqlite_sequence WHERE name = 'record'";
    let last: Option<i64> = file.db.query_row(last, [], |row| row.get(0)).optional().map_err(fail)?;
    spare.next_record = last.unwrap_or(0) + 1;
    Ok(spare)
}

/// Adds to the log and tells where it stands then.
pub(super) fn log(
    file: &GalleryFile,
    identity: &Identity,
    head: &audit::Head,
    asked: &audit::Asked<'_>,
    action: audit::Action,
    records: &[i64],
    detail: String,
) -> Result<audit::Head, GalleryError> {
    let appended = head.append(&file.db, &identity.audit_key, asked, action, records, detail);
    appended.map_err(|e| file.fail(&e))
}

/// Wrapped key, sealed contents and key of a record.
#[cfg(test)]
pub(super) fn traces(
    file: &GalleryFile,
    master: &MasterKey,
    identity: &Identity,
    record: i64,
) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut all = file.db.prepare(ALL_RECORDS).unwrap();
    let raw = all.query_map([], Raw::read).unwrap().map(Result::unwrap).find(|raw| raw.record == record).unwrap();
    let (binding, wrapped) = (raw.header().unwrap().binding("key", identity), raw.wrapped.unwrap());
    let key = master.unwrap(&binding, &wrapped).unwrap().to_vec();
    (wrapped, raw.sealed, key)
}

/// Opens a record from a wrapped key and sealed contents that were found somewhere.
#[cfg(test)]
pub(super) fn recover(
    master: &MasterKey,
    identity: &Identity,
    header: &Header,
    wrapped: &[u8],
    sealed: &[u8],
) -> Option<(String, Vec<f32>)> {
    let key = master.unwrap(&header.binding("key", identity), wrapped)?;
    let contained = Contained::from_bytes(&open(&key, &header.binding("contents", identity), sealed)?)?;
    Some((contained.reference_id, contained.values.to_vec()))
}
