//! A service that is asked for its part, behind its guard.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderMap;
use http::uri::PathAndQuery;
use service_kit::trace::OpenSpan;
use shared_types::gateway::ClosureNotice;
use shared_types::problem::Code;
use tokio::time::{Instant, timeout_at};

use super::key::Parameter;
use super::part::Answered;
use super::settings::{Form, PartSettings, Template};
use crate::answer::dispatch::Worker;
use crate::fault::Fault;
use crate::resilience::balance::Tried;
use crate::resilience::client::Client;
use crate::resilience::drills::Drill;
use crate::resilience::guard::Intake;
use crate::resilience::memory::Memory;
use crate::resilience::priority::Priority;
use crate::upstream::{Attempt, Fetch, ReplicaPools, TrySpan, Upstream, fetch};

/// The largest answer of one service: a list of ten thousand deliveries fits.
const MOST: usize = 8 * 1024 * 1024;

#[derive(Clone)]
pub(super) struct Source {
    /// The index of the part.
    pub(super) part: usize,
    pub(super) upstream: Arc<Upstream>,
    pub(super) form: Arc<Form>,
    /// Whether the service is asked for one thing by its id.
    pub(super) is_by_id: bool,
    /// Whether one answer is for all values of the parameters.
    pub(super) is_for_all: bool,
    /// The code of the problem if there is no such part. `None` if the others are then shown.
    pub(super) required: Option<Code>,
    target: PathAndQuery,
    pub(super) timeout: Duration,
    /// The number of its circuit.
    circuit: usize,
    pools: Rc<ReplicaPools>,
    memory: Arc<Memory>,
    /// Where else the part is looked for.
    pub(super) otherwise: Option<Box<Self>>,
}

/// One request for the part.
pub(super) struct Call<'c> {
    /// The client whose share of the upstream it takes.
    pub(super) client: Option<Client>,
    pub(super) drill: Option<&'c Drill>,
    pub(super) fields: HeaderMap,
    pub(super) request_id: &'c str,
    /// Its span, if the trace is recorded.
    pub(super) span: Option<OpenSpan>,
}

impl Source {
    /// `None` if the parameters make no target, which does not happen.
    pub(super) fn of(
        worker: &Worker,
        (index, part): (usize, &PartSettings<Arc<Upstream>>),
        timeout: Duration,
        parameters: &[Parameter],
    ) -> Option<Self> {
        let at = |upstream: &Arc<Upstream>, circuit: usize, path: &Template| {
            Some(Self {
                part: index,
                upstream: Arc::clone(upstream),
                form: Arc::clone(&part.form),
                is_by_id: part.is_by_id(),
                is_for_all: path.is_for_all(),
                required: part.required,
                target: path.fill(&upstream.settings.url.prefix, parameters)?,
                timeout: timeout.min(upstream.settings.timeout),
                circuit,
                pools: worker.pools.of(upstream),
                memory: Arc::clone(&worker.site.memory),
                otherwise: None,
            })
        };
        let mut source = at(&part.upstream, part.circuit, &part.path)?;
        if let Some(otherwise) = &part.otherwise {
            let other = at(&otherwise.upstream, otherwise.circuit, &otherwise.path)?;
            source.otherwise = Some(Box::new(other));
        }
        Some(source)
    }

    /// It, and where else the part is looked for.
    pub(super) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.otherwise.as_deref())
    }

    /// The closure of its requests that is under way or announced.
    pub(super) fn closure(&self) -> Option<ClosureNotice> {
        self.upstream.closure_notice(self.circuit)
    }

    /// Makes one try, and tells the circuits its outcome. There is no second try: a missing part is
    /// reported, and asked for again soon.
    pub(super) async fn fetch(&self, call: Call<'_>) -> Answered {
        let deadline = Instant::now() + self.timeout;
        let span = TrySpan::of(call.span, ("GET", &self.upstream), 0);
        let attempt = Attempt {
            upstream: &self.upstream,
            pools: &self.pools,
            tried: Tried::default(),
            circuit: self.circuit,
            intake: Intake::Whole,
            client: call.client,
            priority: Priority::Normal,
            drill: call.drill,
        };
        let admitted = attempt.admit().await;
        let admitted = admitted.inspect_err(|_refused| span.refused())?;
        let exchange = async {
            admitted.act().await?;
            fetch(Fetch {
                pick: admitted.pick(),
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
        let outcome = timeout_at(deadline, exchange).await;
        let outcome = admitted.judge(outcome.unwrap_or_else(|_elapsed| Err(Fault::late())));
        let heard = outcome.as_ref().map(|fetched| fetched.heard);
        span.end(heard.map(|heard| heard.status));
        let (_permit, _elapsed) = admitted.settle(heard);
        let fetched = outcome?;
        Ok((fetched.heard.status, fetched.body))
    }
}
