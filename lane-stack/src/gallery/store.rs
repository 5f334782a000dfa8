//! A gallery on disk.
use super::GalleryError;
use super::audit::{self, Action, Asked, Entry};
use super::contents::{Contents, Found, Row};
use super::file::GalleryFile;
use super::given::{Entropy, UnixTime};
use super::policy::Policy;
use super::records::{self, Header, Identity, Spare};
use super::reference::{Enrolment, Kept, ModelId, Reference, ReferenceKind, Template, check_name, check_values};
use super::seal::{MasterKey, hex};
use super::threshold::OperatingPoint;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const POLICY: &str = "policy";
const THRESHOLD: &str = "threshold";
/// Longest name of who asks, bytes.
const LONGEST_ASKER: usize = 100;

/// An open gallery. What it returns from is on the disk; what fails has not happened.
pub struct Store {
    file: GalleryFile,
    master: MasterKey,
    entropy: Box<dyn Entropy>,
    identity: Identity,
    policy: Policy,
    threshold: Option<OperatingPoint>,
    head: audit::Head,
    contents: Contents,
    spare: Spare,
    last_transient: i64,
    threads: usize,
}

/// What a gallery holds, in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The model of its templates.
    pub model: ModelId,
    /// Fingerprint of the master key it is sealed under, hexadecimal.
    pub master_key: String,
    /// References by kind and class: on disk, and held for a decision only.
    pub references: BTreeMap<(ReferenceKind, String), [usize; 2]>,
    /// Those whose time is over and that wait for [`Store::expire`].
    pub expired: usize,
    /// The threshold, and whether its claim holds for so many references.
    pub threshold: Option<(OperatingPoint, bool)>,
    /// Size of the database file, bytes.
    pub file_bytes: u64,
}

impl Store {
    /// Makes an empty gallery for the templates of `model`. It keeps nothing until a policy says so.
    pub fn create(
        path: &Path,
        master: &MasterKey,
        mut entropy: Box<dyn Entropy>,
        model: &ModelId,
        asked: &Asked<'_>,
    ) -> Result<(), GalleryError> {
        check_name("asker", asked.by, LONGEST_ASKER)?;
        model.check()?;
        let mut unique = [0; 8];
        entropy.fill(&mut unique)?;
        GalleryFile::create(path, &hex(&unique), |file| {
            let identity = records::found(file, master, &mut *entropy, model, asked.at)?;
            let head = audit::Head::default();
            records::log(file, &identity, &head, asked, Action::Create, &[], model.to_string()).map(|_| ())
        })
    }

