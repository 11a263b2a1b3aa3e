//! Sends the console one event a second. All open pages share it, and it is made only while there
//! are any. A page gets the state at once when it opens, and again when a drill begins or ends.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use service_kit::serve::Draining;
use tokio::sync::{Notify, watch};
use tokio::time::interval;

use super::reading::Reading;
use super::{hello, snapshot};
use crate::answer::site::Live;
use crate::http::server_sent::event;
use crate::operator::Operator;

/// The time between two events.
const PERIOD: Duration = Duration::from_secs(1);

pub(crate) struct Feed {
    latest: watch::Sender<Bytes>,
    news: Notify,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            latest: watch::Sender::new(Bytes::new()),
            news: Notify::new(),
        }
    }
}

/// One open page.
struct Watcher {
    operator: Operator,
    live: Live,
    is_greeted: bool,
    latest: watch::Receiver<Bytes>,
    draining: Draining,
}

impl Feed {
    /// Sends a greeting, then every event, until the server stops or the page goes away. After a
    /// reload there is another greeting, since it may have changed.
    pub(super) fn join(
        &self,
        operator: &Operator,
        draining: Draining,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + 'static {
        let watcher = Watcher {
            operator: operator.clone(),
            live: operator.live.clone(),
            is_greeted: false,
            latest: self.latest.subscribe(),
            draining,
        };
        // The first page begins the counting.
        self.wake();
        Box::pin(unfold(watcher, |mut watcher| async {
            let event = watcher.next().await?;
            Some((Ok(event), watcher))
        }))
    }

    /// Has the open pages show the state now.
    pub(crate) fn wake(&self) {
        self.news.notify_one();
    }

    fn send(&self, event: Vec<u8>) {
        self.latest.send_replace(event.into());
    }
}

impl Watcher {
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some(self.greeting().into());
        }
        tokio::select! {
            changed = self.latest.changed() => changed.ok()?,
            () = self.draining.begun() => return None,
        }
        let latest = self.latest.borrow_and_update().clone();
        if self.live.replaced().is_none() {
            return Some(latest);
        }
        let mut both = self.greeting();
        both.extend_from_slice(&latest);
        Some(both.into())
    }

    fn greeting(&self) -> Vec<u8> {
        let mut greeting = event("hello", hello::of(&self.operator).as_bytes());
        greeting.extend(state(&self.operator));
        greeting
    }
}

fn state(operator: &Operator) -> Vec<u8> {
    event("state", snapshot::now(operator, Instant::now()).as_bytes())
}

/// Sends the events until the server drains.
pub(crate) async fn run(operator: Operator, draining: Draining) {
    let feed = &operator.feed;
    // Each reload keeps the same list and counters of requests.
    let site = operator.site();
    let (recent, registry) = (&site.recent, &site.metrics.registry);
    let mut ticks = interval(PERIOD);
    let mut before = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = feed.news.notified() => {
                if before.is_some() {
                    feed.send(state(&operator));
                    continue;
                }
                ticks.reset();
            }
            () = draining.begun() => return,
        }
        if feed.latest.receiver_count() == 0 {
            if before.take().is_some() {
                recent.stop();
            }
            continue;
        }
        let now = Reading::of(registry);
        let seen = recent.take();
        if let Some(before) = &before {
            let data = snapshot::between(&operator, (before, &now), &seen, Instant::now());
            feed.send(event("snapshot", data.as_bytes()));
        }
        before = Some(now);
    }
}
