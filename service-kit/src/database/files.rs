//! Checks that the files that SQLite has open are still those at their paths.
//!
//! A file that is removed or replaced exists on for the process that has it open: everything works,
//! and everything is lost at the next start. So every access checks first, and so does `/ready`.
//!
//! Looking at three files takes a twentieth of the processor time of an order, and on Linux 6.13 and
//! later it also makes the next write change the inode. So usually only their folder is looked at:
//! whatever removes or replaces a file in it changes the folder's time.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::Trouble;

/// The database, its log of commits and the log's index.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// The files that are open.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Their identities when they were opened. Empty for a server.
    opened: Vec<(PathBuf, FileId)>,
    /// Their folder. `None` if they are links, which lead to another one.
    folder: Option<PathBuf>,
    /// The state of the folder when all of them were last found.
    found: Mutex<Option<Folder>>,
}

/// The state of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Folder {
    id: FileId,
    /// Its last change, in seconds and nanoseconds.
    changed: (i64, i64),
}

impl Folder {
    /// `None` if it cannot be read.
    fn of(path: &Path) -> Option<Self> {
        let folder = fs::metadata(path).ok()?;
        Some(Self {
            id: FileId::in_metadata(&folder),
            changed: (folder.mtime(), folder.mtime_nsec()),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|file| Self::in_metadata(&file))
    }

    fn in_metadata(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
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
        let folder = fs::canonicalize(database).ok();
        let folder = folder.filter(|found| found == database);
        Self {
            opened: present.collect(),
            folder: folder.and_then(|database| Some(database.parent()?.to_owned())),
            found: Mutex::default(),
        }
    }

    /// Whether each file is still there.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let folder = self.folder.as_deref().and_then(Folder::of);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if folder.is_some() && *found == folder {
            return Ok(());
        }
        *found = None;
        self.look()?;
        *found = folder;
        Ok(())
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

    use super::Files;

    #[test]
    fn a_removed_or_replaced_file_is_noticed_until_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("kept.db");
        for suffix in ["", "-wal"] {
            fs::write(folder.path().join(format!("kept.db{suffix}")), "").unwrap();
        }
        let files = Files::of(&database);
        for name in ["kept.db", "kept.db-wal"] {
            let (path, aside) = (folder.path().join(name), folder.path().join("aside"));
            files.check().unwrap();
            fs::rename(&path, &aside).unwrap();
            let missed = files.check().unwrap_err().to_string();
            assert!(missed.contains(&format!("{name} was removed")), "{missed}");
            fs::write(&path, "").unwrap();
            files.check().unwrap_err();
            fs::rename(&aside, &path).unwrap();
            files.check().unwrap();
        }
    }

    #[test]
    fn a_removed_folder_is_noticed_and_so_is_a_file_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, other) = (folder.path().join("real"), folder.path().join("other"));
        for path in [&real, &other] {
            fs::create_dir(path).unwrap();
        }
        let (database, link) = (real.join("kept.db"), other.join("link.db"));
        fs::write(&database, "").unwrap();
        std::os::unix::fs::symlink(&database, &link).unwrap();
        let all = [Files::of(&database), Files::of(&link)];
        all.iter().for_each(|files| files.check().unwrap());
        fs::remove_dir_all(&real).unwrap();
        for files in &all {
            files.check().unwrap_err();
        }
    }

    #[test]
    fn a_database_without_files_passes_the_check() {
        Files::default().check().unwrap();
    }
}
