//! Stores messages for other services until they have taken them (the transactional outbox).
//!
//! A message is written in the same transaction as the change that it reports, so neither exists
//! without the other. It is deleted when its recipient has taken it. Delivery is at least once: a
//! process that dies between the answer and the deletion sends the message again. Messages of one
//! topic go out one after the other, in the order of their steps; topics and recipients do not wait
//! for each other.
//!
//! `rows` is the table, `claim` selects the messages to try next, `clock` measures the waits,
//! `pace` decides how many to try and when, `recipient` sends one and reads its answer, `dispatch`
//! runs all of this, and `lag` reports how far behind each recipient is.

mod claim;
pub mod clock;
mod dispatch;
mod lag;
mod message;
mod pace;
mod recipient;
mod rows;

use std::sync::Arc;

use sqlx::AnyConnection;
use tokio::sync::Notify;

use crate::database::{Database, MigrationFile, Migrations, Statement};
use crate::serve::Draining;
use crate::trace::{self, Kind, Trace, Value};

use clock::Clock;
pub use lag::metrics_answer;
pub use message::Message;
pub use recipient::{OnImpossible, Recipient, Verdict};

/// The outbox's own table, beside those of the service.
pub const MIGRATIONS: Migrations = Migrations {
    table: "_outbox_migrations",
    steps: &[
        MigrationFile(
            "outbox",
            include_str!("../migrations/outbox/0001_outbox.sql"),
        ),
        MigrationFile("trace", include_str!("../migrations/outbox/0002_trace.sql")),
        MigrationFile("lanes", include_str!("../migrations/outbox/0003_lanes.sql")),
    ],
};

/// Every worker has a clone; clones share the recipients.
#[derive(Clone, Debug)]
pub struct Outbox {
    database: Database,
    clock: Clock,
    queues: Arc<[Queue]>,
}

#[derive(Debug)]
struct Queue {
    recipient: Recipient,
    /// Notified when a message has been written, so that the next look at the table need not be
    /// awaited.
    written: Notify,
}

/// A message for every recipient.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// Messages of one topic go out in order. An order's id.
    pub topic: &'a str,
    /// The position within the topic. A step that is already waiting is not written twice.
    pub step: u8,
    pub body: &'a str,
}

impl Outbox {
    /// Without recipients, nothing is written.
    #[must_use]
    pub fn new(database: Database, recipients: Vec<Recipient>) -> Self {
        let queues = recipients.into_iter().map(|recipient| Queue {
            recipient,
            written: Notify::new(),
        });
        Self {
            clock: Clock::of(&database),
            database,
            queues: queues.collect(),
        }
    }

    #[must_use]
    pub fn has_recipients(&self) -> bool {
        !self.queues.is_empty()
    }

    /// Writes a message in the transaction of the change that it reports. After the commit, call
    /// [`wake`](Self::wake).
    ///
    /// # Errors
    /// The database fails, and the transaction with it.
    pub async fn put(&self, connection: &mut AnyConnection, news: News<'_>) -> sqlx::Result<()> {
        if !self.has_recipients() {
            return Ok(());
        }
        // Its recipients' spans are within this one.
        let mut span = trace::open(Kind::Producer);
        if let Some(span) = &mut span {
            span.name("create outbox");
            span.set("messaging.system", "outbox");
            span.set("messaging.operation.name", "create");
            span.set("messaging.operation.type", "create");
            span.set("messaging.message.conversation_id", Value::copy(news.topic));
        }
        let trace = span.as_ref().map(Trace::under).or_else(Trace::current);
        let trace = trace.as_ref().map_or("", Trace::as_str);
        let mut insert = Statement::new(
            "INSERT INTO outbox (recipient, topic, step, body, trace, created_at, due_at, attempts) VALUES ",
        );
        for (index, queue) in self.queues.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            insert.bind(queue.recipient.name).push(", ");
            insert.bind(news.topic).push(", ");
            insert.bind(i32::from(news.step)).push(", ");
            insert.bind(news.body).push(", ");
            insert.bind(trace).push(", ");
            self.clock.push_now(&mut insert);
            insert.push(", ");
            self.clock.push_now(&mut insert);
            insert.push(", 0)");
        }
        insert.push(" ON CONFLICT (recipient, topic, step) DO NOTHING");
        insert.build()?.execute(connection).await?;
        Ok(())
    }

    /// The topics with messages that wait for a recipient, each with its furthest step.
    ///
    /// # Errors
    /// The database fails.
    pub async fn furthest_steps(&self, recipient: &str) -> sqlx::Result<Vec<(String, u8)>> {
        rows::furthest_steps(&self.database, recipient).await
    }

    /// Whether a message of this step waits, in any topic and for any recipient.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_waiting(&self, step: u8) -> sqlx::Result<bool> {
        rows::is_waiting(&self.database, step).await
    }

    /// Sends the written messages right away.
    pub fn wake(&self) {
        for queue in self.queues.iter() {
            queue.written.notify_one();
        }
    }

    /// Sends messages until a stop is requested, then finishes those in flight.
    pub async fn run(self, draining: Draining) {
        if let Err(error) = self.correct_dates().await {
            log::error!("messages in flight at the last stop wait until their leases end: {error}");
        }
        let dispatchers = self
            .queues
            .iter()
            .map(|queue| dispatch::run(&self.database, self.clock, queue, &draining));
        let dispatchers = futures_util::future::join_all(dispatchers);
        futures_util::future::join(dispatchers, lag::watch(&self, &draining)).await;
    }

    /// Ends old claims: on a database of its own, a process that claimed a message before is dead.
    async fn correct_dates(&self) -> sqlx::Result<()> {
        let now = self.clock.now(&self.database).await?;
        if self.database.is_shared() {
            rows::cap_waits(&self.database, now).await
        } else {
            rows::release(&self.database, now).await
        }
    }
}
