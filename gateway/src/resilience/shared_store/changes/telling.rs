//! Tells the other gateways what this one has changed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::Script;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Change;
use crate::metrics::StoreUse;
use crate::resilience::shared_store::{BEAT, PATIENCE, SharedStore};

/// The most changes that wait for the store.
pub(super) const MOST: usize = 1000;

/// The changes that are not told yet.
pub(in crate::resilience::shared_store) struct Telling {
    waiting: Mutex<Waiting>,
    woken: Notify,
    script: Script,
}

/// Each change with the number of its latest noting.
#[derive(Default)]
struct Waiting {
    changes: BTreeMap<Change, u64>,
    notings: u64,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            woken: Notify::new(),
            script: Script::new(include_str!("change.lua")),
        }
    }
}

impl Telling {
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
        self.telling.add(change);
        self.telling.woken.notify_one();
    }

    /// Tells the other gateways what has changed, for ever.
    pub(crate) async fn run_telling(&self) {
        loop {
            self.telling.woken.notified().await;
            while !self.tell_waiting().await {
                sleep(BEAT).await;
            }
        }
    }

    /// Tells what waits, if the store answers.
    pub(crate) async fn finish_telling(&self) {
        self.tell_waiting().await;
    }

    /// Tells what waits. Returns whether nothing is left.
    async fn tell_waiting(&self) -> bool {
        // A change is forgotten only once it is told: this may be dropped at any moment.
        let told = self.telling.all();
        if told.is_empty() {
            return true;
        }
        let mut changes = self.telling.script.key(self.keys.changes());
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
            self.telling.told(&told);
        }
        is_told
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::change;
    use super::{Change, MOST, Telling};

    #[test]
    fn changes_beyond_the_bound_become_a_change_of_everything() {
        let changes = Telling::default();
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
        let changes = Telling::default();
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
}
