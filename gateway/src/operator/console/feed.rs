//! Sends the console one event a second. All open pages share it, and it is made only while there
//! are any.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use service_kit::serve::Draining;
use tokio::sync::watch;
use tokio::time::interval;

use super::reading::Reading;
use super::snapshot;
use crate::http::server_sent::event;
use crate::operator::Operator;

/// The time between two events.
const PERIOD: Duration = Duration::from_secs(1);

/// Holds the latest event.
pub(crate) struct Feed(watch::Sender<Bytes>);

impl Default for Feed {
    fn default() -> Self {
        Self(watch::Sender::new(Bytes::new()))
    }
}

/// One open page.
struct Watcher {
    hello: Option<Bytes>,
    latest: watch::Receiver<Bytes>,
    draining: Draining,
}

impl Feed {
    /// Sends a greeting, then every event, until the server stops or the page goes away.
    pub(super) fn join(
        &self,
        hello: &str,
        draining: Draining,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + 'static {
        let watcher = Watcher {
            hello: Some(event("hello", hello.as_bytes()).into()),
            latest: self.0.subscribe(),
            draining,
        };
        Box::pin(unfold(watcher, |mut watcher| async {
            let event = watcher.next().await?;
            Some((Ok(event), watcher))
        }))
    }
}

impl Watcher {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(hello) = self.hello.take() {
            return Some(hello);
        }
        tokio::select! {
            changed = self.latest.changed() => changed.ok().map(|()| self.latest.borrow_and_update().clone()),
            () = self.draining.begun() => None,
        }
    }
}

/// Sends the events until the server drains.
pub(crate) async fn run(operator: Operator, draining: Draining) {
    let (site, feed) = (&operator.site, &operator.feed);
    let mut ticks = interval(PERIOD);
    let mut before = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = draining.begun() => return,
        }
        if feed.0.receiver_count() == 0 {
            if before.take().is_some() {
                site.recent.stop();
            }
            continue;
        }
        let now = Reading::of(&site.metrics.registry);
        let seen = site.recent.take();
        if let Some(before) = &before {
            let data = snapshot::between(&operator, (before, &now), &seen, Instant::now());
            feed.0
                .send_replace(event("snapshot", data.as_bytes()).into());
        }
        before = Some(now);
    }
}
