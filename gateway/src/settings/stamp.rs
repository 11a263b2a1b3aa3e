//! Notices changed files without reading them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The metadata that distinguishes one content of a file from another. An atomic rename and a
/// swapped link, as Kubernetes mounts secrets, change the inode; writing in place changes the
/// times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    /// In seconds and nanoseconds.
    modified: (i64, i64),
    /// When the file's own record changed. A copy that keeps its original's time cannot set this.
    changed: (i64, i64),
}

/// The stamps of some files; `None` for a missing file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamps(Vec<Option<Stamp>>);

/// The changes that have been handled.
#[derive(Debug)]
pub(crate) struct Changes {
    loaded: Stamps,
    last: Stamps,
}

impl Stamps {
    pub(crate) fn of<'f>(files: impl IntoIterator<Item = &'f Path>) -> Self {
        Self(files.into_iter().map(stamp).collect())
    }

    /// The stamps of the files as they were at that time, as far as that is known: `None` for a file
    /// that has changed since.
    pub(crate) fn unchanged_since(self, time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let is_older = |stamp: &Stamp| {
            let (seconds, nanos) = stamp.changed;
            let whole = u64::try_from(seconds).unwrap_or_default();
            Duration::from_secs(whole) + Duration::from_nanos(nanos.unsigned_abs()) <= since
        };
        let stamps = self.0.into_iter();
        Self(stamps.map(|stamp| stamp.filter(is_older)).collect())
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        length: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

impl Changes {
    /// No changes yet: `loaded` is the state of the files when they were read.
    pub(crate) fn since(loaded: Stamps) -> Self {
        Self {
            last: loaded.clone(),
            loaded,
        }
    }

    /// Whether to read the files again; true once per change. The files must be the same as at the
    /// last check: of two files that are replaced one after the other, the first does not match the
    /// old second.
    pub(crate) fn are_due(&mut self, now: Stamps) -> bool {
        let is_settled = now == self.last;
        let is_due = is_settled && now != self.loaded;
        if is_due {
            self.loaded = now.clone();
        }
        self.last = now;
        is_due
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Changes, Stamp, Stamps};

    fn stamps(cert: u64, key: u64) -> Stamps {
        let stamp = |inode| {
            Some(Stamp {
                device: 1,
                inode,
                length: 1,
                modified: (0, 0),
                changed: (0, 0),
            })
        };
        Stamps([cert, key].map(stamp).into())
    }

    #[test]
    fn a_file_that_changed_after_it_was_read_is_due() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.toml");
        std::fs::write(&file, "a").unwrap();
        let now = || Stamps::of([file.as_path()]);
        // The clock of a file system has ticks of some milliseconds.
        for (read, is_due) in [
            (SystemTime::now() + Duration::from_secs(1), false),
            (SystemTime::now() - Duration::from_secs(1), true),
        ] {
            let mut changes = Changes::since(now().unchanged_since(read));
            let looks = [changes.are_due(now()), changes.are_due(now())];
            assert_eq!(looks.contains(&true), is_due);
        }
    }

    #[test]
    fn a_settled_change_is_due_once() {
        let mut changes = Changes::since(stamps(1, 1));
        let looks = [
            (stamps(1, 1), false),
            (stamps(2, 1), false),
            (stamps(2, 2), false),
            (stamps(2, 2), true),
            (stamps(2, 2), false),
            (Stamps(vec![None, None]), false),
            (stamps(2, 2), false),
            (stamps(2, 2), false),
        ];
        for (index, (now, due)) in looks.into_iter().enumerate() {
            assert_eq!(changes.are_due(now), due, "look {index}");
        }
    }
}
