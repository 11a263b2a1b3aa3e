//! Which answers have become out of date, told to all gateways.
//!
//! 1. A gateway that relays a change notes the target here, and goes on: no request waits for it.
//! 2. It is written to a stream. What cannot be written now waits, up to [`MOST`] targets; beyond,
//!    one change of everything takes their place.
//! 3. Every other gateway reads the stream, from where it stopped after a lost connection. If what
//!    it missed is no longer there, it takes everything as changed; if the store was emptied, or this
//!    is the first time, nothing that it holds is fresh any more.
//!
//! The latest change of each target stays in the store, and each shared answer says up to which
//! change its gateway knew when it asked. So an answer from before a change is never used after it,
//! however late it was shared. If the store loses the latest changes, the next beat begins them
//! anew, with an entry in the stream, and no answer from before that counts.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue as _, RedisResult, Script, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::keys::name_of;
use super::{BEAT, PATIENCE, SharedStore};
use crate::metrics::StoreUse;

/// The most changes that wait for the store.
const MOST: usize = 1000;

/// How long the changes stay in the store without any gateway.
pub(super) const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a read waits for a change.
const READ: Duration = Duration::from_secs(2);

/// The most changes in one read.
const AT_ONCE: usize = 500;

/// The changes of this gateway that are not told yet, and those that it knows.
#[derive(Default)]
pub(super) struct Changes {
    waiting: Mutex<Waiting>,
    woken: Notify,
    known: AtomicU64,
    /// Whether the stream has been read before.
    has_begun: AtomicBool,
}

/// Each change with the number of its latest noting.
#[derive(Default)]
struct Waiting {
    changes: BTreeMap<Change, u64>,
    notings: u64,
}

/// Which answers are out of date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Changes may have been missed: no answer is fresh, and each may still stand in.
    Unknown,
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
        // So many in one millisecond never come, and so many milliseconds neither.
        let number = number.min((1 << NUMBER_BITS) - 1);
        let millis = millis.min(u64::MAX >> NUMBER_BITS);
        Ok(Self((millis << NUMBER_BITS) + number))
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
            Self::Unknown | Self::Everything => "*".to_owned(),
            Self::Route { route, path: None } => format!("{}:*", name_of(route)),
            Self::Route {
                route,
                path: Some(path),
            } => target(route, path.as_bytes()),
        }
    }

    fn parts(&self) -> (&str, &str) {
        match self {
            Self::Unknown | Self::Everything => ("", ""),
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
        waiting.notings += 1;
        let number = waiting.notings;
        let is_full = waiting.changes.len() >= MOST && !waiting.changes.contains_key(&change);
        if is_full {
            waiting.changes.clear();
            waiting.changes.insert(Change::Everything, number);
        }
        waiting.changes.insert(change, number);
    }

    fn all(&self) -> Vec<(Change, u64)> {
        let waiting = self.waiting();
        let changes = waiting.changes.iter();
        changes
            .map(|(change, number)| (change.clone(), *number))
            .collect()
    }

    /// These were told. Those that were noted again meanwhile stay.
    fn told(&self, told: &[(Change, u64)]) {
        let mut waiting = self.waiting();
        for (change, number) in told {
            if waiting.changes.get(change) == Some(number) {
                waiting.changes.remove(change);
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
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

    /// Tells the other gateways what has changed, for ever.
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
        let told = self.changes.all();
        if told.is_empty() {
            return true;
        }
        let mut changes = script.key(self.keys.changes());
        changes.key(self.keys.changed()).arg(self.keys.own());
        for (change, _) in &told {
            let (route, path) = change.parts();
            changes.arg(route).arg(path).arg(change.target());
        }
        let asked = self.command(StoreUse::Change, PATIENCE, async |connection| {
            changes.invoke_async::<()>(connection).await
        });
        let is_told = asked.await.is_some();
        if is_told {
            self.changes.told(&told);
        }
        is_told
    }

    /// Reads the changes that other gateways tell, for ever, and hands each to `apply`.
    pub(crate) async fn run_reading(&self, apply: impl Fn(Change)) {
        let mut has_warned = false;
        loop {
            let begun = Instant::now();
            if let Err(cause) = self.read(&apply).await {
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
            let read = command.query_async::<Option<Streams>>(&mut connection);
            let read = read.await.map_err(|error| error.to_string())?;
            for (id, fields) in read.into_iter().flatten().flat_map(|(_, entries)| entries) {
                if let Some(change) = self.told_by_another(&fields) {
                    apply(change);
                }
                // Only now: what is asked from here on shows the change.
                if let Ok(position) = id.parse() {
                    self.changes.set_known(position);
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
    async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
        apply: &impl Fn(Change),
    ) -> RedisResult<()> {
        let kept = Kept::read(connection, &self.keys.changes()).await?;
        let known = self.known();
        if !self.changes.has_begun.swap(true, Ordering::AcqRel) {
            apply(Change::Unknown);
            self.changes.set_known(kept.last);
        } else if kept.are_cut && known < kept.first {
            apply(Change::Everything);
            self.changes.set_known(kept.last);
        } else if known < kept.first || kept.last < known {
            // The store has lost them, and has begun anew. Whoever could not tell a change tells it
            // now.
            apply(Change::Unknown);
            self.changes.set_known(Position::default());
        }
        Ok(())
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
        // Whoever may write to the store may write anything.
        let last: Position = "18446744073709551615-18446744073709551615".parse().unwrap();
        assert!(positions.iter().all(|one| *one < last));
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
        let has_everything = || {
            changes
                .all()
                .iter()
                .any(|(one, _)| *one == Change::Everything)
        };
        assert_eq!(changes.all().len(), MOST);
        assert!(!has_everything());
        for n in 0..10 * MOST {
            changes.add(each(n));
        }
        assert!(has_everything());
        assert!(changes.all().len() <= MOST);
        // Once more, while it is told.
        let told = changes.all();
        for n in 0..10 * MOST {
            changes.add(each(n));
        }
        changes.told(&told);
        assert!(has_everything());
    }

    #[test]
    fn a_change_that_is_noted_again_while_it_is_told_is_told_again() {
        let changes = Changes::default();
        changes.add(change("/menu", None));
        changes.add(change("/dishes", None));
        let told = changes.all();
        changes.add(change("/menu", None));
        changes.told(&told);
        let left = changes.all();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].0, change("/menu", None));
        changes.told(&left);
        assert!(changes.all().is_empty());
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
