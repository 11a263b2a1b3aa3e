//! Keeps the last good answers in a file too (`[cache] file`), so that a gateway that starts during
//! an outage has them.
//!
//! 1. Before it listens, it reads the file. The answers of rows that are the same come back, stale.
//! 2. Beside the workers, it writes the file a few seconds after an answer was stored, and sooner
//!    after one was made out of date ([`pace`]). Requests never wait for it.
//! 3. When the gateway stops, it writes once more what has changed.
//!
//! The file helps and is not needed: if it cannot be read or written, a warning says so, and the
//! gateway goes on without it.

mod disk;
mod pace;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use service_kit::serve::Draining;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::answer::site::{Live, Site};

use pace::{EVERY, Pace};

/// The file's own words, beside its answers. Each answer takes fewer bytes in the file than in
/// memory.
const OVERHEAD: u64 = 1024;

/// The writing of the file.
pub(super) struct LastGood {
    live: Live,
    pace: RefCell<Pace>,
    /// Whether the last try failed. The first failure of a run is logged.
    has_failed: Cell<bool>,
}

impl LastGood {
    /// Reads the file. `most` is the size of the cache.
    pub(super) fn of(live: Live, most: u64) -> Self {
        let site = live.site();
        let mut has_failed = false;
        if let Some(file) = &site.last_good {
            restore(&site, file, most.saturating_add(OVERHEAD));
            if let Err(error) = disk::check(file) {
                warn(file, &error);
                has_failed = true;
            }
        }
        let pace = Pace::new(site.cache.changes(), Instant::now());
        Self {
            live,
            pace: RefCell::new(pace),
            has_failed: Cell::new(has_failed),
        }
    }

    /// Writes the file of the site that answers now whenever it is due, until the gateway drains.
    pub(super) async fn run(&self, draining: Draining) {
        let mut live = self.live.clone();
        let mut looks = interval(EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = draining.begun() => break,
                // Its rows may be others, and so may its file.
                () = live.wait() => self.pace.borrow_mut().forget(),
                _ = looks.tick() => {
                    let changes = live.site().cache.changes();
                    if self.pace.borrow().is_due(changes, Instant::now()) {
                        self.write(live.site()).await;
                    }
                }
            }
        }
        // The requests in flight may take so long that the process is killed before their end.
        self.finish().await;
    }

    /// Writes what has changed since the last time.
    pub(super) async fn finish(&self) {
        let site = self.live.site();
        if self.pace.borrow().has_changed(site.cache.changes()) {
            self.write(site).await;
        }
    }

    async fn write(&self, site: Arc<Site>) {
        let Some(file) = site.last_good.clone() else {
            return;
        };
        // What is stored from now on may not be in the file.
        let changes = site.cache.changes();
        let began = Instant::now();
        let written = spawn_blocking(move || write(&site, &file));
        let written = written.await.unwrap_or_else(|error| Err(error.into()));
        let now = Instant::now();
        let is_written = written.is_ok();
        self.pace
            .borrow_mut()
            .tried(is_written.then_some(changes), now - began, now);
        let had_failed = self.has_failed.replace(!is_written);
        match written {
            Ok(()) if had_failed => log::info!("the last good answers are kept in the file again"),
            Err(error) if !had_failed => {
                if let Some(file) = &self.live.site().last_good {
                    warn(file, &error);
                }
            }
            _ => {}
        }
    }
}

fn warn(file: &Path, error: &io::Error) {
    let file = file.display();
    log::warn!(
        "the last good answers are not kept in {file} (cache.file): {error}; \
         give them a file of their own, in a folder where the gateway may create files"
    );
}

fn write(site: &Site, file: &Path) -> io::Result<()> {
    let count = disk::replace(file, |to| site.cache.save(to))?;
    log::debug!(
        "{count} last good answers are written to {}",
        file.display()
    );
    Ok(())
}

/// Takes the answers of the file back, or warns why not.
fn restore(site: &Site, file: &Path, most: u64) {
    let name = file.display();
    let saved = disk::read(file, most).map_err(|error| error.to_string());
    let restored = saved.and_then(|saved| {
        let restored = saved.map(|saved| site.cache.restore(&saved));
        restored.transpose().map_err(|broken| broken.to_string())
    });
    match restored {
        Ok(Some(restored)) => {
            let (answers, ignored) = (restored.answers, restored.ignored);
            let since = humantime::format_duration(Duration::from_secs(restored.since.as_secs()));
            log::info!(
                "{answers} last good answers come from {name}, written {since} ago; \
                 {ignored} others are too old or of another row"
            );
        }
        Ok(None) => {}
        Err(reason) => {
            log::warn!("the last good answers in {name} (cache.file) are ignored: {reason}")
        }
    }
}
