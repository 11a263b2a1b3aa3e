//! Measures how often the disk alone can make a write durable, which is the ceiling for a service
//! that syncs each commit.
//!
//! Appending makes the file longer, which costs the file system an entry in its journal. SQLite
//! overwrites its log from the start after each checkpoint, so most commits rewrite existing
//! blocks. The SQLite that sqlx brings is built without `HAVE_FDATASYNC`, so it calls `fsync`
//! (https://www.sqlite.org/compile.html#have_fdatasync).

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Error;
use crate::report::stats::Waits;

/// The size of an SQLite page, and of a block on most file systems.
const PAGE: usize = 4096;

/// Bytes that a commit of an order of one line was seen to change: the ends of two tables and of
/// their indexes.
const COMMIT: usize = 7 * PAGE;

/// The length at which SQLite checkpoints its log and starts it over: 1,000 pages
/// (https://www.sqlite.org/pragma.html#pragma_wal_autocheckpoint).
const LOG: usize = 1000 * PAGE;

/// A way to write to a file and make the write durable.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    bytes: usize,
    in_place: bool,
    sync: fn(&File) -> io::Result<()>,
}

#[rustfmt::skip]
pub(crate) const WAYS: [Way; 2] = [
    Way { name: "4 KiB appended, fdatasync", bytes: PAGE, in_place: false, sync: File::sync_data },
    Way { name: "28 KiB rewritten, fsync, as SQLite does", bytes: COMMIT, in_place: true, sync: File::sync_all },
];

pub(crate) struct Syncs {
    pub(crate) per_second: f64,
    pub(crate) waits: Waits,
}

/// Writes and syncs again and again for `duration`, in a temporary file in `folder`.
pub(crate) fn measure(folder: &Path, way: Way, duration: Duration) -> Result<Syncs, Error> {
    let mut file = tempfile::tempfile_in(folder)?;
    if way.in_place {
        file.write_all(&vec![0; LOG])?;
        file.sync_all()?;
        file.rewind()?;
    }
    let block = vec![1; way.bytes];
    let mut waits = Waits::default();
    let begun = Instant::now();
    while begun.elapsed() < duration {
        if way.in_place && file.stream_position()? + way.bytes as u64 > LOG as u64 {
            file.rewind()?;
        }
        let written = Instant::now();
        file.write_all(&block)?;
        (way.sync)(&file)?;
        waits.add(written.elapsed());
    }
    let per_second = waits.count() as f64 / begun.elapsed().as_secs_f64();
    Ok(Syncs { per_second, waits })
}
