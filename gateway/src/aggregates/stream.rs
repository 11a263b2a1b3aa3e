//! The stream of an aggregate: server-sent events (WHATWG HTML, "Server-sent events"), one for each
//! change.
//!
//! After the answer that is declared as the end, a last event says so and the stream ends: a browser
//! reconnects to a stream that merely ends. The stream merely ends if a required part is refused, so
//! that the browser reconnects and is told why, and when the gateway stops.
//!
//! Each event has an id. A client that connects again and names the last one in `Last-Event-ID` is
//! told only what has changed since, by whichever gateway it reaches.

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

use super::compose::Answer;
use super::gather::{Gathered, Gatherer};
use super::poll;
use super::settings::EventsSettings;
use super::shared::Latest;
use super::watches::{StreamPermit, Watches};
use crate::http::server_sent;

/// The longest silence. Proxies give up a connection that is idle for half a minute or a minute,
/// and only a write shows that the client has gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long the clients of a gateway that stops wait before they connect again: at least this, and a
/// random part of the spread, so that they do not come all at once. Browsers use it for every later
/// try too.
const LEAST_WAIT: Duration = Duration::from_millis(500);
const SPREAD: Duration = Duration::from_secs(2);

/// A comment, which browsers ignore.
const BEAT: Bytes = Bytes::from_static(b": \n\n");

/// A client that watches.
pub(super) struct Watcher {
    pub(super) gatherer: Rc<Gatherer>,
    pub(super) events: Arc<Events>,
    pub(super) receiver: watch::Receiver<Latest<Gathered>>,
    pub(super) latest: Arc<Gathered>,
    pub(super) draining: Draining,
    pub(super) _permit: StreamPermit,
    /// Whether the latest result is still to be shown.
    pub(super) is_news: bool,
    /// Whether the last bytes were sent.
    pub(super) has_ended: bool,
}

/// The streams of one aggregate.
pub(super) struct Events {
    pub(super) settings: EventsSettings,
    pub(super) watches: Arc<Watches>,
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
                return Some(self.event(answer));
            }
            if self.has_ended || self.latest.is_last() {
                return None;
            }
            match wait(&mut self.receiver, &self.draining).await {
                Event::News => {
                    let latest = self.receiver.borrow_and_update().clone();
                    latest.into_iter().for_each(|gathered| self.show(gathered));
                }
                Event::Silence => return Some(BEAT),
                Event::Deserted => {
                    let watches = &self.events.watches;
                    let joined = poll::join(&self.gatherer, watches, &self.draining).await;
                    let (receiver, gathered) = joined.ok()?;
                    self.receiver = receiver;
                    self.show(gathered);
                }
                Event::Stop => {
                    self.has_ended = true;
                    let wait = LEAST_WAIT + SPREAD.mul_f64(rand::random());
                    return Some(server_sent::reconnect_after(wait));
                }
            }
        }
    }

    fn show(&mut self, gathered: Arc<Gathered>) {
        self.is_news = gathered.differs(&self.latest);
        self.latest = gathered;
    }

    fn event(&self, answer: &Answer) -> Bytes {
        let settings = &self.events.settings;
        let end = settings.end.as_ref().filter(|_| answer.is_final);
        let id = answer.id();
        event(
            (&settings.name, &id),
            &answer.json,
            end.map(|end| &*end.event),
        )
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

/// `end` is the name of the event that follows the last one.
fn event((name, id): (&str, &str), json: &[u8], end: Option<&str>) -> Bytes {
    let mut event = server_sent::id_line(id).into_bytes();
    event.extend(server_sent::event(name, json));
    if let Some(end) = end {
        event.extend(server_sent::event(end, b"{}"));
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
        let news = ("news", "7");
        assert_eq!(event(news, b"{}", None), "id: 7\nevent: news\ndata: {}\n\n");
        assert_eq!(
            event(news, b"{\n \"a\": 1\r\n}", Some("fin")),
            "id: 7\nevent: news\ndata: {\ndata:  \"a\": 1\ndata: \ndata: }\n\nevent: fin\ndata: {}\n\n"
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
