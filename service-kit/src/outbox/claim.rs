//! Selects the messages to try next.
//!
//! There are three lanes, so that messages of one kind do not wait for another kind:
//! 1. messages that were refused or failed before;
//! 2. untried messages, the oldest first;
//! 3. untried messages, the newest first, so that a new order is sent alongside a backlog and not
//!    behind it.

use std::time::Duration;

use sqlx::AnyConnection;

use super::clock::after;
use super::message::Message;
use super::pace::Room;
use crate::database::Database;

/// The time before a claimed message may be claimed again. A try takes at most 3 s
/// ([`DEADLINE`](super::recipient::DEADLINE)), and the claiming transaction may wait for 4 s.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// The messages due to recipient `$1` at `$2`: only the lowest step of each topic, so that the next
/// one waits for it.
macro_rules! due_heads {
    ($attempts:literal) => {
        concat!(
            "FROM outbox AS head
             WHERE head.recipient = $1 AND head.due_at <= $2 AND head.attempts ",
            $attempts,
            " AND NOT EXISTS (
                 SELECT 1 FROM outbox AS earlier
                 WHERE earlier.recipient = head.recipient AND earlier.topic = head.topic
                     AND earlier.step < head.step)"
        )
    };
}

/// `+due_at` makes SQLite look up the selected rows instead of walking through all due ones.
macro_rules! claim_alone {
    ($attempts:literal, $order:literal) => {
        concat!(
            "UPDATE outbox SET due_at = $3
             WHERE recipient = $1 AND +due_at <= $2 AND (topic, step) IN (
                 SELECT head.topic, head.step ",
            due_heads!($attempts),
            " ORDER BY head.due_at ",
            $order,
            " LIMIT $4) RETURNING topic, step, body, trace, attempts, due_at"
        )
    };
}

/// Skips locked rows: replicas that waited for each other's rows would go one by one, or deadlock.
/// The selection is materialized: PostgreSQL may run a subquery once per row, and each time it
/// would skip the rows that it has locked and select as many others.
macro_rules! claim_among_replicas {
    ($attempts:literal, $order:literal) => {
        concat!(
            "WITH heads AS MATERIALIZED (SELECT head.topic, head.step ",
            due_heads!($attempts),
            " ORDER BY head.due_at ",
            $order,
            " LIMIT $4 FOR UPDATE OF head SKIP LOCKED)
             UPDATE outbox SET due_at = $3
             WHERE recipient = $1 AND due_at <= $2 AND (topic, step) IN (SELECT topic, step FROM heads)
             RETURNING topic, step, body, trace, attempts, due_at"
        )
    };
}

/// The statements of one kind of database.
struct ClaimStatements {
    refused: &'static str,
    oldest: &'static str,
    newest: &'static str,
}

const ALONE: ClaimStatements = ClaimStatements {
    refused: claim_alone!("> 0", "ASC"),
    oldest: claim_alone!("= 0", "ASC"),
    newest: claim_alone!("= 0", "DESC"),
};

const AMONG_REPLICAS: ClaimStatements = ClaimStatements {
    refused: claim_among_replicas!("> 0", "ASC"),
    oldest: claim_among_replicas!("= 0", "ASC"),
    newest: claim_among_replicas!("= 0", "DESC"),
};

const IS_FRESH_DUE: &str = concat!("SELECT 1 ", due_heads!("= 0"), " LIMIT 1");
const IS_REFUSED_DUE: &str = concat!("SELECT 1 ", due_heads!("> 0"), " LIMIT 1");

pub(super) async fn is_any_due(
    database: &Database,
    recipient: &str,
    now: i64,
    room: Room,
) -> sqlx::Result<bool> {
    for (room, statement) in [
        (room.all, IS_FRESH_DUE),
        (room.all.min(room.refused_most), IS_REFUSED_DUE),
    ] {
        if room == 0 {
            continue;
        }
        let due = sqlx::query(statement).bind(recipient).bind(now);
        if due
            .fetch_optional(&mut *database.reader().await?)
            .await?
            .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) struct ClaimRound<'a> {
    statements: ClaimStatements,
    connection: &'a mut AnyConnection,
    recipient: &'a str,
    now: i64,
}

impl<'a> ClaimRound<'a> {
    pub(super) fn new(
        database: &Database,
        connection: &'a mut AnyConnection,
        recipient: &'a str,
        now: i64,
    ) -> Self {
        Self {
            statements: if database.is_shared() {
                AMONG_REPLICAS
            } else {
                ALONE
            },
            connection,
            recipient,
            now,
        }
    }

    /// A lane also takes the room that another one leaves.
    pub(super) async fn all(mut self, room: Room) -> sqlx::Result<Vec<Message>> {
        let ClaimStatements {
            refused,
            oldest,
            newest,
        } = self.statements;
        let share = room.refused.min(room.all);
        let mut claimed = self.some(refused, share).await?;
        let is_more_refused = claimed.len() == share;

        let share = room.all.saturating_sub(claimed.len() + room.newest);
        let fresh = self.some(oldest, share).await?;
        let is_more_fresh = fresh.len() == share;
        claimed.extend(fresh);

        let left = room.all.saturating_sub(claimed.len());
        if is_more_fresh {
            claimed.extend(self.some(newest, left).await?);
        }
        let left = room.all.saturating_sub(claimed.len());
        if is_more_refused {
            let most = room.refused_most.saturating_sub(room.refused);
            claimed.extend(self.some(refused, left.min(most)).await?);
        }
        Ok(claimed)
    }

    async fn some(&mut self, statement: &'static str, most: usize) -> sqlx::Result<Vec<Message>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        sqlx::query_as(statement)
            .bind(self.recipient)
            .bind(self.now)
            .bind(after(self.now, LEASE))
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&mut *self.connection)
            .await
    }
}
