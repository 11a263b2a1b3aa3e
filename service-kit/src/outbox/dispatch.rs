//! Sends the messages of one recipient: claims them, tries them concurrently, and settles the
//! results together with the next claim.

use std::pin::pin;
use std::time::{Duration, Instant};

use awc::Client;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Queue;
use super::clock::Clock;
use super::message::Message;
use super::pace::{Pace, PaceChange, Room};
use super::recipient::{Tried, Verdict};
use super::rows::{self, Outcome};
use crate::database::Database;
use crate::serve::Draining;

/// How often the table is read without a notification: for messages whose wait is over, and for
/// those of another replica.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// A short pause after an event, so that one transaction serves several events. On a busy day this
/// leaves the database to the requests.
const GATHER: Duration = Duration::from_millis(10);

/// The pause after a database error, which has log lines of its own.
const DATABASE_REST: Duration = Duration::from_secs(1);

/// How often a stop tries to write the last results. What is not written is sent again after the
/// next start.
const LAST_WRITES: u8 = 3;

pub(super) async fn run(database: &Database, clock: Clock, queue: &Queue, draining: &Draining) {
    let dispatcher = Dispatcher {
        database,
        clock,
        queue,
        client: queue.recipient.peer.client(),
    };
    dispatcher.run(draining).await;
}

struct Dispatcher<'a> {
    database: &'a Database,
    clock: Clock,
    queue: &'a Queue,
    client: Client,
}

impl Dispatcher<'_> {
    async fn run(&self, draining: &Draining) {
        let mut pace = Pace::default();
        let mut in_flight = FuturesUnordered::new();
        let mut ended = Vec::new();
        let mut outcomes = Vec::new();
        // Nearly always there are none, and each lane costs a statement in every turn.
        let mut may_have_refused = true;
        let mut last_writes = LAST_WRITES;
        loop {
            let stop = draining.is_on();
            outcomes.extend(ended.drain(..).map(|(message, tried)| {
                let outcome = self.outcome(&message, &tried, &mut pace);
                (message, outcome)
            }));
            let mut room = if stop {
                Room::default()
            } else {
                pace.room(in_flight.len(), Instant::now(), rand::random())
            };
            may_have_refused |= outcomes.iter().any(|(_, outcome)| outcome.is_failed());
            if !may_have_refused {
                room = room.without_refused();
            }
            let turn = rows::turn(self.database, self.clock, self.name(), &outcomes, room);
            let rest = match turn.await {
                Ok(claimed) => {
                    outcomes.clear();
                    may_have_refused = may_have_refused && self.has_refused(&claimed).await;
                    in_flight.extend(claimed.into_iter().map(|message| self.attempt(message)));
                    pace.rest(Instant::now()).unwrap_or(POLL_INTERVAL)
                }
                Err(error) => {
                    // The results are written with the next transaction.
                    log::error!(recipient = self.name(); "the outbox cannot be used: {error}");
                    DATABASE_REST
                }
            };
            if stop && in_flight.is_empty() {
                last_writes -= 1;
                if outcomes.is_empty() || last_writes == 0 {
                    return;
                }
            }
            tokio::select! {
                Some(one) = in_flight.next() => ended.push(one),
                () = self.queue.written.notified() => {}
                () = draining.begun(), if !stop => {}
                () = tokio::time::sleep(rest) => continue,
            }
            let mut gathered = pin!(tokio::time::sleep(GATHER));
            loop {
                tokio::select! {
                    Some(one) = in_flight.next() => ended.push(one),
                    () = &mut gathered => break,
                }
            }
        }
    }

    /// Whether there are messages that were refused before, as far as is known after a claim. In a
    /// shared database, another replica may add one at any time.
    async fn has_refused(&self, claimed: &[Message]) -> bool {
        if self.database.is_shared() || claimed.iter().any(|message| message.attempts > 0) {
            return true;
        }
        // If it cannot be read, there may be some.
        rows::has_refused(self.database, self.name())
            .await
            .unwrap_or(true)
    }

    fn name(&self) -> &'static str {
        self.queue.recipient.name
    }

    async fn attempt(&self, message: Message) -> (Message, Tried) {
        let tried = self.queue.recipient.send(&self.client, &message).await;
        (message, tried)
    }

    fn outcome(&self, message: &Message, tried: &Tried, pace: &mut Pace) -> Outcome {
        let outcome = self.settle(message, tried);
        let (now, random) = (Instant::now(), rand::random());
        let reached = match tried {
            Tried::Unavailable(_) => pace.unreachable(now, random),
            Tried::Answered(_) | Tried::Unanswered(_) => pace.answered(),
        };
        let repeated = match outcome {
            _ if message.attempts == 0 => None,
            Outcome::Settled => pace.repeat_taken(),
            Outcome::Failed { .. } => pace.repeat_refused(now, random),
            Outcome::Untried => None,
        };
        for change in [reached, repeated].into_iter().flatten() {
            self.log_change(change, tried);
        }
        outcome
    }

    fn settle(&self, message: &Message, tried: &Tried) -> Outcome {
        match tried {
            Tried::Unavailable(_) => Outcome::Untried,
            Tried::Answered(answer) => match answer.verdict {
                Verdict::Taken => Outcome::Settled,
                Verdict::Impossible => {
                    let topic = message.topic.as_str();
                    log::warn!(
                        recipient = self.name(), request_id = topic;
                        "a message was refused for good: {}", answer.status
                    );
                    if let Some(impossible) = &self.queue.recipient.impossible {
                        impossible(topic);
                    }
                    Outcome::Settled
                }
                Verdict::Refused => {
                    self.log_once(message, &format!("refused for now: {}", answer.status));
                    let retry_after = answer.retry_after;
                    Outcome::Failed { retry_after }
                }
            },
            Tried::Unanswered(error) => {
                self.log_once(message, &format!("not answered: {error}"));
                Outcome::Failed { retry_after: None }
            }
        }
    }

    fn log_change(&self, change: PaceChange, tried: &Tried) {
        let recipient = self.name();
        match (change, tried) {
            (PaceChange::Lost, Tried::Unavailable(error)) => log::warn!(
                recipient = recipient;
                "cannot be reached, its messages wait: {error}"
            ),
            (PaceChange::Lost, _) => {}
            (PaceChange::Back, _) => log::info!(recipient = recipient; "can be reached again"),
            (PaceChange::Refusing, _) => log::warn!(
                recipient = recipient;
                "refuses all repeated messages, so it gets one of them at a time until it takes one"
            ),
            (PaceChange::Taking, _) => {
                log::info!(recipient = recipient; "takes repeated messages again")
            }
        }
    }

    /// Warns once about a message; later failures are debug lines. `lag` reports how long it has
    /// waited.
    fn log_once(&self, message: &Message, what: &str) {
        let level = match message.attempts {
            0 => log::Level::Warn,
            _ => log::Level::Debug,
        };
        let topic = message.topic.as_str();
        log::log!(level, recipient = self.name(), request_id = topic; "a message was {what}");
    }
}
