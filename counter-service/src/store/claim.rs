//! Claims the entries to deliver next.
//!
//! A client's entries are a lane. The first that waits is the head of the lane; the others wait for
//! it. A claim takes the heads of some lanes and the next few entries behind each, by a lease: no
//! other process delivers an entry of a lane whose head has a lease, and nobody can withdraw an entry
//! that has one. If the process dies, the lease ends. Then it is not known whether the entry was
//! delivered, so it is delivered again with the same key, and cannot be withdrawn any more.

use std::time::Duration;

use sqlx::AnyConnection;

use service_kit::outbox::clock::after;

use super::Store;

/// The time before claimed entries may be claimed again: those of a dead replica go out within five
/// seconds. A lane takes at most 4 s ([`LANE_TIME`](crate::delivery::LANE_TIME) and one more try).
pub(crate) const LEASE: Duration = Duration::from_secs(5);

/// The entries of one lane that are claimed at once: a commit for each would take longer than the
/// delivery itself.
const LANE: i64 = 16;

service_kit::row! {
    #[derive(Clone, Debug)]
    pub(crate) struct Claimed {
        pub(crate) id: String,
        position: i64,
        pub(crate) idempotency_key: String,
        pub(crate) method: String,
        pub(crate) target: String,
        pub(crate) request: String,
        pub(crate) attempts: i64,
        pub(super) leased_until: i64,
    }
}

/// The heads of the lanes to upstream `$1` that are due at `$2`.
macro_rules! due_heads {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM entries AS head
             WHERE head.upstream = $1 AND head.state = 'pending'
               AND head.due_at <= $2 AND head.not_before <= $2 AND head.leased_until <= $2
               AND NOT EXISTS (
                 SELECT 1 FROM entries AS earlier
                 WHERE earlier.upstream = head.upstream AND earlier.client = head.client
                   AND earlier.state = 'pending'
                   AND (earlier.position < head.position
                        OR (earlier.position = head.position AND earlier.id < head.id)))"
        )
    };
}

const IS_DUE: &str = concat!(due_heads!("1"), " LIMIT 1");

const HEADS: &str = concat!(
    due_heads!("head.client"),
    " ORDER BY head.created_at, head.id LIMIT $3"
);

/// Skips locked rows: replicas that waited for each other's heads would go one by one.
const HEADS_AMONG_REPLICAS: &str = concat!(
    due_heads!("head.client"),
    " ORDER BY head.created_at, head.id LIMIT $3 FOR UPDATE OF head SKIP LOCKED"
);

/// A lease that was left over by a process that died makes its entry unsure.
const CLAIM: &str = "UPDATE entries SET
         unsure = CASE WHEN leased_until > 0 THEN 1 ELSE unsure END,
         leased_until = $4
     WHERE state = 'pending' AND id IN (
         SELECT id FROM entries
         WHERE upstream = $1 AND client = $2 AND state = 'pending' AND not_before <= $5
         ORDER BY position, id LIMIT $3)
     RETURNING id, position, idempotency_key, method, target, request, attempts, leased_until";

impl Store {
    /// Whether an entry is due. Reading first is cheaper than a claim that finds nothing.
    pub(crate) async fn is_due(&self, upstream: &str, now: i64) -> sqlx::Result<bool> {
        let due = sqlx::query(IS_DUE).bind(upstream).bind(now);
        let mut reader = self.database.reader().await?;
        Ok(due.fetch_optional(&mut *reader).await?.is_some())
    }

    /// At most this many lanes, each in its order.
    pub(super) async fn claim(
        &self,
        connection: &mut AnyConnection,
        upstream: &str,
        lanes: usize,
        now: i64,
    ) -> sqlx::Result<Vec<Vec<Claimed>>> {
        let heads = match self.database.is_shared() {
            true => HEADS_AMONG_REPLICAS,
            false => HEADS,
        };
        let clients: Vec<String> = sqlx::query_scalar(heads)
            .bind(upstream)
            .bind(now)
            .bind(i64::try_from(lanes).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await?;
        let mut claimed = Vec::with_capacity(clients.len());
        for client in clients {
            let mut lane: Vec<Claimed> = sqlx::query_as(CLAIM)
                .bind(upstream)
                .bind(client)
                .bind(LANE)
                .bind(after(now, LEASE))
                .bind(now)
                .fetch_all(&mut *connection)
                .await?;
            // RETURNING has no order.
            lane.sort_by(|a, b| (a.position, &a.id).cmp(&(b.position, &b.id)));
            claimed.push(lane);
        }
        Ok(claimed)
    }
}
