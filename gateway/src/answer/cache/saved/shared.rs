//! The answers that gateways share in a store: a gateway that started during an outage, or that was
//! never asked for an answer, serves another's last good one.
//!
//! An answer that was stored is shared within a second, by [`Cache::share`]; no request waits for
//! that. An answer is looked for only when there is neither a new one nor a stored one. It comes
//! back stale, as one from a file does.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::format::{self, Document, Writer};
use super::{RowId, Saved, wall_clock};
use crate::answer::cache::key::Key;
use crate::answer::cache::row::Row;
use crate::answer::cache::{Cache, Cached, Copy};
use crate::resilience::shared_store::{Change, Heard, Position, Question, SharedStore};
use crate::routing::route::CachePolicy;

/// The bytes of answers that wait to be shared. Beyond, an answer waits until it is stored again.
const MOST: usize = 4 * 1024 * 1024;

/// The longest answer that is shared, in bytes.
const LONGEST: usize = 256 * 1024;

/// What a cache needs to share answers.
pub(crate) struct Sharing {
    store: Arc<SharedStore>,
    waiting: Mutex<Waiting>,
}

/// The sharing of a row's answer to one question.
pub(in crate::answer::cache) struct RowSharing<'s> {
    sharing: &'s Sharing,
    id: RowId,
    /// The latest change that was known when the question was asked.
    known: Position,
}

#[derive(Default)]
struct Waiting {
    answers: HashMap<(RowId, Key), Offered>,
    bytes: usize,
}

/// An answer to be shared.
struct Offered {
    copy: Arc<Copy>,
    /// The latest change that was known when it was asked for.
    known: Position,
}

impl Sharing {
    pub(crate) fn new(store: Arc<SharedStore>) -> Self {
        Self {
            store,
            waiting: Mutex::default(),
        }
    }

    /// The sharing of an answer of this row that is asked for from now on.
    pub(in crate::answer::cache) fn of(&self, id: RowId) -> RowSharing<'_> {
        RowSharing {
            sharing: self,
            id,
            known: self.store.known(),
        }
    }

    /// Tells the other gateways that answers are out of date: those for the path, or of the whole
    /// row.
    pub(in crate::answer::cache) fn tell(&self, policy: &CachePolicy, path: Option<&str>) {
        self.store.tell(Change::Route {
            route: policy.path.to_string(),
            path: path.map(str::to_owned),
        });
    }

    fn take(&self) -> HashMap<(RowId, Key), Offered> {
        std::mem::take(&mut *self.waiting()).answers
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowSharing<'_> {
    /// Shares a stored answer, soon.
    pub(in crate::answer::cache) fn offer(&self, key: &Key, copy: &Arc<Copy>) {
        let Self { sharing, id, known } = *self;
        let size = copy.body.len();
        if size > LONGEST || !copy.stands_in(Instant::now()) || !sharing.store.is_up() {
            return;
        }
        let offered = Offered {
            copy: Arc::clone(copy),
            known,
        };
        let mut waiting = sharing.waiting();
        let Waiting { answers, bytes } = &mut *waiting;
        match answers.entry((id, key.compact())) {
            Entry::Occupied(mut entry) => {
                *bytes = *bytes - entry.get().copy.size() + copy.size();
                entry.insert(offered);
            }
            Entry::Vacant(entry) if *bytes + copy.size() <= MOST => {
                *bytes += copy.size();
                entry.insert(offered);
            }
            Entry::Vacant(_) => {}
        }
    }

    /// Stores the answer that another gateway has shared, if there is one.
    pub(in crate::answer::cache) async fn recall(
        &self,
        row: &Row,
        policy: &CachePolicy,
        key: &Key,
    ) {
        let Self { sharing, id, .. } = *self;
        let generation = row.generation(key);
        let found = sharing.store.find(&question(&id, policy, key)).await;
        let Some(Document { written, answers }) = found.and_then(|found| format::read(&found).ok())
        else {
            return;
        };
        let since = wall_clock().saturating_sub(written);
        let answer = answers.into_iter().next();
        let answer = answer.filter(|saved| saved.row == id && saved.key == *key);
        if let Some((key, copy)) = answer.and_then(|saved| saved.restored((row, policy), since))
            && row.generation(&key) == generation
        {
            row.restore(&key, copy);
        }
    }
}

fn question<'q>(id: &'q RowId, policy: &'q CachePolicy, key: &'q Key) -> Question<'q> {
    Question {
        row: &id.0,
        key: key.parts().0,
        route: &policy.path,
        path: key.path(),
    }
}

impl Cache {
    /// Shares the answers that were stored since the last time, as far as they are still current.
    pub(crate) async fn share(&self) {
        let Some(sharing) = &self.sharing else {
            return;
        };
        for ((id, key), Offered { copy, known }) in sharing.take() {
            let mut rows = self.rows.iter();
            let Some(Cached { row, policy, .. }) = rows.find(|cached| cached.id == Some(id)) else {
                continue;
            };
            let now = Instant::now();
            let left = copy.stored(false, now).left;
            if copy.generation != row.generation(&key) || left == Duration::ZERO {
                continue;
            }
            let saved = Saved::of(id, key.compact(), &copy, now);
            if let Ok(bytes) = written(&saved) {
                let question = question(&id, policy, &key);
                sharing.store.share(&question, known, &bytes, left).await;
            }
        }
    }

    /// Makes answers out of date because of what was heard of the other gateways.
    pub(crate) fn apply(&self, heard: &Heard) {
        let rows = self.rows.iter().map(|cached| &cached.row);
        match heard {
            Heard::Gap => rows.for_each(|row| row.expire()),
            Heard::Change(Change::Everything) => rows.for_each(|row| row.invalidate(None)),
            Heard::Change(Change::Route { route, path }) => {
                let concerned = rows.filter(|row| *row.path == **route);
                concerned.for_each(|row| row.invalidate(path.as_deref()));
            }
        }
    }
}

fn written(saved: &Saved) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, wall_clock())?;
    writer.add(saved)?;
    writer.finish()?;
    Ok(bytes)
}
