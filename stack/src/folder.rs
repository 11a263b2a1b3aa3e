//! The data folder of a stack, which no other stack may use meanwhile: two that write to the same
//! databases would take each other's orders.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::Service;

/// A lock on this file is a lock on the folder. The system releases it when the process ends,
/// however it ends.
const LOCK: &str = "stack.lock";

/// The suffixes of SQLite's files.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates and locks the folder.
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        let refused = |error: io::Error| {
            let message = format!("the data folder {} cannot be used: {error}", path.display());
            io::Error::new(error.kind(), message)
        };
        fs::create_dir_all(path).map_err(refused)?;
        let lock = File::create(path.join(LOCK)).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => {
                let message = "another stack uses it; --data names another one";
                Err(refused(io::Error::new(ErrorKind::WouldBlock, message)))
            }
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }

    /// Deletes the databases of these services, and nothing else.
    pub(crate) fn empty(&self, services: &[Service]) -> io::Result<()> {
        for service in services {
            for beside in BESIDE {
                let file = self.path.join(format!("{}{beside}", service.database()));
                match fs::remove_file(&file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        let message = format!("{} cannot be deleted: {error}", file.display());
                        return Err(io::Error::new(error.kind(), message));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use super::Folder;
    use crate::Service;

    #[test]
    fn databases_go_and_everything_else_stays() {
        let data = tempfile::tempdir().unwrap();
        for name in [
            "orders.db",
            "orders.db-wal",
            "clients.db",
            "mine.db",
            "token",
        ] {
            fs::write(data.path().join(name), "").unwrap();
        }
        let folder = Folder::take(data.path()).unwrap();
        folder.empty(&[Service::Orders, Service::Kitchen]).unwrap();
        let mut left: Vec<_> = fs::read_dir(data.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["clients.db", "mine.db", "stack.lock", "token"]);
    }

    #[test]
    fn a_folder_is_one_stacks_at_a_time() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("made");
        let first = Folder::take(&path).unwrap();
        let refused = Folder::take(&path).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        assert!(refused.to_string().contains("another stack uses it"));
        drop(first);
        Folder::take(&path).unwrap();
    }
}
