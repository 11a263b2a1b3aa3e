//! Which answers have become out of date, told to all gateways.
//!
//! 1. A gateway that relays a change notes the target here, and goes on: no request waits for it.
//! 2. It is written to a stream. What cannot be written now waits, up to [`MOST`] targets; beyond,
//!    one change of everything takes their place.
//! 3. Every other gateway reads the stream, from where it stopped after a lost connection. If what
//!    it missed is no longer there, it takes everything as changed.
//!
//! The time of each target's latest change stays in the store, and each shared answer says up to
//! which change its gateway knew when it asked. So an answer from before a change is never used
//! after it, however late it was shared.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamRangeReply, StreamReadReply};
use redis::{FromRedisValue as _, RedisResult, Script, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::keys::name_of;
use super::{BEAT, PATIENCE, SharedStore};
use crate::metrics::StoreUse;

/// The most changes that wait for the store.
const MOST: usize = 1000;

/// How long the changes stay in the store after the last of them: longer than answers stand in.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a read waits for a change.
const READ: Duration = Duration::from_secs(2);

/// The most changes in one read.
const AT_ONCE: usize = 500;

/// The changes of this gateway that are not told yet, and those that it knows.
#[derive(Default)]
pub(super) struct Changes {
    /// Each with how often it was noted.
    waiting: Mutex<BTreeMap<Change, u64>>,
    woken: Notify,
    known: AtomicU64,
    /// Whether the stream has been read before.
    has_begun: AtomicBool,
}

/// Which answers are out of date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// All of them.
    Everything,
    /// Those of a route, or of one path of it.
    Route { route: String, path: Option<String> },
}

/// A place in the stream of changes: the milliseconds of an entry's id, and its number in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(u64);

/// The bits of a position that number the entries of one millisecond.
const NUMBER_BITS: u32 = 20;

impl Position {
    pub(super) fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(super) fn of_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (millis, number) = text.split_once('-').ok_or(())?;
        let millis: u64 = millis.parse().map_err(|_error| ())?;
        let number: u64 = number.parse().map_err(|_error| ())?;
        // So many in one millisecond never come.
        let number = number.min((1 << NUMBER_BITS) - 1);
        Ok(Self(millis.saturating_mul(1 << NUMBER_BITS) + number))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0 % (1 << NUMBER_BITS);
        write!(f, "{}-{number}", self.0 >> NUMBER_BITS)
    }
}

impl Change {
    /// What it changes, as the store remembers it. The paths of a route share 256 names, so that no
    /// client can fill the store with them.
    fn target(&self) -> String {
        match self {
            Self::Everything => "*".to_owned(),
            Self::Route { route, path: None } => format!("{}:*", name_of(route)),
            Self::Route {
                route,
                path: Some(path),
            } => target(route, path.as_bytes()),
        }
    }

    fn parts(&self) -> (&str, &str) {
        match self {
            Self::Everything => ("", ""),
            Self::Route { route, path } => (route, path.as_deref().unwrap_or("")),
        }
    }

    fn of_parts(route: String, path: String) -> Self {
        if route.is_empty() {
            return Self::Everything;
        }
        let path = Some(path).filter(|path| !path.is_empty());
        Self::Route { route, path }
    }
}

fn target(route: &str, path: &[u8]) -> String {
    let first = Sha256::digest(path).first().copied().unwrap_or(0);
    format!("{}:{first:02x}", name_of(route))
}

/// Everything whose change concerns the answers to this path.
pub(super) fn targets(route: &str, path: &[u8]) -> [String; 3] {
    let whole = format!("{}:*", name_of(route));
    [target(route, path), whole, "*".to_owned()]
}

impl Changes {
    pub(super) fn known(&self) -> Position {
        Position(self.known.load(Ordering::Acquire))
    }

    fn set_known(&self, position: Position) {
        self.known.store(position.0, Ordering::Release);
    }

    fn add(&self, change: Change) {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST && !waiting.contains_key(&change) {
            waiting.clear();
            waiting.insert(Change::Everything, 0);
        }
        *waiting.entry(change).or_default() += 1;
    }

    /// One that waits, with how often it was noted.
    fn next(&self) -> Option<(Change, u64)> {
        let waiting = self.waiting();
        let (change, times) = waiting.first_key_value()?;
        Some((change.clone(), *times))
    }

