//! An upstream in a running gateway. One value holds its settings, its guard, its counters and the
//! closures and drills that may keep requests from it, so that what leads to it needs no other lookup.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use shared_types::gateway::{Availability, ClosureNotice};
use shared_types::value::Timestamp;

use super::replicas::Replicas;
use crate::fault::closed::Closed;
use crate::metrics::{UpstreamFamilies, UpstreamMetrics};
use crate::resilience::closures::Closures;
use crate::resilience::drills::{Drill, Drills};
use crate::resilience::guard::{Guard, Hearing, Phase};
use crate::settings::UpstreamSettings;

/// One upstream, shared by all workers. Each worker has a pool of its own for it.
pub(crate) struct Upstream {
    /// The number of its pools. It tells them from those of other upstreams.
    pub(super) pool: usize,
    pub(crate) settings: UpstreamSettings,
    pub(crate) replicas: Arc<Replicas>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) metrics: Arc<UpstreamMetrics>,
    /// None where `GATEWAY_DRILLS` is off.
    drills: Option<Arc<Drills>>,
    closures: Arc<Closures>,
    /// How many requests it keeps, as its probe says.
    waiting: Arc<AtomicU64>,
}

/// How well an upstream answers, for real or in a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Up,
    /// It was not heard from yet.
    Unknown,
    /// The latest probe failed. Requests are still sent to it.
    Failing,
    /// Its circuit is open. It is asked again after this time.
    Down(Duration),
    /// It is closed for planned work, for this time.
    Closed(Duration),
}

impl Standing {
    pub(crate) fn availability(self) -> Availability {
        match self {
            Self::Up => Availability::Up,
            Self::Unknown => Availability::Unknown,
            Self::Failing => Availability::Degraded,
            Self::Down(_) => Availability::Down,
            Self::Closed(_) => Availability::Closed,
        }
    }
}

impl Upstream {
    /// `pool` is a number that no other upstream has had.
    ///
    /// # Errors
    /// A counter of its own exists already.
    pub(crate) fn new(
        pool: usize,
        settings: &UpstreamSettings,
        families: &UpstreamFamilies,
        drills: Option<&Arc<Drills>>,
        closures: &Arc<Closures>,
    ) -> prometheus::Result<Arc<Self>> {
        let metrics = metrics(settings, families)?;
        let parts = (settings.breaker, settings.gate);
        Ok(Arc::new(Self {
            pool,
            replicas: Replicas::new(&settings.name, &settings.url),
            guard: Guard::of(&settings.name, parts, &settings.circuits, &metrics),
            settings: settings.clone(),
            metrics,
            drills: drills.cloned(),
            closures: Arc::clone(closures),
            waiting: Arc::default(),
        }))
    }

    /// The upstream of a new configuration ([`Self::is`]). What is configured as before goes on; its
    /// replicas follow the new URL once its site answers. `pool` is a number that no other upstream has had.
    ///
    /// # Errors
    /// A counter of its own exists already.
    pub(crate) fn succeeding(
        self: &Arc<Self>,
        pool: usize,
        settings: &UpstreamSettings,
        families: &UpstreamFamilies,
    ) -> prometheus::Result<Arc<Self>> {
        if self.settings == *settings {
            return Ok(Arc::clone(self));
        }
        let metrics = metrics(settings, families)?;
        let parts = (settings.breaker, settings.gate);
        let guard = self.guard.succeeding(parts, &settings.circuits, &metrics);
        let times = |settings: &UpstreamSettings| (settings.connect_timeout, settings.idle_timeout);
        let has_same_pools = times(&self.settings) == times(settings);
        Ok(Arc::new(Self {
            pool: if has_same_pools { self.pool } else { pool },
            replicas: Arc::clone(&self.replicas),
            guard,
            settings: settings.clone(),
            metrics,
            drills: self.drills.clone(),
            closures: Arc::clone(&self.closures),
            waiting: Arc::clone(&self.waiting),
        }))
    }

    /// Whether it is the same upstream in another configuration: it has the same name and a replica
    /// in common.
    pub(crate) fn is(&self, settings: &UpstreamSettings) -> bool {
        self.settings.name == settings.name && self.settings.url.shares_with(&settings.url)
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.settings.name
    }

    /// How many requests it keeps for later, if any, as its probe last said.
    pub(crate) fn waiting(&self) -> Option<u64> {
        Some(self.waiting.load(Ordering::Relaxed)).filter(|waiting| *waiting > 0)
    }

    /// Learns it from the answer to a probe: `{"waiting": 12}`. Most upstreams keep none, and say
    /// something else.
    pub(super) fn learn_waiting(&self, answer: &[u8]) {
        #[derive(Deserialize)]
        struct Answer {
            waiting: u64,
        }
        let answer = serde_json::from_slice(answer);
        let waiting = answer.map_or(0, |Answer { waiting }| waiting);
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// The announced closure that a request of the route with this circuit runs into, if any.
    pub(crate) fn closed(&self, circuit: usize) -> Option<Closed> {
        let route = self.settings.circuits.get(circuit);
        self.closures.of(self.name(), route)
    }

    /// The same for the next closure that is announced, if none is under way.
    pub(crate) fn closure_notice(&self, circuit: usize) -> Option<ClosureNotice> {
        let route = self.settings.circuits.get(circuit);
        self.closures.notice_of(self.name(), route)
    }

    /// For how long it is closed for planned work, if it is.
    pub(crate) fn is_closed_for(&self) -> Option<Duration> {
        let closed = self.closures.of(self.name(), None)?;
        Some(closed.until.since(Timestamp::now()))
    }

    /// The drill that a request of the route runs into, if any.
    pub(crate) fn drill(&self, route: &str) -> Option<Drill> {
        let drills = self.drills.as_ref()?;
        drills.of(self.name(), route, rand::random())
    }

    /// Whether a drill makes the answers of the route late.
    pub(crate) fn is_slow_by_drill(&self, route: &str) -> bool {
        let drills = self.drills.as_ref();
        drills.is_some_and(|drills| drills.is_slow(self.name(), route))
    }

    /// The state of its circuit: the real one, or a drill's while the real one is closed.
    pub(crate) fn phase(&self) -> Phase {
        match (self.guard.phase(), &self.drills) {
            (Phase::Closed, Some(drills)) => drills.phase(self.name()),
            (real, _) => real,
        }
    }

    /// When the real circuit last changed; `None` while a drill's circuit is shown.
    pub(crate) fn since(&self) -> Option<SystemTime> {
        let is_real = self.guard.phase().state() == self.phase().state();
        is_real.then(|| self.guard.changed_at())
    }

    pub(crate) fn standing(&self) -> Standing {
        if let Some(wait) = self.is_closed_for() {
            return Standing::Closed(wait);
        }
        if let Some(wait) = self.phase().retry_after() {
            return Standing::Down(wait);
        }
        let drills = self.drills.as_ref();
        if drills.is_some_and(|drills| drills.fails_probe(self.name())) {
            return Standing::Failing;
        }
        match self.guard.hearing() {
            Hearing::Well => Standing::Up,
            Hearing::Failing => Standing::Failing,
            Hearing::Unheard => Standing::Unknown,
        }
    }
}

fn metrics(
    settings: &UpstreamSettings,
    families: &UpstreamFamilies,
) -> prometheus::Result<Arc<UpstreamMetrics>> {
    let circuits = settings.circuits.iter();
    let circuits = circuits.map(|route| (route.method.as_str(), &*route.path));
    families.of(&settings.name, circuits)
}
