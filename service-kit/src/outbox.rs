//! What a service has to tell others, kept until they have taken it (the transactional outbox).
//!
//! A message is written in the transaction of the change that it tells of, so that neither exists without the other,
//! and is deleted when its recipient has taken it. Delivery is at least once: a process that dies between the answer and
//! the deletion sends again. Messages about one topic go out one after the other in the order of their steps; topics do
//! not wait for each other, and neither do recipients.
//!
//! `rows` is the table, `pace` decides how much is tried and when, `link` is what is sent and how an answer is understood,
//! `dispatch` does it, `lag` tells how far behind each recipient is.

mod dispatch;
mod lag;
mod link;
mod pace;
mod rows;

use std::sync::Arc;

use shared_types::value::Timestamp;
use sqlx::AnyConnection;
use tokio::sync::Notify;

use crate::database::{Database, Migrations, Statement, Step};
use crate::serve::Draining;
use crate::trace::Trace;

pub use link::{Link, Verdict};
pub use rows::Message;

/// The outbox's own table, beside those of the service.
pub const MIGRATIONS: Migrations = Migrations {
    table: "_outbox_migrations",
    steps: &[
        Step(
            "outbox",
            include_str!("../migrations/outbox/0001_outbox.sql"),
        ),
        Step("trace", include_str!("../migrations/outbox/0002_trace.sql")),
    ],
};

/// Handed to every worker; its copies share the recipients.
#[derive(Clone, Debug)]
pub struct Outbox {
    database: Database,
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
        let now = Timestamp::now().millis();
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
            insert.bind(now).push(", ").bind(now).push(", 0)");
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
        // Whoever claimed a message on a database of our own is dead.
        if !self.database.is_shared()
            && let Err(error) = rows::release(&self.database).await
        {
            log::error!("what was under way cannot be taken up before its lease ends: {error}");
        }
        let dispatchers = self
            .recipients
            .iter()
            .map(|recipient| dispatch::run(&self.database, recipient, &draining));
        let dispatchers = futures_util::future::join_all(dispatchers);
        futures_util::future::join(dispatchers, lag::watch(&self, &draining)).await;
    }
}
