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

use super::entry::Entry;

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

    /// Whether the text of a line has one of the ids, be it elsewhere. Most lines have none, and
    /// this is much faster than reading their JSON.
    pub(super) fn may_be_in(&self, line: &[u8]) -> bool {
        let mut ids = self.traces.iter().chain(&self.requests);
        ids.any(|id| memmem::find(line, id.as_bytes()).is_some())
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
