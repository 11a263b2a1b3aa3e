//! Whether files have changed, without reading them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::config::TlsFiles;

/// What tells one content of a file from another. An atomic rename and a swapped link, as Kubernetes mounts secrets,
/// bring another inode; writing in place brings other times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// The same, of the file's own record, which a copy that keeps the time of its original cannot set.
    changed: (i64, i64),
}

/// Of the certificate and of the key; nothing where there is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 2]);

/// Which changes have been acted upon.
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
    /// None yet: this is what the files were when they were read.
    pub(super) fn since(loaded: Stamps) -> Self {
        Self {
            loaded,
            last: loaded,
        }
    }

    /// Whether the files are to be read again, said once per change. They must have been the same at the last look: of
    /// two files that are replaced one after the other, the first alone does not fit the old second.
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
    fn a_change_is_due_once_when_it_has_settled() {
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
