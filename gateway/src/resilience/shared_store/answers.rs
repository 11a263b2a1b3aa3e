//! Last good answers in the store, as bytes.

use std::time::Duration;

use super::changes::{Position, targets};
use super::{PATIENCE, SharedStore};
use crate::metrics::StoreUse;

/// The question that an answer is for.
pub(crate) struct Question<'q> {
    /// The identity of the row.
    pub(crate) row: &'q [u8],
    pub(crate) key: &'q [u8],
    /// The route's path, and that of the request.
    pub(crate) route: &'q str,
    pub(crate) path: &'q [u8],
}

/// The length of a position in bytes.
const POSITION: usize = size_of::<Position>();

impl SharedStore {
    /// The answer that a gateway has shared, unless it is out of date. `None` if there is none, or
    /// the store does not answer in time.
    pub(crate) async fn find(&self, question: &Question<'_>) -> Option<Vec<u8>> {
        if !self.is_up() {
            return None;
        }
        let mut asked = redis::pipe();
        asked.get(self.keys.answer(question.row, question.key));
        let targets = targets(question.route, question.path);
        asked.cmd("HMGET").arg(self.keys.changed());
        asked.arg("since").arg(&targets);
        let found = self.command(StoreUse::Answer, self.timeout, async |connection| {
            asked
                .query_async::<(Option<Vec<u8>>, [Option<String>; 4])>(connection)
                .await
        });
        let (shared, [since, changed @ ..]) = found.await?;
        let shared = shared?;
        let (position, answer) = shared.split_at_checked(POSITION)?;
        let known = Position::of_bytes(position.try_into().ok()?);
        let is_known = |id: &String| id.parse().is_ok_and(|change: Position| change <= known);
        let is_current = is_known(&since?) && changed.iter().flatten().all(is_known);
        is_current.then(|| answer.to_vec())
    }

    /// Shares an answer for as long as it may stand in. `known` is the latest change that this
    /// gateway knew when it asked.
    pub(crate) async fn share(
        &self,
        question: &Question<'_>,
        known: Position,
        answer: &[u8],
        left: Duration,
    ) {
        let bytes = [&known.to_bytes(), answer].concat();
        let mut command = redis::cmd("SET");
        command.arg(self.keys.answer(question.row, question.key));
        command.arg(bytes).arg("PX");
        command.arg(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
        let _shared: Option<()> = self
            .command(StoreUse::Answer, PATIENCE, async |connection| {
                command.query_async(connection).await
            })
            .await;
    }
}
