//! Notes how each order ended, as the guests and the staff have heard.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::report::stats::Waits;

/// Shared by all who write into it.
pub(super) type Shared = Arc<Mutex<Ledger>>;

#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Orders answered 201.
    accepted: HashSet<String>,
    /// How long each accepted order took.
    pub(super) waits: Waits,
    /// Every other outcome of an order's request, with its count.
    pub(super) refused: BTreeMap<String, u64>,
    /// Orders that are marked ready, or may be, and still have to be handed over.
    ready: VecDeque<String>,
    handed_over: HashSet<String>,
}

impl Ledger {
    pub(super) fn of(shared: &Shared) -> MutexGuard<'_, Self> {
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn accept(&mut self, id: String, took: Duration) {
        self.accepted.insert(id);
        self.waits.add(took);
    }

    pub(super) fn refuse(&mut self, why: String) {
        *self.refused.entry(why).or_default() += 1;
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.len()
    }

    /// How many accepted orders still have to be handed over.
    pub(super) fn left(&self) -> usize {
        self.accepted.difference(&self.handed_over).count()
    }

    /// Notes that an order was marked ready, or may have been.
    pub(super) fn note_ready(&mut self, id: String) {
        if !self.handed_over.contains(&id) {
            self.ready.push_back(id);
        }
    }

    pub(super) fn next_ready(&mut self) -> Option<String> {
        self.ready.pop_front()
    }

    pub(super) fn hand_over(&mut self, id: String) {
        self.handed_over.insert(id);
    }

    /// How many orders in `list` nobody was told of: their guests have another one with the same
    /// key.
    pub(super) fn strangers(&self, list: &HashMap<String, String>) -> usize {
        let known = |id: &&String| self.accepted.contains(*id);
        list.len() - list.keys().filter(known).count()
    }

    /// The accepted orders that `list` does not show as handed over, by their status.
    pub(super) fn strays(&self, list: &HashMap<String, String>) -> BTreeMap<String, Vec<String>> {
        let mut strays = BTreeMap::<_, Vec<_>>::new();
        for id in &self.accepted {
            match list.get(id).map(String::as_str) {
                Some("LIVREE") => {}
                status => {
                    let status = status.unwrap_or("not in the list");
                    strays
                        .entry(status.to_owned())
                        .or_default()
                        .push(id.clone());
                }
            }
        }
        strays
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::time::Duration;

    use super::Ledger;

    #[test]
    fn an_order_strays_that_is_not_listed_or_not_handed_over() {
        let mut ledger = Ledger::default();
        for id in ["a", "b", "c"] {
            ledger.accept(id.to_owned(), Duration::ZERO);
        }
        let list = [("a", "LIVREE"), ("b", "PRETE"), ("d", "EN_ATTENTE")];
        let list = list.map(|(id, status)| (id.to_owned(), status.to_owned()));
        let strays = ledger.strays(&HashMap::from(list.clone()));
        let expected = [("PRETE", "b"), ("not in the list", "c")];
        let expected = expected.map(|(status, id)| (status.to_owned(), vec![id.to_owned()]));
        assert_eq!(strays, BTreeMap::from(expected));
        assert_eq!(ledger.strangers(&HashMap::from(list)), 1);
    }

    #[test]
    fn an_order_is_left_until_it_is_handed_over() {
        let mut ledger = Ledger::default();
        ledger.accept("a".to_owned(), Duration::ZERO);
        ledger.note_ready("a".to_owned());
        assert_eq!(
            (ledger.left(), ledger.next_ready().as_deref()),
            (1, Some("a"))
        );
        ledger.hand_over("a".to_owned());
        ledger.note_ready("a".to_owned());
        assert_eq!((ledger.left(), ledger.next_ready()), (0, None));
    }
}
