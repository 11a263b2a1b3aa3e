//! Reads what the other gateways have changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue as _, RedisResult, Value};
use tokio::time::sleep;

use super::{Change, Position};
use crate::resilience::shared_store::{BEAT, PATIENCE, SharedStore};

/// How long a read waits for a change.
const READ: Duration = Duration::from_secs(2);

/// The most changes in one read.
const AT_ONCE: usize = 500;

/// The latest change that this gateway knows.
#[derive(Default)]
pub(in crate::resilience::shared_store) struct Reading(AtomicU64);

/// What was heard of the other gateways.
pub(crate) enum Heard {
    Change(Change),
    /// Changes may have been missed: no answer is fresh, and each may still stand in.
    Gap,
}

impl Reading {
    fn known(&self) -> Position {
        Position::of_number(self.0.load(Ordering::Acquire))
    }

    fn set_known(&self, position: Position) {
        self.0.store(position.number(), Ordering::Release);
    }
}

impl SharedStore {
    /// The latest change that this gateway knows. What it asks from now on shows that change.
    pub(crate) fn known(&self) -> Position {
        self.reading.known()
    }

    /// Reads the changes that other gateways tell, for ever, and hands each to `apply`.
    pub(crate) async fn run_reading(&self, apply: impl Fn(Heard)) {
        let mut has_begun = false;
        let mut has_warned = false;
        loop {
            let begun = Instant::now();
            if let Err(cause) = self.read(&apply, &mut has_begun).await {
                // While the store is away, that is what the log says.
                let is_warned = self.is_up() && begun.elapsed() < BEAT;
                if is_warned && !has_warned {
                    log::warn!("the changes of other gateways cannot be read: {cause}");
                }
                has_warned = is_warned;
            }
            sleep(BEAT).await;
        }
    }

    /// Reads until the connection is lost.
    async fn read(&self, apply: &impl Fn(Heard), has_begun: &mut bool) -> Result<(), String> {
        let mut connection = self.link.another(READ + PATIENCE).await?;
        let kept = Kept::read(&mut connection, &self.keys.changes()).await;
        let kept = kept.map_err(|error| error.to_string())?;
        let is_first = !std::mem::replace(has_begun, true);
        self.begin(&kept, is_first, apply);
        loop {
            let mut command = redis::cmd("XREAD");
            command.arg("COUNT").arg(AT_ONCE);
            command.arg("BLOCK").arg(READ.as_millis() as u64);
            command.arg("STREAMS").arg(self.keys.changes());
            command.arg(self.known().to_string());
            let read = command.query_async::<Option<Streams>>(&mut connection);
            let read = read.await.map_err(|error| error.to_string())?;
            for (id, fields) in read.into_iter().flatten().flat_map(|(_, entries)| entries) {
                if let Some(change) = self.told_by_another(&fields) {
                    apply(Heard::Change(change));
                }
                // Only now: what is asked from here on shows the change.
                if let Ok(position) = id.parse() {
                    self.reading.set_known(position);
                }
            }
        }
    }

    /// The change of an entry; `None` if it is this gateway's own, or tells none.
    fn told_by_another(&self, fields: &[Vec<u8>]) -> Option<Change> {
        let field = |name: &str| {
            let mut pairs = fields.chunks_exact(2);
            pairs.find_map(|pair| match pair {
                [known, value] if known == name.as_bytes() => {
                    Some(String::from_utf8_lossy(value).into_owned())
                }
                _ => None,
            })
        };
        let change = Change::of_parts(field("route")?, field("path")?);
        (field("by")? != self.keys.own()).then_some(change)
    }

    /// Finds the place to go on from.
    fn begin(&self, kept: &Kept, is_first: bool, apply: &impl Fn(Heard)) {
        let known = self.known();
        if is_first {
            apply(Heard::Gap);
            self.reading.set_known(kept.last);
        } else if kept.are_cut && known < kept.first {
            apply(Heard::Change(Change::Everything));
            self.reading.set_known(kept.last);
        } else if known < kept.first || kept.last < known {
            // The store has lost them, and has begun anew. Whoever could not tell a change tells it
            // now.
            apply(Heard::Gap);
            self.reading.set_known(Position::default());
        }
    }
}

/// The fields of an entry of a stream: names and values in turn.
type Fields = Vec<Vec<u8>>;

/// The new entries of each stream, by their ids.
type Streams = Vec<(String, Vec<(String, Fields)>)>;

/// The changes that are in the store.
#[derive(Default)]
struct Kept {
    first: Position,
    last: Position,
    /// Whether there have been others before the first.
    are_cut: bool,
}

impl Kept {
    async fn read(connection: &mut MultiplexedConnection, changes: &str) -> RedisResult<Self> {
        let mut first = redis::cmd("XRANGE");
        first.arg(changes).arg("-").arg("+").arg("COUNT").arg(1);
        let first: Vec<(String, Fields)> = first.query_async(connection).await?;
        let Some(first) = first.first().and_then(|(id, _)| id.parse().ok()) else {
            return Ok(Self::default());
        };
        let mut info = redis::cmd("XINFO");
        info.arg("STREAM").arg(changes);
        let info: HashMap<String, Value> = info.query_async(connection).await?;
        let text = |name: &str| String::from_redis_value_ref(info.get(name)?).ok();
        let number = |name: &str| text(name)?.parse::<u64>().ok();
        Ok(Self {
            first,
            last: text("last-generated-id")
                .and_then(|id| id.parse().ok())
                .unwrap_or(first),
            are_cut: number("entries-added") > number("length"),
        })
    }
}
