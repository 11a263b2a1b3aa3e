//! The outbox's rows: which may be tried now, and what becomes of them.
//!
//! A message is claimed by moving its `due_at` past the longest that trying it can take. That is a lease: should this
//! process die, the message is due again when the lease ends, or as soon as the process is back where it has the database
//! to itself. Replicas that claim at once get different messages, since
//! PostgreSQL looks at `due_at` again in a row that it had to wait for. It holds as long as their clocks differ by less
//! than the lease is longer than a try.

use std::time::Duration;

use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::pace;
use crate::database::Database;

/// How long a claimed message is left alone. A try takes at most 3 s ([`DEADLINE`](super::link::DEADLINE)), and the
/// transaction that claims may have to wait for 4 s.
const LEASE: Duration = Duration::from_secs(10);

/// Of each topic only the lowest step, so that the next waits for it.
const CLAIM: &str = "UPDATE outbox SET due_at = $1
     WHERE recipient = $2 AND due_at <= $3 AND (topic, step) IN (
         SELECT head.topic, head.step FROM outbox AS head
         WHERE head.recipient = $2 AND head.due_at <= $3 AND NOT EXISTS (
             SELECT 1 FROM outbox AS earlier
             WHERE earlier.recipient = head.recipient AND earlier.topic = head.topic
                 AND earlier.step < head.step)
         ORDER BY head.due_at LIMIT $4)
     RETURNING topic, step, body, attempts";

const IS_ANY_DUE: &str = "SELECT 1 FROM outbox WHERE recipient = $1 AND due_at <= $2 LIMIT 1";

const DELETE: &str = "DELETE FROM outbox WHERE recipient = $1 AND topic = $2 AND step = $3";

const POSTPONE: &str = "UPDATE outbox SET due_at = $4, attempts = attempts + $5
     WHERE recipient = $1 AND topic = $2 AND step = $3";

/// One message for one recipient.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Message {
    pub topic: String,
    step: i32,
    pub body: String,
    /// How often it has been refused or went wrong.
    pub(super) attempts: i32,
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
    let claimed = claim(&mut transaction, recipient, room).await?;
    transaction.commit().await?;
    Ok(claimed)
}

/// Ends every lease, and every wait with it.
pub(super) async fn release(database: &Database) -> sqlx::Result<()> {
    let now = Timestamp::now().millis();
    sqlx::query("UPDATE outbox SET due_at = $1 WHERE due_at > $1")
        .bind(now)
        .execute(database.writer())
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
            .fetch_all(database.reader())
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
        .fetch_optional(database.reader())
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
        Some((due_at, attempts)) => statement.bind(due_at.millis()).bind(attempts),
    };
    statement.execute(connection).await.map(drop)
}

async fn claim(
    connection: &mut AnyConnection,
    recipient: &str,
    room: usize,
) -> sqlx::Result<Vec<Message>> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let now = Timestamp::now();
    sqlx::query_as(CLAIM)
        .bind(now.after(LEASE).millis())
        .bind(recipient)
        .bind(now.millis())
        .bind(i64::try_from(room).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
}
