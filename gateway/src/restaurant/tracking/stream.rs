//! The answer that goes on: server-sent events (WHATWG HTML, "Server-sent events"), one whenever there is news.
//!
//! It ends with the order, after an event that says so, since a browser comes back to a stream that merely ends. It
//! merely ends when the order is refused, so that the browser comes back and is told why, and when the gateway stops.

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

/// How often something is sent at least: proxies give up a connection on which nothing is for a minute or half of
/// one, and only by writing is it found out that the client has gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A comment, which a browser makes nothing of.
const BEAT: Bytes = Bytes::from_static(b": \n\n");

/// One who watches.
pub(super) struct Watcher {
    pub(super) inquiry: Rc<Inquiry>,
    pub(super) receiver: watch::Receiver<Latest<Round>>,
    pub(super) latest: Arc<Round>,
    pub(super) draining: Draining,
    pub(super) _permit: StreamPermit,
    /// Whether the latest is still to be shown.
    pub(super) is_news: bool,
}

/// What one who watches has waited for.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    News,
    /// Nothing, for so long that something has to be sent.
    Silence,
    /// Who asked has gone.
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
    fn an_event_is_framed_line_by_line_and_the_last_says_so() {
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
    async fn news_a_desertion_and_a_stop_are_told_at_once() {
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
