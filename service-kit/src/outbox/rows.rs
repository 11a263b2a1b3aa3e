//! The outbox's rows: which may be tried now, and what becomes of them.
//!
//! A message is claimed by moving its `due_at` past the longest that trying it can take. That is a lease: should this
//! process die, the message is due again when the lease ends, or as soon as the process is back where it has the database
//! to itself. Replicas that claim at once pass over each other's rows and get different messages. All of them go by one
//! [`Clock`].

use std::time::Duration;

use sqlx::AnyConnection;

use super::claim::{self, Claim, LEASE};
use super::clock::{Clock, after};
use super::message::Message;
use super::pace::{self, Room};
use crate::database::Database;

const DELETE: &str = "DELETE FROM outbox WHERE recipient = $1 AND topic = $2 AND step = $3";

/// Nothing where the lease has ended and another replica has claimed it since.
const POSTPONE: &str = "UPDATE outbox SET due_at = $4, attempts = attempts + 1
     WHERE recipient = $1 AND topic = $2 AND step = $3 AND due_at = $5";

/// As if it had not been claimed: those that came first go first again.
const GIVE_BACK: &str =
    "UPDATE outbox SET due_at = CASE WHEN attempts = 0 THEN created_at ELSE $4 END
     WHERE recipient = $1 AND topic = $2 AND step = $3 AND due_at = $5";

/// `$1` is now, `$2` as late as anything may be due.
const SET_RIGHT: &str = "UPDATE outbox SET
         created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END,
         due_at = CASE WHEN due_at > $2 THEN $1 ELSE due_at END
     WHERE created_at > $1 OR due_at > $2";

/// What became of a message that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Taken, or refused for good: it is never to be sent again.
    Settled,
    /// It went wrong, and may be because of the message: each time, it waits longer, and at least as long as the
    /// recipient asks for.
    Failed { retry_after: Option<Duration> },
    /// Nobody was there to look at it: it is due as before.
    Untried,
}

/// Settles what was tried and claims as much as there is room for. All of it is one transaction: on a busy day it is the
/// commits that cost.
pub(super) async fn turn(
    database: &Database,
    clock: Clock,
    recipient: &str,
    tried: &[(Message, Outcome)],
    room: Room,
) -> sqlx::Result<Vec<Message>> {
    let now = clock.now(database).await?;
    // Claiming writes even where there is nothing to claim, and writers are few: reading first is cheaper.
    if tried.is_empty() && !claim::is_any_due(database, recipient, now, room).await? {
        return Ok(Vec::new());
    }
    let mut transaction = database.write().await?;
    for (message, outcome) in tried {
        settle(&mut transaction, recipient, message, *outcome, now).await?;
    }
    let claim = Claim::new(database, &mut transaction, recipient, now);
    let claimed = claim.all(room).await?;
    transaction.commit().await?;
    Ok(claimed)
}

/// Ends every lease, and every wait with it.
pub(super) async fn release(database: &Database, now: i64) -> sqlx::Result<()> {
    set_right(database, now, now).await
}

/// Nothing has waited for less than no time, and nothing waits longer than the longest pause, whatever a clock said when
/// that was written.
pub(super) async fn cap_waits(database: &Database, now: i64) -> sqlx::Result<()> {
    set_right(database, now, latest_due(now)).await
}

/// The latest that anything is due which was put off by `now`.
pub(super) fn latest_due(now: i64) -> i64 {
    after(now, pace::LONGEST_FOR_MESSAGE.max(LEASE))
}

async fn set_right(database: &Database, now: i64, latest_due: i64) -> sqlx::Result<()> {
    sqlx::query(SET_RIGHT)
        .bind(now)
        .bind(latest_due)
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

async fn settle(
    connection: &mut AnyConnection,
    recipient: &str,
    message: &Message,
    outcome: Outcome,
    now: i64,
) -> sqlx::Result<()> {
    let statement = sqlx::query(match outcome {
        Outcome::Settled => DELETE,
        Outcome::Failed { .. } => POSTPONE,
        Outcome::Untried => GIVE_BACK,
    });
    let statement = statement
        .bind(recipient)
        .bind(message.topic.as_str())
        .bind(message.step);
    let statement = match outcome {
        Outcome::Settled => statement,
        Outcome::Failed { retry_after } => {
            let wait = pace::retry_after(message.attempts, retry_after);
            statement.bind(after(now, wait)).bind(message.due_at)
        }
        Outcome::Untried => statement.bind(now).bind(message.due_at),
    };
    statement.execute(connection).await.map(drop)
}
