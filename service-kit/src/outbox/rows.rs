//! The outbox's rows: which may be tried now, and what becomes of them.
//!
//! A message is claimed by moving its `due_at` past the longest that trying it can take. That is a lease: should this
//! process die, the message is due again when the lease ends, or as soon as the process is back where it has the database
//! to itself. Replicas that claim at once pass over each other's rows and get different messages. It holds as long as
//! their clocks differ by less than the lease is longer than a try.

use std::time::Duration;

use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::pace;
use crate::database::Database;

/// How long a claimed message is left alone. A try takes at most 3 s ([`DEADLINE`](super::link::DEADLINE)), and the
/// transaction that claims may have to wait for 4 s.
const LEASE: Duration = Duration::from_secs(10);

/// What is due to recipient `$1` at `$2`: of each topic only the lowest step, so that the next waits for it.
macro_rules! due_heads {
    () => {
        "FROM outbox AS head
         WHERE head.recipient = $1 AND head.due_at <= $2 AND NOT EXISTS (
             SELECT 1 FROM outbox AS earlier
             WHERE earlier.recipient = head.recipient AND earlier.topic = head.topic
                 AND earlier.step < head.step)"
    };
}

/// `+due_at` keeps SQLite from walking everything that is due instead of looking up what was selected.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET due_at = $3
             WHERE recipient = $1 AND +due_at <= $2 AND (topic, step) IN (
                 SELECT head.topic, head.step ",
            due_heads!(),
            " ORDER BY head.due_at LIMIT $4 ",
            $lock,
            ") RETURNING topic, step, body, trace, attempts, due_at"
        )
    };
}

const CLAIM_ALONE: &str = claim!("");

/// Replicas that waited for each other's rows would take turns, or deadlock.
const CLAIM_AMONG_REPLICAS: &str = claim!("FOR UPDATE OF head SKIP LOCKED");

const IS_ANY_DUE: &str = concat!("SELECT 1 ", due_heads!(), " LIMIT 1");

const DELETE: &str = "DELETE FROM outbox WHERE recipient = $1 AND topic = $2 AND step = $3";

/// Nothing where the lease has ended and another replica has claimed it since.
const POSTPONE: &str = "UPDATE outbox SET due_at = $4, attempts = attempts + $5
     WHERE recipient = $1 AND topic = $2 AND step = $3 AND due_at = $6";

crate::row! {
    /// One message for one recipient.
    #[derive(Clone, Debug)]
    pub struct Message {
        pub topic: String,
        step: i32,
        pub body: String,
        /// The `traceparent` of the request that it tells of; empty where there was none.
        pub(super) trace: String,
        /// How often it has been refused or went wrong.
        pub(super) attempts: i32,
        /// The end of its lease.
        due_at: i64,
    }
}

/// What became of a message that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Taken, or refused for good: it is never to be sent again.
    Settled,
    /// It went wrong, and may be because of the message: each time, it waits longer.
    Failed,
    /// Nobody was there to look at it: it is due as before.
    Untried,
}

/// Settles what was tried and claims up to `room` messages. All of it is one transaction: on a busy day it is the
/// commits that cost.
pub(super) async fn turn(
    database: &Database,
    recipient: &str,
    tried: &[(Message, Outcome)],
    room: usize,
) -> sqlx::Result<Vec<Message>> {
    // Claiming writes even where there is nothing to claim, and writers are few: reading first is cheaper.
    if tried.is_empty() && (room == 0 || !is_any_due(database, recipient).await?) {
        return Ok(Vec::new());
    }
    let mut transaction = database.write().await?;
    for (message, outcome) in tried {
        settle(&mut transaction, recipient, message, *outcome).await?;
    }
    let statement = if database.is_shared() {
        CLAIM_AMONG_REPLICAS
    } else {
        CLAIM_ALONE
    };
    let claimed = claim(&mut transaction, statement, recipient, room).await?;
    transaction.commit().await?;
    Ok(claimed)
}

/// Ends every lease, and every wait with it.
pub(super) async fn release(database: &Database) -> sqlx::Result<()> {
    let now = Timestamp::now().millis();
    sqlx::query("UPDATE outbox SET due_at = $1 WHERE due_at > $1")
        .bind(now)
        .execute(&mut *database.writer().await?)
        .await
        .map(drop)
}

pub(super) async fn furthest_steps(
    database: &Database,
    recipient: &str,
) -> sqlx::Result<Vec<(String, u8)>> {
    let rows: Vec<(String, i32)> =
        sqlx::query_as("SELECT topic, MAX(step) FROM outbox WHERE recipient = $1 GROUP BY topic")
            .bind(recipient)
            .fetch_all(&mut *database.reader().await?)
            .await?;
    let steps = rows.into_iter();
    // Only steps of this width are ever written.
    Ok(steps
        .filter_map(|(topic, step)| Some((topic, step.try_into().ok()?)))
        .collect())
}

async fn is_any_due(database: &Database, recipient: &str) -> sqlx::Result<bool> {
    let due = sqlx::query(IS_ANY_DUE)
        .bind(recipient)
        .bind(Timestamp::now().millis())
        .fetch_optional(&mut *database.reader().await?)
        .await?;
    Ok(due.is_some())
}

async fn settle(
    connection: &mut AnyConnection,
    recipient: &str,
    message: &Message,
    outcome: Outcome,
) -> sqlx::Result<()> {
    let now = Timestamp::now();
    let due_again = match outcome {
        Outcome::Settled => None,
        Outcome::Failed => Some((now.after(pace::retry_after(message.attempts)), 1_i32)),
        Outcome::Untried => Some((now, 0)),
    };
    let statement = sqlx::query(due_again.map_or(DELETE, |_again| POSTPONE))
        .bind(recipient)
        .bind(message.topic.as_str())
        .bind(message.step);
    let statement = match due_again {
        None => statement,
        Some((due_at, attempts)) => statement
            .bind(due_at.millis())
            .bind(attempts)
            .bind(message.due_at),
    };
    statement.execute(connection).await.map(drop)
}

async fn claim(
    connection: &mut AnyConnection,
    statement: &'static str,
    recipient: &str,
    room: usize,
) -> sqlx::Result<Vec<Message>> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let now = Timestamp::now();
    sqlx::query_as(statement)
        .bind(recipient)
        .bind(now.millis())
        .bind(now.after(LEASE).millis())
        .bind(i64::try_from(room).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
}
