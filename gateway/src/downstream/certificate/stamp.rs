//! Notices changed files without reading them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::settings::TlsFiles;

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

/// The stamps of the certificate and the key; `None` for a missing file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 2]);

/// The changes that have been handled.
#[derive(Debug)]
pub(super) struct Changes {
    loaded: Stamps,
    last: Stamps,
}

impl Stamps {
    pub(super) fn of(files: &TlsFiles) -> Self {
        Self([stamp(&files.cert), stamp(&files.key)])
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
    pub(super) fn since(loaded: Stamps) -> Self {
        Self {
            loaded,
            last: loaded,
        }
    }

    /// Whether to read the files again; true once per change. The files must be the same as at the
    /// last check: of two files that are replaced one after the other, the first does not match the
    /// old second.
    pub(super) fn are_due(&mut self, now: Stamps) -> bool {
        let is_settled = now == self.last;
        self.last = now;
        let is_due = is_settled && now != self.loaded;
        if is_due {
            self.loaded = now;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, Stamp, Stamps};

    fn stamps(cert: u64, key: u64) -> Stamps {
        Stamps([cert, key].map(|inode| {
            Some(Stamp {
                device: 1,
                inode,
                length: 1,
                modified: (0, 0),
                changed: (0, 0),
            })
        }))
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
            (Stamps([None, None]), false),
            (stamps(2, 2), false),
            (stamps(2, 2), false),
        ];
        for (index, (now, due)) in looks.into_iter().enumerate() {
            assert_eq!(changes.are_due(now), due, "look {index}");
        }
    }
}
