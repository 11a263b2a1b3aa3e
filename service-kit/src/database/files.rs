//! Checks that the files that SQLite has open are still those at their paths.
//!
//! A file that is removed or replaced exists on for the process that has it open: everything works,
//! and everything is lost at the next start. So every write checks first, and so does `/ready`.
//! Checking three paths takes a few microseconds; a commit waits for the disk.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::Trouble;

/// The database, its log of commits and the log's index.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// The identities of the files when they were opened. Empty for a server.
#[derive(Debug, Default)]
pub(super) struct Files(Vec<(PathBuf, FileId)>);

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
        Self(present.collect())
    }

    /// Whether each file is still there. A path that cannot be read may still be there.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        for (path, opened) in &self.0 {
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
        }
        files.check().unwrap();
    }

    #[test]
    fn a_database_without_files_passes_the_check() {
        Files::default().check().unwrap();
    }
}
