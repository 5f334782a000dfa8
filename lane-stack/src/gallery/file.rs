//! The database file: how it is opened by one process at a time, what its tables are, and how the write-ahead log is
//! kept from remembering what was deleted.
use super::error::NO_GALLERY;
use super::given::Entropy;
use super::{GalleryError, audit};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Marks the file as a gallery: "LSga".
const APPLICATION_ID: i32 = 0x4c53_6761;
/// Version of the tables.
const SCHEMA_VERSION: i32 = 1;

/// A wrapped key's slot is written once for a record, overwritten where it lies when the record goes, and given to another
/// record later. Slots are only added at the end and all are of one length, so that SQLite never moves one to another page
/// and leaves a copy behind.
const SCHEMA: &str = "
    CREATE TABLE gallery (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id BLOB NOT NULL,
        master_fingerprint BLOB NOT NULL,
        wrapped_audit_key BLOB NOT NULL,
        created_us INTEGER NOT NULL
    );
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL, mac BLOB NOT NULL);
    CREATE TABLE model (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        dimension INTEGER NOT NULL
    );
    CREATE TABLE wrapped_key (slot INTEGER PRIMARY KEY, wrapped BLOB NOT NULL CHECK (length(wrapped) = 72));
    CREATE TABLE record (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        model INTEGER NOT NULL REFERENCES model (id),
        kind TEXT NOT NULL,
        class TEXT NOT NULL,
        enrolled_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        slot INTEGER NOT NULL REFERENCES wrapped_key (slot),
        sealed BLOB NOT NULL
    );
";

/// An open database that no other process can open.
pub(super) struct GalleryFile {
    pub db: Connection,
    pub path: PathBuf,
    reserve: Reserve,
}

/// Room on the disk for what must go on when it is full: a file without a name, which the system takes back with the process.
#[derive(Default)]
struct Reserve {
    bytes: Cell<usize>,
    file: RefCell<Option<fs::File>>,
}

/// Pages of the write-ahead log after which it is begun anew, while the reserve is used up: it must not take all of it.
const FRUGAL_LOG_PAGES: u32 = 64;
/// Otherwise: SQLite's own default.
const LOG_PAGES: u32 = 1000;

