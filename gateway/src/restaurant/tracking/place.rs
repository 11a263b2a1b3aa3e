//! A service that is asked for its part, behind its guard.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderMap;
use http::uri::PathAndQuery;
use tokio::time::{Instant, timeout_at};

use super::copies::PartName;
use super::part::Answered;
use super::source::Source;
use super::subject::OrderId;
use crate::answer::dispatch::Worker;
use crate::fault::Fault;
use crate::resilience::client::Client;
use crate::resilience::drills::Drill;
use crate::resilience::guard::Intake;
use crate::resilience::memory::Memory;
use crate::upstream::{Fetch, Pool, Upstream, fetch, settle};

/// The largest answer of one service: a list of ten thousand deliveries fits.
const MOST: usize = 8 * 1024 * 1024;

#[derive(Clone)]
pub(super) struct Place {
    pub(super) name: PartName,
    pub(super) upstream: Arc<Upstream>,
    /// The key that holds the order's id, if the answer is a list.
    pub(super) find: Option<Arc<str>>,
    /// Whether one answer holds every order.
    pub(super) is_for_all: bool,
    target: PathAndQuery,
    pub(super) timeout: Duration,
    /// The number of its circuit.
    circuit: usize,
    pool: Rc<Pool>,
    memory: Arc<Memory>,
}

/// One request for the part.
pub(super) struct Call<'c> {
    /// The client whose share of the upstream it takes.
    pub(super) client: Option<Client>,
    pub(super) drill: Option<&'c Drill>,
    pub(super) fields: HeaderMap,
    pub(super) request_id: &'c str,
}

impl Place {
    pub(super) fn of(
        worker: &Worker,
        name: PartName,
        source: &Source<Arc<Upstream>>,
        timeout: Duration,
        id: &OrderId,
    ) -> Option<Self> {
        let upstream = &source.upstream;
        Some(Self {
            name,
            upstream: Arc::clone(upstream),
            find: source.find.clone(),
            is_for_all: source.is_for_all(),
            target: source.target(&upstream.settings.url.prefix, id)?,
            timeout: timeout.min(upstream.settings.timeout),
            circuit: source.circuit,
            pool: worker.pools.of(upstream),
            memory: Arc::clone(&worker.site.memory),
        })
    }

    /// Makes one try, and tells the circuits its outcome. There is no second try: a missing part is
    /// reported, and asked for again soon.
    pub(super) async fn fetch(&self, call: Call<'_>) -> Answered {
        let deadline = Instant::now() + self.timeout;
        let asked_by = (self.circuit, Intake::Whole);
        let (ticket, _permit) = self.upstream.guard.let_in(asked_by, call.client).await?;
        let drilled = call
            .drill
            .map(|drill| drill.admit(Intake::Whole))
            .transpose();
        let drilled = drilled.inspect_err(|open| self.upstream.metrics.refused(open))?;
        let began = Instant::now();
        let exchange = async {
            if let Some(drilled) = &drilled {
                drilled.act().await?;
            }
            fetch(Fetch {
                pool: &self.pool,
                upstream: self.upstream.name(),
                request_id: call.request_id,
                target: &self.target,
                fields: call.fields,
                deadline,
                most: MOST,
                charge: Some(self.memory.charge(call.client)),
            })
            .await
        };
        let outcome = timeout_at(deadline, exchange)
            .await
            .unwrap_or_else(|_elapsed| Err(Fault::late()));
        let outcome = match &drilled {
            Some(drilled) => drilled.judge(outcome),
            None => outcome,
        };
        let heard = outcome.as_ref().map(|fetched| fetched.heard);
        let status = heard.map(|heard| heard.status);
        self.upstream.metrics.exchanged(status, began.elapsed());
        settle(ticket, drilled, heard);
        outcome.map(|fetched| (fetched.heard.status, fetched.body))
    }
}
