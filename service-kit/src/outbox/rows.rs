//! The rows of the outbox: claims them and settles their results.
//!
//! A message is claimed by moving its `due_at` past the longest possible try. This is a lease: if
//! the process dies, the message is due again when the lease ends, or at the next start of a
//! process that has the database to itself. Replicas that claim at once skip each other's rows and
//! get different messages. All of them use one [`Clock`].

use std::time::Duration;

use sqlx::AnyConnection;

use super::claim::{self, ClaimRound, LEASE};
use super::clock::{Clock, after};
use super::message::Message;
use super::pace::{self, Room};
use crate::database::Database;

const DELETE: &str = "DELETE FROM outbox WHERE recipient = $1 AND topic = $2 AND step = $3";

/// Changes nothing when the lease has ended and another replica has claimed the message since.
const POSTPONE: &str = "UPDATE outbox SET due_at = $4, attempts = attempts + 1
     WHERE recipient = $1 AND topic = $2 AND step = $3 AND due_at = $5";

/// As if it had not been claimed: the oldest go first again.
const GIVE_BACK: &str =
    "UPDATE outbox SET due_at = CASE WHEN attempts = 0 THEN created_at ELSE $4 END
     WHERE recipient = $1 AND topic = $2 AND step = $3 AND due_at = $5";

/// `$1` is now, `$2` the latest time that a row may be due.
const CORRECT_DATES: &str = "UPDATE outbox SET
         created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END,
         due_at = CASE WHEN due_at > $2 THEN $1 ELSE due_at END
     WHERE created_at > $1 OR due_at > $2";

const HAS_REFUSED: &str = "SELECT 1 FROM outbox WHERE recipient = $1 AND attempts > 0 LIMIT 1";

/// The result of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Taken, or refused for good: never sent again.
    Settled,
    /// Failed, perhaps because of the message: it waits longer each time, and at least as long as
    /// the recipient asks for.
    Failed { retry_after: Option<Duration> },
    /// The recipient was unavailable: due as before.
    Untried,
}

impl Outcome {
    pub(super) fn is_failed(self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// Settles results and claims messages as far as there is room. Both are one transaction, because
/// commits are the cost on a busy day.
pub(super) async fn turn(
    database: &Database,
    clock: Clock,
    recipient: &str,
    tried: &[(Message, Outcome)],
    room: Room,
) -> sqlx::Result<Vec<Message>> {
    let now = clock.now(database).await?;
    // A claim writes even when nothing is due, and there are few writers: reading first is cheaper.
    if tried.is_empty() && !claim::is_any_due(database, recipient, now, room).await? {
        return Ok(Vec::new());
    }
    let mut transaction = database.write().await?;
    for (message, outcome) in tried {
        settle(&mut transaction, recipient, message, *outcome, now).await?;
    }
    let claim = ClaimRound::new(database, &mut transaction, recipient, now);
    let claimed = claim.all(room).await?;
    transaction.commit().await?;
    Ok(claimed)
}

/// Whether a message was refused or failed before and still waits.
pub(super) async fn has_refused(database: &Database, recipient: &str) -> sqlx::Result<bool> {
    let found = sqlx::query(HAS_REFUSED).bind(recipient);
    let found = found.fetch_optional(&mut *database.reader().await?).await?;
    Ok(found.is_some())
}

/// Ends every lease and every wait.
pub(super) async fn release(database: &Database, now: i64) -> sqlx::Result<()> {
    correct_dates(database, now, now).await
}

/// Corrects rows whose dates a wrong clock has put into the future: no row is younger than now or
/// waits longer than the longest wait.
pub(super) async fn cap_waits(database: &Database, now: i64) -> sqlx::Result<()> {
    correct_dates(database, now, latest_due(now)).await
}

/// The latest time that a row may be due when it was postponed at `now`.
pub(super) fn latest_due(now: i64) -> i64 {
    after(now, pace::LONGEST_FOR_MESSAGE.max(LEASE))
}

async fn correct_dates(database: &Database, now: i64, latest_due: i64) -> sqlx::Result<()> {
    sqlx::query(CORRECT_DATES)
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
    // Every written step fits.
    Ok(steps
        .filter_map(|(topic, step)| Some((topic, step.try_into().ok()?)))
        .collect())
}

pub(super) async fn is_waiting(database: &Database, step: u8) -> sqlx::Result<bool> {
    let found = sqlx::query("SELECT 1 FROM outbox WHERE step = $1 LIMIT 1").bind(i32::from(step));
    let found = found.fetch_optional(&mut *database.reader().await?).await?;
    Ok(found.is_some())
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
