//! The things that go wrong in the soak, and right again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::Error;
use crate::programs::restaurant::Restaurant;
use crate::report::tell;

/// Holds the database's write lock for ten seconds.
const LOCK: &str = "
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
held.execute('BEGIN IMMEDIATE')
time.sleep(10)
held.execute('ROLLBACK')
";

/// The paths of libfaketime on Debian.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/// Enough room for an evening's orders, yet quickly filled.
const DISK: &str = "size=256m";

/// How much is written at once to fill it.
const BLOCK: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    KitchenAway,
    KitchenBack,
    /// The clock of all processes is an hour ahead.
    ClockAhead,
    ClockRight,
    /// Another process holds the write lock of the orders' database.
    Locked,
    DiskFull,
    DiskFreed,
}

/// A small file system in memory, unmounted when it is dropped.
pub(super) struct Tmpfs(PathBuf);

impl Tmpfs {
    /// Gives `None`, and says so, if mounting is not allowed.
    pub(super) fn mount(folder: &Path) -> Result<Option<Self>, Error> {
        fs::create_dir_all(folder)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", DISK, "tmpfs"])
            .arg(folder)
            .status();
        if mounted.is_ok_and(|mounted| mounted.success()) {
            return Ok(Some(Self(folder.to_owned())));
        }
        let why = "SKIPPED: no disk will be full, since a tmpfs can be mounted by root alone";
        tell(why)?;
        Ok(None)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn fill(&self) -> Result<(), Error> {
        let mut file = File::create(self.filler())?;
        loop {
            match file.write_all(&[1; BLOCK]) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Processes that write into it have been killed by now. Even a busy mount is detached
        // (`-l`).
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The clock that all processes see, set through a file.
pub(super) struct Clock {
    library: &'static str,
    file: PathBuf,
}

impl Clock {
    /// Gives `None`, and says so, if the library is not installed.
    pub(super) fn install(folder: &Path) -> Result<Option<Self>, Error> {
        let found = LIBRARIES
            .into_iter()
            .find(|library| Path::new(library).exists());
        let Some(library) = found else {
            let why = "SKIPPED: no clock will be wrong, since libfaketime is not there (apt-get install faketime)";
            tell(why)?;
            return Ok(None);
        };
        let file = folder.join("clock");
        let clock = Self { library, file };
        clock.set("+0")?;
        Ok(Some(clock))
    }

    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            // For this many seconds, the file is not read again.
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            // Only the wall clock is wrong, as when somebody sets it.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    fn set(&self, offset: &str) -> Result<(), Error> {
        // Renamed into place, so that no process reads half of it.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{offset}\n"))?;
        Ok(fs::rename(new, &self.file)?)
    }
}

/// The restaurant and the tools to disturb it.
pub(super) struct Stage<'s, 'p> {
    restaurant: &'s mut Restaurant<'p>,
    clock: Option<&'s Clock>,
    disk: Option<&'s Tmpfs>,
    database: PathBuf,
    lock: Option<Child>,
}

impl<'s, 'p> Stage<'s, 'p> {
    pub(super) fn new(
        restaurant: &'s mut Restaurant<'p>,
        clock: Option<&'s Clock>,
        disk: Option<&'s Tmpfs>,
    ) -> Self {
        let database = restaurant.folder("order-service").join("order-service.db");
        Self {
            restaurant,
            clock,
            disk,
            database,
            lock: None,
        }
    }

    /// Does `act` and gives a description of it.
    pub(super) async fn play(&mut self, act: Act) -> Result<&'static str, Error> {
        Ok(match act {
            Act::KitchenAway => {
                self.restaurant.kill("kitchen-mock");
                "the kitchen is killed"
            }
            Act::KitchenBack => {
                self.restaurant.start("kitchen-mock").await?;
                "the kitchen is back"
            }
            Act::ClockAhead => self.set_clock("+3600", "the clock goes an hour ahead")?,
            Act::ClockRight => self.set_clock("+0", "the clock is set right")?,
            Act::Locked => {
                self.let_go();
                let mut lock = Command::new("python3");
                let held = lock.args(["-c", LOCK]).arg(&self.database).spawn();
                self.lock = Some(held.map_err(|error| format!("python3: {error}"))?);
                "somebody holds the lock of the orders' database for 10 s"
            }
            Act::DiskFull => match self.disk {
                Some(disk) => disk.fill().map(|()| "the disk of the orders is full")?,
                None => "SKIPPED: the disk is not filled",
            },
            Act::DiskFreed => match self.disk {
                Some(disk) => {
                    fs::remove_file(disk.filler())?;
                    "the disk has room again"
                }
                None => "SKIPPED: the disk was not filled",
            },
        })
    }

    fn set_clock(&self, offset: &str, done: &'static str) -> Result<&'static str, Error> {
        match self.clock {
            Some(clock) => clock.set(offset).map(|()| done),
            None => Ok("SKIPPED: the clock is left as it is"),
        }
    }

    fn let_go(&mut self) {
        if let Some(mut lock) = self.lock.take() {
            // It has usually ended by itself.
            let _ = lock.kill();
            let _ = lock.wait();
        }
    }
}

impl Drop for Stage<'_, '_> {
    fn drop(&mut self) {
        self.let_go();
    }
}