    /// Opens a gallery, reads all of it into memory and checks every record. Nothing is written with another key than its
    /// own. What a process that was killed left half done is brought to its end.
    pub fn open(path: &Path, master: MasterKey, entropy: Box<dyn Entropy>) -> Result<Self, GalleryError> {
        let file = GalleryFile::open(path)?;
        let identity = records::identify(&file, &master)?;
        let json = |name: &str, e: serde_json::Error| GalleryError::damaged(path, format!("its {name}: {e}"));
        let policy = records::get(&file, &identity, POLICY)?.map(|text| serde_json::from_str(&text));
        let policy = policy.transpose().map_err(|e| json(POLICY, e))?.unwrap_or_default();
        let threshold = records::get(&file, &identity, THRESHOLD)?.map(|text| serde_json::from_str(&text));
        let threshold = threshold.transpose().map_err(|e| json(THRESHOLD, e))?;
        let mut contents = Contents::new(identity.model.dimension);
        let take = |header: Header, contained: records::Contained| take(&mut contents, header, contained);
        let spare = records::load(&file, &master, &identity, take, |reason| {
            let reason =
                format!("{reason}; `lane-stack gallery verify` shows all that is wrong; restore it from a copy");
            Err(GalleryError::damaged(path, reason))
        })?;
        let head = audit::Head::read(&file.db).map_err(|e| file.fail(&e))?;
        file.wipe_log()?;
        file.check_length()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            file,
            master,
            entropy,
            identity,
            policy,
            threshold,
            head,
            contents,
            spare,
            last_transient: 0,
            threads,
        })
    }

    /// Everything that is wrong with a gallery, in words; nothing is written.
    pub fn verify(path: &Path, master: &MasterKey) -> Result<Vec<String>, GalleryError> {
        let file = GalleryFile::open(path)?;
        let identity = records::identify(&file, master)?;
        let mut findings = file.integrity()?;
        for name in [POLICY, THRESHOLD] {
            if let Err(e) = records::get(&file, &identity, name) {
                findings.push(e.to_string());
            }
        }
        let mut contents = Contents::new(identity.model.dimension);
        let take = |header: Header, contained: records::Contained| take(&mut contents, header, contained);
        let mut wrong = Vec::new();
        records::load(&file, master, &identity, take, |reason| {
            wrong.push(reason);
            Ok(())
        })?;
        findings.extend(wrong);
        let chain = audit::walk(&file.db, &identity.audit_key, |_| ()).map_err(|e| file.fail(&e))?;
        findings.extend(chain.err());
        Ok(findings)
    }

    /// Checks structure and audit log, which [`Self::open`] does not read; what is wrong is an error. It takes a second or so
    /// for a million entries.
    pub fn check(&self) -> Result<(), GalleryError> {
        let mut findings = self.file.integrity()?;
        let chain = audit::walk(&self.file.db, &self.identity.audit_key, |_| ()).map_err(|e| self.file.fail(&e))?;
        findings.extend(chain.err());
        let Some(first) = findings.first() else { return Ok(()) };
        let reason = format!(
            "{first}{}; `lane-stack gallery verify` shows all that is wrong; restore it from a copy",
            if findings.len() > 1 { format!(" and {} more", findings.len() - 1) } else { String::new() }
        );
        Err(GalleryError::damaged(&self.file.path, reason))
    }

    /// Keeps so many bytes of the disk for the time when it is full: then searches, deletions and what is held for an
    /// encounter go on, as they add to the log alone (about 90 bytes each), while what would be kept is refused until there
    /// is room again. Asked again, it renews what was used up. The reserve has no name and goes with the process.
    pub fn keep_reserve(&mut self, bytes: usize) -> Result<(), GalleryError> {
        self.file.keep_reserve(bytes, &mut *self.entropy)
    }

    /// Closes it and tells whether that went well; dropping it does the same and cannot tell.
    pub fn close(self) -> Result<(), GalleryError> {
        self.file.close()
    }

    /// The model of its templates.
    pub fn model(&self) -> &ModelId {
        &self.identity.model
    }

    /// Number of references, with those held for a decision only.
    pub fn len(&self) -> usize {
        self.contents.rows().len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it keeps.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The threshold and its evidence, where one was set.
    pub fn threshold(&self) -> Option<&OperatingPoint> {
        self.threshold.as_ref()
    }

    /// Threads of a search; the answer does not depend on it. At first as many as there are processors.
    pub fn set_threads(&mut self, threads: usize) {
        self.threads = threads.max(1);
    }

    /// Enrols references, all or none. One of the same person and kind is replaced, and the old one erased.
    pub fn enrol(&mut self, asked: &Asked<'_>, new: &[(Enrolment, Template)]) -> Result<Vec<Kept>, GalleryError> {
        check_name("asker", asked.by, LONGEST_ASKER)?;
        let rows = self.plan(asked.at, new)?;
        let former = rows.iter().filter_map(|r| self.contents.find(&r.reference_id, r.kind));
        let replaced: Vec<(i64, i64)> = former.map(|r| (r.record, r.slot)).collect();
        let numbers: Vec<i64> = rows.iter().map(|r| r.record).collect();
        let detail = match replaced.len() {
            0 => String::new(),
            _ => format!("in place of {}", list(replaced.iter().map(|(record, _)| *record))),
        };
        let Self { file, master, entropy, identity, head, .. } = self;
        let transient = rows.iter().all(|row| row.kept == Kept::UntilDecision);
        if !transient {
            file.spare_reserve(&mut **entropy)?;
        }
        let write = |db: &rusqlite::Connection| {
            for &(record, slot) in replaced.iter().filter(|(record, _)| *record > 0) {
                records::erase(db, record, slot).map_err(|e| file.fail(&e))?;
            }
            for (row, (_, template)) in rows.iter().zip(new) {
                let Kept::Until(expires) = row.kept else { continue };
                let Row { record, slot, kind, ref class, enrolled, .. } = *row;
                let header = Header { record, slot, kind, class: class.to_string(), enrolled, expires };
                let contained = (&*row.reference_id, template.values());
                records::insert(file, master, &mut **entropy, identity, &header, contained)?;
            }
            records::log(file, identity, head, asked, Action::Enrol, &numbers, detail.clone())
        };
        self.head = if transient { file.essential(write) } else { file.transaction(write) }?;
        // From here on it has happened.
        let kept = rows.iter().map(|r| r.kept).collect();
        for (row, (_, template)) in rows.into_iter().zip(new) {
            if row.record < 0 {
                self.last_transient = row.record;
            } else {
                self.spare.free_slots.remove(&row.slot);
                self.spare.next_record = row.record + 1;
                self.spare.next_slot = self.spare.next_slot.max(row.slot + 1);
            }
            self.contents.put(row, template.values());
        }
        self.free(&replaced)?;
        Ok(kept)
    }

    /// The rows that new references will have, with numbers and slots that nothing has; refuses what may not be enrolled.
    fn plan(&mut self, now: UnixTime, new: &[(Enrolment, Template)]) -> Result<Vec<Row>, GalleryError> {
        let mut keys = BTreeSet::new();
        for (enrolment, template) in new {
            enrolment.check()?;
            self.identity.model.agrees(template.model())?;
            if !keys.insert((&enrolment.reference_id, enrolment.kind)) {
                let (id, kind) = (&enrolment.reference_id, enrolment.kind);
                return Err(GalleryError::Refused(format!("\"{id}\" has two pictures of kind {kind} in one request")));
            }
        }
        let mut slots = self.spare.free_slots.iter().copied().chain(self.spare.next_slot..);
        let mut numbers = self.spare.next_record..;
        let mut transient = self.last_transient;
        let mut rows = Vec::with_capacity(new.len());
        for (Enrolment { reference_id, kind, class, encounter }, _) in new {
            let (record, slot, kept) = match self.policy.until(*kind, class, now) {
                // Neither range ends.
                Some(until) => {
                    (numbers.next().unwrap_or_default(), slots.next().unwrap_or_default(), Kept::Until(until))
                }
                None if encounter.is_some() => {
                    transient -= 1;
                    (transient, 0, Kept::UntilDecision)
                }
                None => {
                    let reason = format!(
                        "the policy names no retention for {kind} of class \"{class}\": it may only be enrolled for an \
                         encounter, until that is decided"
                    );
                    return Err(GalleryError::Refused(reason));
                }
            };
            rows.push(Row {
                record,
                slot,
                reference_id: reference_id.as_str().into(),
                kind: *kind,
                class: self.contents.class(class),
                enrolled: now,
                kept,
                encounter: encounter.as_deref().filter(|_| kept == Kept::UntilDecision).map(Arc::from),
            });
        }
        Ok(rows)
    }

    /// Slots of erased records are free, and the log forgets their keys.
    fn free(&mut self, erased: &[(i64, i64)]) -> Result<(), GalleryError> {
        let slots = erased.iter().filter(|(record, _)| *record > 0).map(|(_, slot)| *slot);
        let before = self.spare.free_slots.len();
        self.spare.free_slots.extend(slots);
        if self.spare.free_slots.len() > before { self.file.wipe_log() } else { Ok(()) }
    }

    fn log(&mut self, asked: &Asked<'_>, action: Action, records: &[i64], detail: String) -> Result<(), GalleryError> {
        check_name("asker", asked.by, LONGEST_ASKER)?;
        let Self { file, identity, head, .. } = self;
        self.head = file.essential(|_| records::log(file, identity, head, asked, action, records, detail.clone()))?;
        Ok(())
    }

    /// The people most similar to each probe, best first, at most ten. That it was asked for is on the disk before the
    /// answer is given.
    pub fn search(&mut self, asked: &Asked<'_>, probes: &[&[f32]]) -> Result<Vec<Vec<Found>>, GalleryError> {
        for probe in probes {
            check_values(probe, self.identity.model.dimension)?;
        }
        let found = self.contents.search(probes, asked.at, self.threads);
        let numbers: Vec<i64> = found.iter().flatten().map(|f| f.record).collect();
        self.log(asked, Action::Search, &numbers, format!("probes: {}", probes.len()))?;
        Ok(found)
    }

    /// All references of a person that have not expired.
    pub fn look_up(&mut self, asked: &Asked<'_>, reference_id: &str) -> Result<Vec<Reference>, GalleryError> {
        let alive = self.contents.of(reference_id).into_iter().filter(|row| row.alive(asked.at));
        let found: Vec<Reference> = alive.map(Row::reference).collect();
        let numbers: Vec<i64> = found.iter().map(|r| r.record).collect();
        self.log(asked, Action::LookUp, &numbers, String::new())?;
        if found.is_empty() {
            return Err(GalleryError::Unknown(reference_id.to_string()));
        }
        Ok(found)
    }

    /// All references, by person, with those that have expired and wait for [`Self::expire`].
    pub fn list(&mut self, asked: &Asked<'_>) -> Result<Vec<Reference>, GalleryError> {
        self.log(asked, Action::List, &[], format!("references: {}", self.len()))?;
        let mut all: Vec<Reference> = self.contents.rows().iter().map(Row::reference).collect();
        all.sort_by(|a, b| (&a.reference_id, a.kind).cmp(&(&b.reference_id, b.kind)));
        Ok(all)
    }

    /// Erases all references of a person, or those of one kind, and tells how many. Afterwards neither the database nor
    /// its log holds what could bring them back, the master key or not.
    pub fn delete(
        &mut self,
        asked: &Asked<'_>,
        reference_id: &str,
        kind: Option<ReferenceKind>,
    ) -> Result<usize, GalleryError> {
        let of_kind = |row: &&Row| kind.is_none_or(|kind| row.kind == kind);
        let rows: Vec<Row> = self.contents.of(reference_id).into_iter().filter(of_kind).cloned().collect();
        if rows.is_empty() {
            return Err(GalleryError::Unknown(reference_id.to_string()));
        }
        self.erase(asked, Action::Delete, &rows, String::new())
    }

    /// Erases all references at once, and tells how many.
    pub fn delete_all(&mut self, asked: &Asked<'_>) -> Result<usize, GalleryError> {
        let rows = self.contents.rows().to_vec();
        self.erase(asked, Action::Delete, &rows, "all".to_string())
    }

    /// Whether there is a reference of this person and kind that has not expired, for one who enrols another.
    pub(super) fn holds(&self, now: UnixTime, reference_id: &str, kind: ReferenceKind) -> bool {
        self.contents.find(reference_id, kind).is_some_and(|row| row.alive(now))
    }

    /// Drops what was held in memory for an encounter that is decided now, and tells how many.
    pub fn forget(&mut self, asked: &Asked<'_>, encounter: &str) -> Result<usize, GalleryError> {
        let of = |row: &&Row| row.encounter.as_deref() == Some(encounter);
        let rows: Vec<Row> = self.contents.rows().iter().filter(of).cloned().collect();
        if rows.is_empty() {
            return Ok(0);
        }
        self.erase(asked, Action::Forget, &rows, String::new())
    }

    /// Erases what is past its time, by what was told at its enrolment or by the policy of today, whichever ends first; tells
    /// how many.
    pub fn expire(&mut self, asked: &Asked<'_>) -> Result<usize, GalleryError> {
        let rows: Vec<Row> = self.overdue(asked.at).cloned().collect();
        if rows.is_empty() {
            return Ok(0);
        }
        self.erase(asked, Action::Expire, &rows, String::new())
    }

    fn overdue(&self, now: UnixTime) -> impl Iterator<Item = &Row> {
        self.contents.rows().iter().filter(move |row| match row.kept {
            Kept::UntilDecision => false,
            Kept::Until(end) => {
                now >= end || self.policy.until(row.kind, &row.class, row.enrolled).is_none_or(|end| now >= end)
            }
        })
    }

    fn erase(
        &mut self,
        asked: &Asked<'_>,
        action: Action,
        rows: &[Row],
        detail: String,
    ) -> Result<usize, GalleryError> {
        check_name("asker", asked.by, LONGEST_ASKER)?;
        let erased: Vec<(i64, i64)> = rows.iter().map(|r| (r.record, r.slot)).collect();
        let numbers: Vec<i64> = rows.iter().map(|r| r.record).collect();
        let Self { file, identity, head, .. } = self;
        self.head = file.essential(|db| {
            for &(record, slot) in erased.iter().filter(|(record, _)| *record > 0) {
                records::erase(db, record, slot).map_err(|e| file.fail(&e))?;
            }
            records::log(file, identity, head, asked, action, &numbers, detail.clone())
        })?;
        for row in rows {
            self.contents.remove(&row.reference_id, row.kind);
        }
        self.free(&erased)?;
        Ok(rows.len())
    }

    /// Wraps every record's key under another master key, all or none. Once this returns, the old key opens nothing, and
    /// whoever destroys it also makes every older copy of the file unreadable.
    pub fn rotate_key(&mut self, asked: &Asked<'_>, new: MasterKey) -> Result<u64, GalleryError> {
        check_name("asker", asked.by, LONGEST_ASKER)?;
        let Self { file, master, entropy, identity, head, .. } = self;
        let (count, head) = file.transaction(|_| {
            let count = records::rewrap(file, [master, &new], &mut **entropy, identity)?;
            let detail = format!("records: {count}, now under {}", hex(&new.fingerprint()));
            Ok((count, records::log(file, identity, head, asked, Action::RotateKey, &[], detail)?))
        })?;
        self.head = head;
        self.master = new;
        self.file.wipe_log()?;
        Ok(count)
    }

    /// Replaces the policy; what it no longer keeps is erased at once. References enrolled before never live longer than was
    /// told at their enrolment. Tells how many were erased.
    pub fn set_policy(&mut self, asked: &Asked<'_>, policy: Policy) -> Result<usize, GalleryError> {
        self.set(asked, Action::SetPolicy, POLICY, &policy, format!("rules: {}", policy.retain.len()))?;
        self.policy = policy;
        self.expire(asked)
    }

    /// Replaces the threshold and its evidence.
    pub fn set_threshold(&mut self, asked: &Asked<'_>, point: OperatingPoint) -> Result<(), GalleryError> {
        self.set(asked, Action::SetThreshold, THRESHOLD, &point, point.to_string())?;
        self.threshold = Some(point);
        Ok(())
    }

    fn set(
        &mut self,
        asked: &Asked<'_>,
        action: Action,
        name: &str,
        value: &impl serde::Serialize,
        detail: String,
    ) -> Result<(), GalleryError> {
        check_name("asker", asked.by, LONGEST_ASKER)?;
        let text = serde_json::to_string(value).map_err(|e| GalleryError::Refused(format!("{name}: {e}")))?;
        let Self { file, identity, head, .. } = self;
        self.head = file.transaction(|db| {
            records::set(db, identity, name, &text).map_err(|e| file.fail(&e))?;
            records::log(file, identity, head, asked, action, &[], detail)
        })?;
        Ok(())
    }

    /// What it holds at a time, in numbers.
    pub fn stats(&self, now: UnixTime) -> Result<Stats, GalleryError> {
        let mut references = BTreeMap::<_, [usize; 2]>::new();
        for row in self.contents.rows() {
            let count = references.entry((row.kind, row.class.to_string())).or_default();
            count[usize::from(row.kept == Kept::UntilDecision)] += 1;
        }
        let metadata = std::fs::metadata(&self.file.path).map_err(|e| GalleryError::file(&self.file.path, &e))?;
        Ok(Stats {
            model: self.identity.model.clone(),
            master_key: hex(&self.master.fingerprint()),
            references,
            expired: self.overdue(now).count(),
            threshold: self.threshold.clone().map(|point| {
                let holds = point.holds_for(self.len());
                (point, holds)
            }),
            file_bytes: metadata.len(),
        })
    }

    /// The whole audit log, its chain checked.
    pub fn audit(&self) -> Result<Vec<Entry>, GalleryError> {
        let mut entries = Vec::new();
        let chain = audit::walk(&self.file.db, &self.identity.audit_key, |entry| entries.push(entry));
        match chain.map_err(|e| self.file.fail(&e))? {
            Ok(()) => Ok(entries),
            Err(reason) => Err(GalleryError::damaged(&self.file.path, reason)),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // What is not done here is done when the gallery is opened again.
        self.file.close().ok();
    }
}

fn take(contents: &mut Contents, header: Header, contained: records::Contained) -> Result<(), String> {
    if contents.find(&contained.reference_id, header.kind).is_some() {
        return Err(format!("record {} is a second {} of one person", header.record, header.kind));
    }
    let row = Row {
        record: header.record,
        slot: header.slot,
        reference_id: contained.reference_id.into(),
        kind: header.kind,
        class: contents.class(&header.class),
        enrolled: header.enrolled,
        kept: Kept::Until(header.expires),
        encounter: None,
    };
    contents.put(row, &contained.values);
    Ok(())
}

fn list(numbers: impl Iterator<Item = i64>) -> String {
    numbers.map(|n| n.to_string()).collect::<Vec<_>>().join(",")
}

/// Ways into a store that only its tests have.
#[cfg(test)]
impl Store {
    /// No more than so many pages may the database have.
    pub(super) fn limit_pages(&self, pages: u32) {
        self.file.db.pragma_update(None, "max_page_count", pages).unwrap();
    }

    /// What gives a record away: wrapped key, sealed contents, key, reference id, template.
    pub(super) fn traces(&self, record: i64) -> (Vec<u8>, Vec<u8>, Vec<u8>, String, Vec<f32>) {
        let row = self.contents.rows().iter().position(|r| r.record == record).unwrap();
        let (id, template) = (&self.contents.rows()[row].reference_id, self.contents.template(row).to_vec());
        let (wrapped, sealed, key) = records::traces(&self.file, &self.master, &self.identity, record);
        (wrapped, sealed, key, id.to_string(), template)
    }

    /// Erases a record as far as the commit.
    pub(super) fn erase_without_wiping(&mut self, record: i64) {
        let slot = self.contents.rows().iter().find(|r| r.record == record).unwrap().slot;
        self.file.transaction(|db| records::erase(db, record, slot).map_err(|e| self.file.fail(&e))).unwrap();
    }
}
