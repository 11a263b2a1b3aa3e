//! A small disk that a test may fill: a tmpfs of its own, if the test may mount one, as root may.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::skip::skip_one;

/// If this variable is set, tests fail when no small disk can be mounted.
const REQUIRED: &str = "REQUIRE_SMALL_DISK";

/// Unmounted when it is dropped, and its folder with it.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of `size` (`8m`) over an empty folder. If that is not allowed, this says that
    /// `test` is skipped.
    ///
    /// # Panics
    /// It is not allowed, and `REQUIRE_SMALL_DISK` is set.
    #[must_use]
    pub fn mount_or_skip(test: &str, folder: &Path, size: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self {
                folder: folder.to_owned(),
            });
        }
        skip_one(test, "a tmpfs cannot be mounted; root may", REQUIRED);
        None
    }

    /// Fills it to the last byte.
    ///
    /// # Panics
    /// It cannot be filled.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("a file can be made");
        for piece in [&[0_u8; 1 << 16][..], &[0_u8]] {
            let full = loop {
                if let Err(full) = filler.write_all(piece) {
                    break full;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
    }

    /// Frees the space that [`fill`](Self::fill) used.
    ///
    /// # Panics
    /// It was not filled.
    pub fn free(&self) {
        fs::remove_file(self.filler()).expect("it was filled");
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process that is about to end may have open files there: they go with it.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(&self.folder)
            .status();
        let _ = fs::remove_dir(&self.folder);
    }
}
