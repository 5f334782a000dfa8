//! The audit log: who asked for what, when, and which records it touched. Entries can only be added; each is
//! authenticated together with the one before it, under a key that is itself wrapped under the master key, so that a
//! change, a gap or an exchange anywhere but at the end is seen. Entries cut off the end are seen by whoever noted the
//! head ([`Entry::mac`] of the last one) elsewhere. No entry holds a template, nor a person's reference id: records are
//! told by their numbers, which mean nothing once the record is gone.
use super::given::UnixTime;
use super::seal::{SecretKey, mac};
use rusqlite::{Connection, params};
use std::fmt;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The gallery was made.
    Create,
    /// References were enrolled.
    Enrol,
    /// Templates were looked for.
    Search,
    /// A reference was looked up by its id.
    LookUp,
    /// All references were listed.
    List,
    /// References were deleted.
    Delete,
    /// References held for a decision were dropped after it.
    Forget,
    /// References past their time were deleted.
    Expire,
    /// The master key was replaced.
    RotateKey,
    /// The policy was replaced.
    SetPolicy,
    /// The threshold was replaced.
    SetThreshold,
}

impl Action {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Create, "create"),
        (Self::Enrol, "enrol"),
        (Self::Search, "search"),
        (Self::LookUp, "look-up"),
        (Self::List, "list"),
        (Self::Delete, "delete"),
        (Self::Forget, "forget"),
        (Self::Expire, "expire"),
        (Self::RotateKey, "rotate-key"),
        (Self::SetPolicy, "set-policy"),
        (Self::SetThreshold, "set-threshold"),
    ];

    /// Its name in the log.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(action, _)| *action == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(action, _)| *action)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    /// Operator, service or lane.
    pub by: &'a str,
    /// Time.
    pub at: UnixTime,
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Place in the log, from 1.
    pub sequence: i64,
    /// Time, as the asker's clock told it.
    pub at: UnixTime,
    /// Who asked.
    pub by: String,
    /// What for.
    pub action: Action,
    /// Records it touched or gave away; those below zero were held for a decision only.
    pub records: Vec<i64>,
    /// More, for people.
    pub detail: String,
    /// Authenticates this entry and all before it.
    pub mac: [u8; 32],
}

impl Entry {
    fn expected_mac(&self, key: &SecretKey, before: &[u8; 32], records: &str) -> [u8; 32] {
        let Self { sequence, at, by, action, detail, .. } = self;
        let (sequence, at) = (sequence.to_be_bytes(), at.0.to_be_bytes());
        let parts: [&[u8]; 8] = [
            b"lane-stack gallery: audit",
            before,
            &sequence,
            &at,
            by.as_bytes(),
            action.name().as_bytes(),
            records.as_bytes(),
            detail.as_bytes(),
        ];
        mac(key, &parts)
    }
}

/// The tables and what keeps them from being changed by mistake.
pub(super) const SCHEMA: &str = "
    CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        by TEXT NOT NULL,
        action TEXT NOT NULL,
        records TEXT NOT NULL,
        detail TEXT NOT NULL,
        mac BLOB NOT NULL
    );
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
    CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
";

/// Where a log stands: what the next entry follows on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Head {
    sequence: i64,
    mac: [u8; 32],
}

impl Head {
    /// Reads where the log stands.
    pub fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut last = db.prepare("SELECT sequence, mac FROM audit ORDER BY sequence DESC LIMIT 1")?;
        let mut rows = last.query([])?;
        rows.next()?.map_or(Ok(Self::default()), |row| Ok(Self { sequence: row.get(0)?, mac: row.get(1)? }))
    }

    /// Adds an entry within the transaction under way; the head after it counts once that is committed.
    pub fn append(
        &self,
        db: &Connection,
        key: &SecretKey,
        asked: &Asked<'_>,
        action: Action,
        records: &[i64],
        detail: String,
    ) -> rusqlite::Result<Self> {
        let records_text = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let mut entry = Entry {
            sequence: self.sequence + 1,
            at: asked.at,
            by: asked.by.to_string(),
            action,
            records: Vec::new(),
            detail,
            mac: [0; 32],
        };
        entry.mac = entry.expected_mac(key, &self.mac, &records_text);
        db.prepare_cached("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)")?.execute(params![
            entry.sequence,
            entry.at.0,
            entry.by,
            action.name(),
            records_text,
            entry.detail,
            entry.mac
        ])?;
        Ok(Self { sequence: entry.sequence, mac: entry.mac })
    }
}

