//! Checks that the files that SQLite has open are still those at their paths.
//!
//! A file that is removed or replaced exists on for the process that has it open: everything works,
//! and everything is lost at the next start. So every access checks first, and so does `/ready`.
//!
//! Checking three paths takes a twentieth of the processor time of an order. So a good check counts
//! for a few milliseconds. A file that goes between the check and the commit is missed in any case,
//! and a write may wait that long for its turn.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::Trouble;

/// The database, its log of commits and the log's index.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// How long a good check counts.
const COUNTS: Duration = Duration::from_millis(5);

/// The files that are open.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Their identities when they were opened. Empty for a server.
    opened: Vec<(PathBuf, FileId)>,
    /// When all of them were last found.
    found: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|file| Self {
            device: file.dev(),
            inode: file.ino(),
        })
    }
}

impl Files {
    /// Reads the identities of a database that is open and stays open.
    pub(super) fn of(database: &Path) -> Self {
        let paths = SUFFIXES.iter().map(|suffix| {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            PathBuf::from(path)
        });
        let present = paths.filter_map(|path| {
            let identity = FileId::of(&path).ok()?;
            Some((path, identity))
        });
        Self {
            opened: present.collect(),
            found: Mutex::default(),
        }
    }

    /// Whether each file is there, or was a few milliseconds ago.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let found = *self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match found.is_some_and(|found| found.elapsed() < COUNTS) {
            true => Ok(()),
            false => self.check_now(),
        }
    }

    /// Whether each file is there.
    pub(super) fn check_now(&self) -> Result<(), Trouble> {
        let now = Instant::now();
        let looked = self.look();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *found = looked.is_ok().then_some(now);
        looked
    }

    /// A path that cannot be read may still be there.
    fn look(&self) -> Result<(), Trouble> {
        for (path, opened) in &self.opened {
            let is_there = match FileId::of(path) {
                Ok(found) => found == *opened,
                Err(error) => error.kind() != io::ErrorKind::NotFound,
            };
            if !is_there {
                return Err(Trouble::FileGone(path.display().to_string()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use super::Files;

    #[test]
    fn a_removed_or_replaced_file_is_noticed_until_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("kept.db");
        for suffix in ["", "-wal"] {
            fs::write(folder.path().join(format!("kept.db{suffix}")), "").unwrap();
        }
        let files = Files::of(&database);
        let check = || {
            // As if the last check were long ago.
            *files.found.lock().unwrap() = None;
            files.check()
        };
        for name in ["kept.db", "kept.db-wal"] {
            let (path, aside) = (folder.path().join(name), folder.path().join("aside"));
            check().unwrap();
            fs::rename(&path, &aside).unwrap();
            let missed = check().unwrap_err().to_string();
            assert!(missed.contains(&format!("{name} was removed")), "{missed}");
            fs::write(&path, "").unwrap();
            check().unwrap_err();
            // A failed check counts only for itself.
            fs::rename(&aside, &path).unwrap();
            files.check().unwrap();
        }
    }

    #[test]
    fn a_good_check_counts_for_a_few_milliseconds_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("kept.db");
        fs::write(&database, "").unwrap();
        let files = Files::of(&database);
        files.check().unwrap();
        fs::remove_file(&database).unwrap();
        let begun = Instant::now();
        while files.check().is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(10));
        }
        fs::write(&database, "").unwrap();
        files.check_now().unwrap_err();
    }

    #[test]
    fn a_database_without_files_passes_the_check() {
        Files::default().check().unwrap();
    }
}
