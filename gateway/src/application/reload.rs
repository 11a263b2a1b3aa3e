//! Replaces the running configuration: reads it again, builds it, and lets it answer new requests.
//!
//! A configuration that is not valid changes nothing. Requests under way end by the one that they
//! began with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use service_kit::program::chain;
use service_kit::serve::{Draining, Hangups};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::answer::site::Site;
use crate::application::site::Built;
use crate::config::against::{Change, compare};
use crate::config::{Config, Source};
use crate::operator::config::{AskedReload, ConfigState, Refused, Reloaded};
use crate::settings::limits::Limits;
use crate::settings::stamp::{Changes, Stamps};

/// How often the files are checked for a change.
const LOOK: Duration = Duration::from_secs(1);

/// The time after which a refused file that is watched is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How many changes are logged.
const SHOWN: usize = 50;

const CHANGED: &str = "a file has changed";

/// Everything that a reload needs.
pub(super) struct Reloading {
    pub(super) source: Source,
    pub(super) built: Built,
    pub(super) live: watch::Sender<Arc<Site>>,
    pub(super) state: Arc<ConfigState>,
    /// The limits that the listener began with.
    pub(super) listening: Limits,
}

impl Reloading {
    /// Reloads when the operator asks, by a SIGHUP, and when a watched file has changed, until the
    /// gateway drains.
    pub(super) async fn run(
        mut self,
        mut asked: mpsc::Receiver<AskedReload>,
        mut hangups: Option<Hangups>,
        draining: Draining,
    ) {
        let mut files = Watched::of(&self.built.config);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (answer, cause) = tokio::select! {
                () = draining.begun() => return,
                Some(answer) = asked.recv() => (Some(answer), "POST /config"),
                () = next(&mut hangups) => (None, "SIGHUP"),
                _ = looks.tick() => {
                    if !files.have_changed() {
                        continue;
                    }
                    (None, CHANGED)
                }
            };
            let before = files.now();
            let outcome = self.reload(cause);
            self.state.note(&outcome);
            files.were_read(&self.built.config, before, outcome.is_err());
            if let Some(answer) = answer {
                // Whoever asked may have left.
                let _ = answer.send(outcome);
            }
        }
    }

    fn reload(&mut self, cause: &str) -> Result<Reloaded, Refused> {
        let outcome = self.replace();
        match &outcome {
            Ok(reloaded) => log(reloaded, cause),
            // While a refused file is tried again and again, it is told once.
            Err(refused) if cause != CHANGED || !self.state.is_known(refused) => log::error!(
                "the configuration is not reloaded ({cause}), the running one stays: {}",
                refused.0
            ),
            Err(_) => {}
        }
        outcome
    }

    fn replace(&mut self) -> Result<Reloaded, Refused> {
        let config = Arc::new(self.source.load_again(&self.built.config)?);
        let built = self.built.succeeding(&config);
        let built = built.map_err(|error| Refused(chain(error.as_ref()).to_string()))?;
        let changes = compare(&self.built.config, &config);
        self.built = built;
        self.live.send_replace(Arc::clone(&self.built.site));
        self.built.settle();
        Ok(Reloaded {
            file: config.origin.name.clone(),
            hash: config.origin.hash.clone(),
            worse: changes.iter().filter(|change| change.is_worse()).count(),
            changes,
            needs_restart: config.limits.needing_restart(&self.listening),
        })
    }
}

async fn next(hangups: &mut Option<Hangups>) {
    match hangups {
        Some(hangups) => hangups.next().await,
        None => std::future::pending().await,
    }
}

fn log(reloaded: &Reloaded, cause: &str) {
    let Reloaded { file, hash, .. } = reloaded;
    log::info!("the configuration is reloaded ({cause}): {file}, {hash}");
    for change in reloaded.changes.iter().take(SHOWN) {
        log_change(change);
    }
    let more = reloaded.changes.len().saturating_sub(SHOWN);
    if more > 0 {
        log::warn!("{more} more changes for an outage; gateway check --against prints all");
    }
    for key in &reloaded.needs_restart {
        log::warn!("{key} takes effect only when the gateway is started again");
    }
}

fn log_change(change: &Change) {
    let level = if change.is_worse() {
        log::Level::Warn
    } else {
        log::Level::Info
    };
    let (verdict, subject, when) = (change.verdict.as_str(), change.subject(), change.when());
    let Change { before, after, .. } = change;
    log::log!(
        level,
        "in an outage, {verdict}: {subject}, {when}: {before} -> {after}"
    );
}

/// The files of the configuration, if they are watched.
struct Watched {
    files: Vec<PathBuf>,
    changes: Changes,
    is_on: bool,
    /// When a file that was refused is tried again: it may name another one that was missing.
    again: Option<Instant>,
}

impl Watched {
    fn of(config: &Config) -> Self {
        let files = config.origin.files.clone();
        let now = stamps(&files);
        let read = match config.origin.began {
            Some(began) => now.unchanged_since(began),
            None => now,
        };
        Self {
            changes: Changes::since(read),
            files,
            is_on: config.is_watched,
            again: None,
        }
    }

    fn now(&self) -> Stamps {
        stamps(&self.files)
    }

    fn have_changed(&mut self) -> bool {
        let is_due = self.changes.are_due(stamps(&self.files));
        let is_again = self.again.is_some_and(|again| again <= Instant::now());
        self.is_on && (is_due || is_again)
    }

    /// `before` are the stamps of before the reading, so that a change in between is noticed.
    fn were_read(&mut self, config: &Config, before: Stamps, is_refused: bool) {
        if self.files == config.origin.files {
            self.changes = Changes::since(before);
        } else {
            *self = Self::of(config);
        }
        self.again = is_refused.then(|| Instant::now() + AGAIN);
    }
}

fn stamps(files: &[PathBuf]) -> Stamps {
    Stamps::of(files.iter().map(PathBuf::as_path))
}
