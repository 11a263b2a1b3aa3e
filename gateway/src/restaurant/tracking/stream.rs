//! The stream of an order's tracking: server-sent events (WHATWG HTML, "Server-sent events"), one
//! for each change.
//!
//! After a finished order, a last event says so and the stream ends: a browser reconnects to a
//! stream that merely ends. The stream merely ends if the order is refused, so that the browser
//! reconnects and is told why, and when the gateway stops.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use service_kit::serve::Draining;
use tokio::sync::watch;
use tokio::time::sleep;

use super::inquiry::{Inquiry, Round};
use super::poll;
use super::shared::Latest;
use super::watches::StreamPermit;
use crate::http::server_sent;

/// The longest silence. Proxies give up a connection that is idle for half a minute or a minute,
/// and only a write shows that the client has gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A comment, which browsers ignore.
const BEAT: Bytes = Bytes::from_static(b": \n\n");

/// A client that watches an order.
pub(super) struct Watcher {
    pub(super) inquiry: Rc<Inquiry>,
    pub(super) receiver: watch::Receiver<Latest<Round>>,
    pub(super) latest: Arc<Round>,
    pub(super) draining: Draining,
    pub(super) _permit: StreamPermit,
    /// Whether the latest result is still to be shown.
    pub(super) is_news: bool,
}

/// The event that a watcher waited for.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    News,
    /// Nothing came for so long that something has to be sent.
    Silence,
    /// The task that asked has ended.
    Deserted,
    Stop,
}

impl Watcher {
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, |mut watcher| async {
            let bytes = watcher.next().await?;
            Some((Ok(bytes), watcher))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.is_news {
                self.is_news = false;
                let answer = self.latest.verdict.as_ref().ok()?;
                return Some(event(&answer.json, answer.is_final()));
            }
            if self.latest.is_last() {
                return None;
            }
            match wait(&mut self.receiver, &self.draining).await {
                Event::News => {
                    let latest = self.receiver.borrow_and_update().clone();
                    latest.into_iter().for_each(|round| self.show(round));
                }
                Event::Silence => return Some(BEAT),
                Event::Deserted => {
                    let (receiver, round) = poll::join(&self.inquiry, &self.draining).await.ok()?;
                    self.receiver = receiver;
                    self.show(round);
                }
                Event::Stop => return None,
            }
        }
    }

    fn show(&mut self, round: Arc<Round>) {
        self.is_news = round.differs(&self.latest);
        self.latest = round;
    }
}

async fn wait<T>(receiver: &mut watch::Receiver<T>, draining: &Draining) -> Event {
    tokio::select! {
        biased;
        () = draining.begun() => Event::Stop,
        changed = receiver.changed() => match changed {
            Ok(()) => Event::News,
            Err(_) => Event::Deserted,
        },
        () = sleep(HEARTBEAT) => Event::Silence,
    }
}

fn event(json: &[u8], is_final: bool) -> Bytes {
    let mut event = server_sent::event("suivi", json);
    if is_final {
        event.extend(server_sent::event("fin", b"{}"));
    }
    event.into()
}

#[cfg(test)]
mod tests {
    use service_kit::serve::Draining;
    use tokio::sync::watch;
    use tokio::time::Instant;

    use super::{Event, HEARTBEAT, event, wait};

    #[test]
    fn an_event_is_framed_line_by_line_and_the_last_is_marked() {
        assert_eq!(event(b"{}", false), "event: suivi\ndata: {}\n\n");
        assert_eq!(
            event(b"{\n \"a\": 1\r\n}", true),
            "event: suivi\ndata: {\ndata:  \"a\": 1\ndata: \ndata: }\n\nevent: fin\ndata: {}\n\n"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_is_broken_in_time() {
        let (_sender, mut receiver) = watch::channel(());
        let began = Instant::now();
        let waited = wait(&mut receiver, &Draining::default()).await;
        assert_eq!((waited, began.elapsed()), (Event::Silence, HEARTBEAT));
    }

    #[tokio::test(start_paused = true)]
    async fn news_a_desertion_and_a_stop_end_the_wait_at_once() {
        let (sender, mut receiver) = watch::channel(());
        let draining = Draining::default();
        let began = Instant::now();
        sender.send_replace(());
        assert_eq!(wait(&mut receiver, &draining).await, Event::News);
        drop(sender);
        assert_eq!(wait(&mut receiver, &draining).await, Event::Deserted);
        draining.begin();
        assert_eq!(wait(&mut receiver, &draining).await, Event::Stop);
        assert!(began.elapsed().is_zero());
    }
}