/// Visits the log from its beginning and checks its chain. The inner error says in words where it breaks.
pub(super) fn walk(
    db: &Connection,
    key: &SecretKey,
    mut visit: impl FnMut(Entry),
) -> rusqlite::Result<Result<(), String>> {
    let mut all =
        db.prepare("SELECT sequence, at_us, by, action, records, detail, mac FROM audit ORDER BY sequence")?;
    let mut rows = all.query([])?;
    let mut head = Head::default();
    while let Some(row) = rows.next()? {
        let sequence: i64 = row.get(0)?;
        if sequence != head.sequence + 1 {
            return Ok(Err(format!("the audit log goes from entry {} to {sequence}", head.sequence)));
        }
        let (action, records_text): (String, String) = (row.get(3)?, row.get(4)?);
        let changed = || format!("entry {sequence} of the audit log was changed");
        let Some(action) = Action::named(&action) else { return Ok(Err(changed())) };
        let entry = Entry {
            sequence,
            at: UnixTime(row.get(1)?),
            by: row.get(2)?,
            action,
            records: records_text.split(',').filter_map(|r| r.parse().ok()).collect(),
            detail: row.get(5)?,
            mac: row.get(6)?,
        };
        if entry.mac != entry.expected_mac(key, &head.mac, &records_text) {
            return Ok(Err(changed()));
        }
        head = Head { sequence, mac: entry.mac };
        visit(entry);
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (Connection, SecretKey) {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let key = SecretKey::default();
        let mut head = Head::read(&db).unwrap();
        for i in 1..=4 {
            let asked = Asked { by: "lane 3", at: UnixTime(i) };
            head = head.append(&db, &key, &asked, Action::Search, &[i, -i], format!("probe {i}")).unwrap();
        }
        assert_eq!(Head::read(&db).unwrap(), head);
        (db, key)
    }

    #[test]
    fn the_log_reads_as_it_was_written() {
        let (db, key) = log();
        let mut entries = Vec::new();
        assert_eq!(walk(&db, &key, |e| entries.push(e)).unwrap(), Ok(()));
        assert_eq!(entries.len(), 4);
        assert_eq!((entries[2].at, &entries[2].records[..]), (UnixTime(3), &[3, -3][..]));
    }

    #[test]
    fn entries_can_only_be_added() {
        let (db, _) = log();
        for change in ["DELETE FROM audit", "UPDATE audit SET by = 'nobody'"] {
            assert!(db.execute(change, []).unwrap_err().to_string().contains("append-only"));
        }
    }

    #[test]
    fn changes_behind_its_back_are_seen() {
        for (change, told) in [
            ("UPDATE audit SET by = 'nobody' WHERE sequence = 2", "entry 2"),
            ("UPDATE audit SET at_us = 9 WHERE sequence = 1", "entry 1"),
            ("UPDATE audit SET records = '' WHERE sequence = 4", "entry 4"),
            ("UPDATE audit SET action = 'list' WHERE sequence = 3", "entry 3"),
            ("DELETE FROM audit WHERE sequence = 2", "from entry 1 to 3"),
            ("DELETE FROM audit WHERE sequence = 1", "from entry 0 to 2"),
        ] {
            let (db, key) = log();
            db.execute_batch("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_cut").unwrap();
            db.execute(change, []).unwrap();
            let error = walk(&db, &key, |_| ()).unwrap().unwrap_err();
            assert!(error.contains(told), "{change}: {error}");
        }
    }

    #[test]
    fn another_key_does_not_make_entries() {
        let (db, mut key) = log();
        key[0] = 1;
        assert!(walk(&db, &key, |_| ()).unwrap().is_err());
    }
}
