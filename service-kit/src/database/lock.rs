//! Lets one process at a time use a SQLite file.
//!
//! Two services on one file would deliver each other's events twice, and each would take the
//! other's claims for those of a dead process. The operating system releases the lock when the
//! process ends, even by `kill -9`.
//!
//! The lock is a file of its own. Locking the database file was rejected: closing any handle to it
//! would release the POSIX locks that SQLite itself holds
//! (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{OpenError, TIMEOUT};

/// How often a lock that another process holds is tried again: that process may be about to end.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The lock is held while this exists. `None` on a file system without locks.
pub(super) type Lock = Option<File>;

/// Locks the database `path`, which exists. Waits a little for another process to end.
pub(super) async fn take(path: &Path) -> Result<Lock, OpenError> {
    let refused = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    // Two spellings of a path, or a symbolic link, lead to the same lock.
    let mut name = path.canonicalize().map_err(refused)?.into_os_string();
    name.push("-lock");
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let file = options.open(name).map_err(refused)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if begun.elapsed() < TIMEOUT => {
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Taken {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) if knows_no_locks(&error) => {
                let path = path.display();
                log::warn!("{path} cannot be locked, so a second process could use it: {error}");
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
    }
}

fn knows_no_locks(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
}

#[cfg(test)]
mod tests {
    use super::super::OpenError;
    use super::take;

    #[actix_web::test]
    async fn a_file_has_one_user_at_a_time_whatever_its_path_is_spelled_like() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("kept.db"), folder.path().join("link.db"));
        std::fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let first = take(&path).await.unwrap();
        assert!(first.is_some());
        for other in [&path, &link, &folder.path().join(".").join("kept.db")] {
            let refused = take(other).await.unwrap_err();
            assert!(matches!(&refused, OpenError::Taken { path } if path == other));
            let message = refused.to_string();
            assert!(message.contains(&other.display().to_string()), "{message}");
        }
        drop(first);
        assert!(take(&link).await.is_ok());
    }

    #[actix_web::test]
    async fn a_successor_waits_for_a_predecessor_that_is_about_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.db");
        std::fs::write(&path, "").unwrap();
        let first = take(&path).await.unwrap();
        let (second, ()) = futures_util::future::join(take(&path), async { drop(first) }).await;
        assert!(second.is_ok());
    }
}