impl GalleryFile {
    /// Makes a new database in one piece: `fill` writes into it under a name of its own, and it gets `path` when all is on
    /// the disk. `unique` tells names of several makers apart.
    pub fn create(
        path: &Path,
        unique: &str,
        fill: impl FnOnce(&Self) -> Result<(), GalleryError>,
    ) -> Result<(), GalleryError> {
        let exists = |path: &Path| GalleryError::File {
            path: path.to_path_buf(),
            reason: "there is a file already; a gallery is not written over another".to_string(),
        };
        if fs::symlink_metadata(path).is_ok() {
            return Err(exists(path));
        }
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| GalleryError::File {
            path: path.to_path_buf(),
            reason: "a gallery is a file, and needs a name".to_string(),
        })?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let partial = folder.join(format!(".{name}.{unique}.partial"));
        let made = Self::make(&partial, fill).and_then(|()| {
            // Unlike a rename, a second name is refused where there is a file.
            fs::hard_link(&partial, path).map_err(|e| match e.kind() {
                std::io::ErrorKind::AlreadyExists => exists(path),
                _ => GalleryError::disk(path, &e),
            })
        });
        for suffix in ["", "-wal", "-journal"] {
            fs::remove_file(with_suffix(&partial, suffix)).ok();
        }
        made?;
        fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| GalleryError::disk(folder, &e))
    }

    fn make(path: &Path, fill: impl FnOnce(&Self) -> Result<(), GalleryError>) -> Result<(), GalleryError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Only the owner may read it, as with the master key.
        let new = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        drop(new.map_err(|e| GalleryError::file(path, &e))?);
        let file = Self::connect(path)?;
        let fail = |e: rusqlite::Error| GalleryError::sqlite(path, &e);
        file.db.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
        let all = file.db.unchecked_transaction().map_err(fail)?;
        file.db.execute_batch(SCHEMA).map_err(fail)?;
        file.db.execute_batch(audit::SCHEMA).map_err(fail)?;
        file.db.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
        file.db.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(fail)?;
        fill(&file)?;
        all.commit().map_err(fail)?;
        file.wipe_log()?;
        file.close()?;
        fs::File::open(path).and_then(|f| f.sync_all()).map_err(|e| GalleryError::disk(path, &e))
    }

    /// Opens a database of the known version. Nothing is written to the disk, not even what a process that was killed left
    /// in the write-ahead log, until [`Self::wipe_log`].
    pub fn open(path: &Path) -> Result<Self, GalleryError> {
        let real = fs::canonicalize(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let reason = format!("there is no such file; {NO_GALLERY}");
                GalleryError::File { path: path.to_path_buf(), reason }
            }
            _ => GalleryError::file(path, &e),
        })?;
        let file = Self::connect(&real)?;
        let version: i32 = file.pragma("user_version")?;
        if file.pragma::<i32>("application_id")? != APPLICATION_ID {
            return Err(GalleryError::damaged(path, format!("it is a database, but no gallery; {NO_GALLERY}")));
        }
        if version != SCHEMA_VERSION {
            let reason = format!(
                "its tables are of version {version}, this program knows version {SCHEMA_VERSION}; use the program that \
                 wrote it"
            );
            return Err(GalleryError::damaged(path, reason));
        }
        if file.pragma::<String>("journal_mode")? != "wal" {
            return Err(GalleryError::damaged(path, "its journal is of another mode than a gallery's"));
        }
        Ok(file)
    }

    fn connect(path: &Path) -> Result<Self, GalleryError> {
        let fail = |e: rusqlite::Error| GalleryError::sqlite(path, &e);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(fail)?;
        db.busy_timeout(std::time::Duration::ZERO).map_err(fail)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(fail)?;
        // The first access takes the lock, which stays until the database is closed.
        db.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(fail)?;
        db.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
        db.pragma_update(None, "secure_delete", true).map_err(fail)?;
        db.pragma_update(None, "temp_store", "MEMORY").map_err(fail)?;
        db.pragma_update(None, "cell_size_check", true).map_err(fail)?;
        db.pragma_update(None, "trusted_schema", false).map_err(fail)?;
        db.pragma_update(None, "foreign_keys", true).map_err(fail)?;
        Ok(Self { db, path: path.to_path_buf(), reserve: Reserve::default() })
    }

    fn pragma<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, GalleryError> {
        self.db.pragma_query_value(None, name, |row| row.get(0)).map_err(|e| GalleryError::sqlite(&self.path, &e))
    }

    /// Maps what SQLite says.
    pub fn fail(&self, error: &rusqlite::Error) -> GalleryError {
        GalleryError::sqlite(&self.path, error)
    }

    /// Runs `work` in a transaction that is on the disk when this returns, or has not happened.
    pub fn transaction<T>(&self, work: impl FnOnce(&Connection) -> Result<T, GalleryError>) -> Result<T, GalleryError> {
        let transaction = self.db.unchecked_transaction().map_err(|e| self.fail(&e))?;
        let done = work(&transaction)?;
        transaction.commit().map_err(|e| self.fail(&e))?;
        Ok(done)
    }

    /// Runs `work` as [`Self::transaction`] does; where the disk is full, on the reserve. For what adds to the log alone.
    pub fn essential<T>(
        &self,
        mut work: impl FnMut(&Connection) -> Result<T, GalleryError>,
    ) -> Result<T, GalleryError> {
        match self.transaction(&mut work) {
            // What is in the log of SQLite and now goes into the database makes room there, too.
            Err(GalleryError::Disk { .. }) if self.release() || self.checkpoint("RESTART").is_ok() => {
                self.transaction(work)
            }
            done => done,
        }
    }

    /// Keeps so many bytes of the disk for [`Self::essential`].
    pub fn keep_reserve(&self, bytes: usize, entropy: &mut dyn Entropy) -> Result<(), GalleryError> {
        self.reserve.bytes.set(bytes);
        if self.reserve.file.borrow().is_some() {
            return Ok(());
        }
        let path = with_suffix(&self.path, "-reserve");
        let mut noise = vec![0; bytes];
        // Noise, so that no file system makes it smaller.
        entropy.fill(&mut noise)?;
        let make = || -> std::io::Result<fs::File> {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
            // Unnamed: nothing stays behind, however the process ends.
            fs::remove_file(&path)?;
            file.write_all(&noise)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = make().map_err(|e| GalleryError::Disk {
            path: self.path.clone(),
            reason: format!(
                "{e}; the {bytes} bytes that are kept for searches and deletions on a full disk cannot be had: make room"
            ),
        })?;
        *self.reserve.file.borrow_mut() = Some(file);
        self.db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(|e| self.fail(&e))
    }

    /// Whether the reserve is whole, where one is wanted: what would be kept for long may not use it up. It is renewed where
    /// there is room again.
    pub fn spare_reserve(&self, entropy: &mut dyn Entropy) -> Result<(), GalleryError> {
        match self.reserve.bytes.get() {
            0 => Ok(()),
            bytes => self.keep_reserve(bytes, entropy),
        }
    }

    /// Gives the reserve up; whether there was one.
    fn release(&self) -> bool {
        let held = self.reserve.file.take().is_some();
        if held {
            self.db.pragma_update(None, "wal_autocheckpoint", FRUGAL_LOG_PAGES).ok();
        }
        held
    }

    /// The write-ahead log.
    pub fn log_path(&self) -> PathBuf {
        with_suffix(&self.path, "-wal")
    }

    /// Brings the write-ahead log into the database and overwrites it, so that pages as they were before a deletion stay
    /// neither there nor in blocks that the file system takes back.
    pub fn wipe_log(&self) -> Result<(), GalleryError> {
        self.checkpoint("RESTART")?;
        let path = self.log_path();
        self.overwrite(&path).map_err(|e| GalleryError::Disk {
            path,
            reason: format!(
                "what was asked for is done, but the write-ahead log still remembers what was before, and cannot be \
                 overwritten: {e}; opening the gallery again does it"
            ),
        })?;
        self.checkpoint("TRUNCATE")
    }

    fn checkpoint(&self, mode: &str) -> Result<(), GalleryError> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let run = || self.db.query_row(&sql, [], |row| row.get::<_, bool>(0)).map_err(|e| self.fail(&e));
        let busy = match run() {
            Err(GalleryError::Disk { .. }) if self.release() => run(),
            done => done,
        }?;
        if busy { Err(GalleryError::Busy { path: self.path.clone() }) } else { Ok(()) }
    }

    /// All of the log is in the database and on the disk when this is called. The log's head goes first, alone: were some
    /// later part on the disk before it, a crash would leave a log that is valid up to there, and old pages would come back.
    fn overwrite(&self, path: &Path) -> std::io::Result<()> {
        let mut log = match fs::OpenOptions::new().write(true).open(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let length = log.metadata()?.len();
        let mut done = 0;
        while done < length {
            let piece = if done == 0 { length.min(4096) } else { (length - done).min(1 << 20) };
            log.seek(SeekFrom::Start(done))?;
            log.write_all(&vec![0; piece as usize])?;
            if done == 0 {
                log.sync_data()?;
            }
            done += piece;
        }
        log.sync_data()
    }

    /// Wipes the log; the database takes it away when it goes.
    pub fn close(&self) -> Result<(), GalleryError> {
        self.wipe_log()?;
        let allow = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        allow.map(|_| ()).map_err(|e| self.fail(&e))
    }

    /// Refuses a file that was cut within its last page, which SQLite takes for zeros. The log must be wiped: before, the
    /// file may be on its way to its length.
    pub fn check_length(&self) -> Result<(), GalleryError> {
        let bytes = fs::metadata(&self.path).map_err(|e| GalleryError::file(&self.path, &e))?.len();
        let page_bytes: u32 = self.pragma("page_size")?;
        if bytes.is_multiple_of(u64::from(page_bytes)) {
            return Ok(());
        }
        Err(GalleryError::damaged(&self.path, "it is cut short; restore it from a copy"))
    }

    /// Everything SQLite finds wrong with the structure of the file.
    pub fn integrity(&self) -> Result<Vec<String>, GalleryError> {
        let mut check = self.db.prepare("PRAGMA integrity_check").map_err(|e| self.fail(&e))?;
        let told = check.query_map([], |row| row.get::<_, String>(0)).map_err(|e| self.fail(&e))?;
        let told: rusqlite::Result<Vec<String>> = told.collect();
        Ok(told.map_err(|e| self.fail(&e))?.into_iter().filter(|line| line != "ok").collect())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    name.into()
}