    /// The change was told, unless it was noted again meanwhile.
    fn told(&self, change: &Change, times: u64) {
        let mut waiting = self.waiting();
        if waiting.get(change) == Some(&times) {
            waiting.remove(change);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Change, u64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedStore {
    /// Tells the other gateways of a change, soon.
    pub(crate) fn tell(&self, change: Change) {
        self.changes.add(change);
        self.changes.woken.notify_one();
    }

    /// The latest change that this gateway knows. What it asks from now on shows that change.
    pub(crate) fn known(&self) -> Position {
        self.changes.known()
    }

    /// Tells the other gateways of each change, for ever.
    pub(crate) async fn run_telling(&self) {
        let script = Script::new(include_str!("change.lua"));
        loop {
            self.changes.woken.notified().await;
            while !self.tell_waiting(&script).await {
                sleep(BEAT).await;
            }
        }
    }

    /// Tells what waits, if the store answers.
    pub(crate) async fn finish_telling(&self) {
        let script = Script::new(include_str!("change.lua"));
        self.tell_waiting(&script).await;
    }

    /// Tells what waits. Returns whether nothing is left.
    async fn tell_waiting(&self, script: &Script) -> bool {
        // A change is forgotten only once it is told: this may be dropped at any moment.
        while let Some((change, times)) = self.changes.next() {
            let (route, path) = change.parts();
            let mut told = script.key(self.keys.changes());
            told.key(self.keys.changed()).arg(self.keys.own());
            told.arg(route).arg(path).arg(change.target());
            told.arg(KEPT.as_secs());
            let asked = self.command(StoreUse::Change, async |connection| {
                told.invoke_async::<String>(connection).await
            });
            if asked.await.is_none() {
                return false;
            }
            self.changes.told(&change, times);
        }
        true
    }

    /// Reads the changes that other gateways tell, for ever, and hands each to `apply`.
    pub(crate) async fn run_reading(&self, apply: impl Fn(Change)) {
        loop {
            if let Err(cause) = self.read(&apply).await {
                log::debug!("the changes of other gateways cannot be read: {cause}");
            }
            sleep(BEAT).await;
        }
    }

    /// Reads until the connection is lost.
    async fn read(&self, apply: &impl Fn(Change)) -> Result<(), String> {
        let mut connection = self.link.another(READ + PATIENCE).await?;
        let begun = self.begin(&mut connection, apply).await;
        begun.map_err(|error| error.to_string())?;
        loop {
            let mut command = redis::cmd("XREAD");
            command.arg("COUNT").arg(AT_ONCE);
            command.arg("BLOCK").arg(READ.as_millis() as u64);
            command.arg("STREAMS").arg(self.keys.changes());
            command.arg(self.known().to_string());
            let read: RedisResult<Option<StreamReadReply>> =
                command.query_async(&mut connection).await;
            let read = read.map_err(|error| error.to_string())?;
            let streams = read.into_iter().flat_map(|read| read.keys);
            for entry in streams.flat_map(|stream| stream.ids) {
                let field = |name| {
                    let value = entry.map.get(name)?;
                    String::from_redis_value_ref(value).ok()
                };
                let is_own = field("by").as_deref() == Some(self.keys.own());
                if let Some((route, path)) = field("route").zip(field("path"))
                    && !is_own
                {
                    apply(Change::of_parts(route, path));
                }
                // Only now: what is asked from here on shows the change.
                if let Ok(position) = entry.id.parse() {
                    self.changes.set_known(position);
                }
            }
        }
    }

    /// Finds the place to go on from.
    async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
        apply: &impl Fn(Change),
    ) -> RedisResult<()> {
        let kept = Kept::read(connection, &self.keys.changes()).await?;
        let known = self.known();
        if !self.changes.has_begun.swap(true, Ordering::AcqRel) {
            // What this gateway asks for from now on shows all of them.
            self.changes.set_known(kept.last);
        } else if kept.last < known {
            // The store has lost them. Whoever could not tell a change tells it now.
            self.changes.set_known(Position::default());
        } else if kept.are_cut && known < kept.first {
            apply(Change::Everything);
            self.changes.set_known(kept.last);
        }
        Ok(())
    }
}

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
        let first: StreamRangeReply = first.query_async(connection).await?;
        let Some(first) = first.ids.first().and_then(|entry| entry.id.parse().ok()) else {
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

#[cfg(test)]
mod tests {
    use super::{Change, Changes, MOST, Position, targets};

    fn change(route: &str, path: Option<&str>) -> Change {
        Change::Route {
            route: route.to_owned(),
            path: path.map(str::to_owned),
        }
    }

    #[test]
    fn positions_are_in_the_order_of_the_stream() {
        let ids = [
            "0-0",
            "0-1",
            "1796061234567-0",
            "1796061234567-3",
            "1796061234568-0",
        ];
        let positions = ids.map(|id| id.parse::<Position>().unwrap());
        assert!(positions.is_sorted());
        assert_eq!(positions.map(|one| one.to_string()), ids);
        assert_eq!(Position::of_bytes(positions[3].to_bytes()), positions[3]);
        assert!("17".parse::<Position>().is_err());
    }

    #[test]
    fn a_change_concerns_its_path_its_route_or_everything() {
        let of_path = targets("/menu/{id}", b"/menu/7");
        for concerning in [
            change("/menu/{id}", Some("/menu/7")),
            change("/menu/{id}", None),
            Change::Everything,
        ] {
            assert!(of_path.contains(&concerning.target()), "{concerning:?}");
        }
        for other in [change("/menu", Some("/menu/7")), change("/menu", None)] {
            assert!(!of_path.contains(&other.target()), "{other:?}");
        }
    }

    #[test]
    fn changes_beyond_the_bound_become_a_change_of_everything() {
        let changes = Changes::default();
        let each = |n| change("/menu/{id}", Some(&format!("/menu/{n}")));
        for n in 0..MOST {
            changes.add(each(n));
            changes.add(each(0));
        }
        assert_eq!(changes.waiting().len(), MOST);
        assert!(!changes.waiting().contains_key(&Change::Everything));
        for n in 0..10 * MOST {
            changes.add(each(n));
        }
        assert!(changes.waiting().contains_key(&Change::Everything));
        assert!(changes.waiting().len() <= MOST);
    }

    #[test]
    fn a_change_that_is_noted_again_while_it_is_told_is_told_again() {
        let changes = Changes::default();
        changes.add(change("/menu", None));
        let (told, times) = changes.next().unwrap();
        changes.add(change("/menu", None));
        changes.told(&told, times);
        let (told, times) = changes.next().unwrap();
        changes.told(&told, times);
        assert_eq!(changes.next(), None);
    }

    #[test]
    fn the_parts_of_a_change_are_the_change() {
        for change in [
            Change::Everything,
            change("/menu", None),
            change("/menu", Some("/menu")),
        ] {
            let (route, path) = change.parts();
            assert_eq!(Change::of_parts(route.to_owned(), path.to_owned()), change);
        }
    }
}
