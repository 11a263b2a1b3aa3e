//! The ids of one story.
//!
//! 1. A trace goes through all programs, so every line with one of the story's traces belongs to
//!    it.
//! 2. The id that was asked for finds its traces. An order's id finds several: of the request that
//!    placed the order, and of each change of its status.
//! 3. A line of a failure may have a request id and no trace. It belongs to the story if another
//!    line with that request id has one of the story's traces.

use std::collections::BTreeSet;

use memchr::memmem;

use super::entry::{Entry, Named};

/// So many ids are searched for one by one.
const FEW: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Ids {
    asked: String,
    traces: BTreeSet<String>,
    requests: BTreeSet<String>,
}

impl Ids {
    pub(super) fn of(asked: &str) -> Self {
        let known = BTreeSet::from([asked.to_owned()]);
        Self {
            asked: asked.to_owned(),
            traces: known.clone(),
            requests: known,
        }
    }

    /// How many ids are known.
    pub(super) fn len(&self) -> usize {
        self.traces.len() + self.requests.len()
    }

    /// Whether a line may have one of the ids. Most lines have none, and reading their JSON takes
    /// much longer than a search. But a trace of thousands of requests has as many ids, and then
    /// one reading takes less than a search for each.
    pub(super) fn may_be_in(&self, line: &[u8]) -> bool {
        if self.len() > FEW {
            return Named::of(line).is_some_and(|named| self.name(&named));
        }
        let mut ids = self.traces.iter().chain(&self.requests);
        ids.any(|id| memmem::find(line, id.as_bytes()).is_some())
    }

    fn name(&self, line: &Named) -> bool {
        let has = |ids: &BTreeSet<String>, id: &Option<String>| {
            id.as_ref().is_some_and(|id| ids.contains(id))
        };
        has(&self.requests, &line.request_id) || has(&self.traces, &line.trace_id)
    }

    /// Learns the other ids of a line of the story.
    pub(super) fn learn(&mut self, entry: &Entry) {
        let request = entry.request_id.as_ref();
        if request == Some(&self.asked) {
            self.traces.extend(entry.trace_id.clone());
        }
        if self.has_trace(entry) {
            self.requests.extend(request.cloned());
        }
    }

    pub(super) fn have(&self, entry: &Entry) -> bool {
        let request = entry.request_id.as_ref();
        let is_known = request.is_some_and(|id| self.requests.contains(id));
        let is_asked = request == Some(&self.asked);
        self.has_trace(entry) || is_asked || (is_known && entry.trace_id.is_none())
    }

    fn has_trace(&self, entry: &Entry) -> bool {
        let trace = entry.trace_id.as_ref();
        trace.is_some_and(|id| self.traces.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Ids};
    use crate::cli::logs::entry::Entry;

    fn line(request: &str, trace: &str) -> Vec<u8> {
        format!(
            "gateway-1 | {{\"time\":\"2026-11-27T20:15:57.558Z\",\"level\":\"INFO\",\"target\":\"access\",\
             \"request_id\":\"{request}\",\"trace_id\":\"{trace}\"}}"
        )
        .into_bytes()
    }

    #[test]
    fn many_ids_find_the_lines_that_a_few_find() {
        for requests in [1, 3 * FEW] {
            let mut ids = Ids::of("busy");
            for request in 0..requests {
                let line = line(&format!("r{request}"), "busy");
                assert!(ids.may_be_in(&line));
                ids.learn(&Entry::of(&line, "").unwrap());
            }
            assert_eq!(ids.len(), requests + 2);
            assert!(ids.may_be_in(&line("r0", "other")), "{requests}");
            assert!(ids.may_be_in(&line("other", "busy")), "{requests}");
            assert!(!ids.may_be_in(&line("other", "other")), "{requests}");
        }
    }
}
