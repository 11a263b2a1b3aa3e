//! What a service has to tell others, kept until they have taken it (the transactional outbox).
//!
//! A message is written in the transaction of the change that it tells of, so that neither exists without the other,
//! and is deleted when its recipient has taken it. Delivery is at least once: a process that dies between the answer and
//! the deletion sends again. Messages about one topic go out one after the other in the order of their steps; topics do
//! not wait for each other, and neither do recipients.
//!
//! `rows` is the table, `claim` takes from it what is tried next, `clock` is the time that waits are measured by, `pace`
//! decides how much is tried and when, `link` is what is sent and how an answer is understood, `dispatch` does it, `lag`
//! tells how far behind each recipient is.

mod claim;
mod clock;
mod dispatch;
mod lag;
mod link;
mod message;
mod pace;
mod rows;

use std::sync::Arc;

use sqlx::AnyConnection;
use tokio::sync::Notify;

use crate::database::{Database, Migrations, Statement, Step};
use crate::serve::Draining;
use crate::trace::Trace;

use clock::Clock;
pub(crate) use lag::answer;
pub use link::{Link, Verdict};
pub use message::Message;

/// The outbox's own table, beside those of the service.
pub const MIGRATIONS: Migrations = Migrations {
    table: "_outbox_migrations",
    steps: &[
        Step(
            "outbox",
            include_str!("../migrations/outbox/0001_outbox.sql"),
        ),
        Step("trace", include_str!("../migrations/outbox/0002_trace.sql")),
        Step("lanes", include_str!("../migrations/outbox/0003_lanes.sql")),
    ],
};

/// Handed to every worker; its copies share the recipients.
#[derive(Clone, Debug)]
pub struct Outbox {
    database: Database,
    clock: Clock,
    recipients: Arc<[Recipient]>,
}

#[derive(Debug)]
struct Recipient {
    link: Link,
    /// Told when a message has been written, so that it need not wait for the next look at the table.
    written: Notify,
}

/// What is to be told, to every recipient alike.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// What messages are kept in order by: an order's id.
    pub topic: &'a str,
    /// Its place among the messages of its topic. A step that is waiting already is not written twice.
    pub step: u8,
    pub body: &'a str,
}

impl Outbox {
    /// Without links there is nobody to tell, and nothing is written.
    #[must_use]
    pub fn new(database: Database, links: Vec<Link>) -> Self {
        let recipients = links.into_iter().map(|link| Recipient {
            link,
            written: Notify::new(),
        });
        Self {
            clock: Clock::of(&database),
            database,
            recipients: recipients.collect(),
        }
    }

    /// Whether there is anybody to tell.
    #[must_use]
    pub fn has_recipients(&self) -> bool {
        !self.recipients.is_empty()
    }

    /// Writes the news in the transaction of the change that it tells of. After the commit, call [`wake`](Self::wake).
    ///
    /// # Errors
    /// The database fails, and the transaction with it.
    pub async fn put(&self, connection: &mut AnyConnection, news: News<'_>) -> sqlx::Result<()> {
        if !self.has_recipients() {
            return Ok(());
        }
        let trace = Trace::current();
        let trace = trace.as_ref().map_or("", Trace::as_str);
        let mut insert = Statement::new(
            "INSERT INTO outbox (recipient, topic, step, body, trace, created_at, due_at, attempts) VALUES ",
        );
        for (index, recipient) in self.recipients.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            insert.bind(recipient.link.name).push(", ");
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

    /// The topics of which a recipient has something yet to hear, each with its furthest step.
    ///
    /// # Errors
    /// The database fails.
    pub async fn furthest_steps(&self, recipient: &str) -> sqlx::Result<Vec<(String, u8)>> {
        rows::furthest_steps(&self.database, recipient).await
    }

    /// Has what was written sent right away.
    pub fn wake(&self) {
        for recipient in self.recipients.iter() {
            recipient.written.notify_one();
        }
    }

    /// Sends whatever is written until a stop is asked for, then finishes what is under way.
    pub async fn run(self, draining: Draining) {
        if let Err(error) = self.set_right().await {
            log::error!("what was under way cannot be taken up before its lease ends: {error}");
        }
        let dispatchers = self
            .recipients
            .iter()
            .map(|recipient| dispatch::run(&self.database, self.clock, recipient, &draining));
        let dispatchers = futures_util::future::join_all(dispatchers);
        futures_util::future::join(dispatchers, lag::watch(&self, &draining)).await;
    }

    /// Whoever claimed a message on a database of our own is dead.
    async fn set_right(&self) -> sqlx::Result<()> {
        let now = self.clock.now(&self.database).await?;
        if self.database.is_shared() {
            rows::cap_waits(&self.database, now).await
        } else {
            rows::release(&self.database, now).await
        }
    }
}
