//! The door for `benches/guard.rs`, which sees what is public and nothing else: the guard is not, and only this much of
//! it is opened, under a feature that nobody who runs the gateway asks for.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures_util::FutureExt as _;
use service_kit::env::{ConfigError, Env};

use crate::Config;
use crate::metrics::Metrics;
use crate::resilience::guard::{Evidence, Guard, Intake};
use crate::resilience::rate::Client;

/// The guard of an upstream that is well, with the settings of the file that is compiled in.
#[derive(Clone)]
pub struct Well(Arc<Guard>);

impl Well {
    /// # Errors
    /// The file that is compiled in cannot be read, or has no upstream.
    pub fn new() -> Result<Option<Self>, ConfigError> {
        let config = Config::load(None, &Env::of_pairs([]))?;
        let metrics = Metrics::new(&config).map_err(|error| ConfigError::new("metrics", error))?;
        let mut upstreams = config.upstreams.iter().zip(&metrics.upstreams);
        Ok(upstreams
            .next()
            .map(|(first, metrics)| Self(Guard::of(first, config.route_names.of(0), metrics))))
    }

    /// All that the guard does for one request that is answered well. Whether it let it through, as it always does.
    #[must_use]
    pub fn pass(&self) -> bool {
        let guard = &self.0;
        guard.count_request();
        let Ok(ticket) = guard.admit(0, Intake::Whole) else {
            return false;
        };
        let client = Client::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
        // At once: there is always a permit here, so that nothing is waited for and no runtime is measured.
        let Some(Ok(_permit)) = guard.enter(Some(client)).now_or_never() else {
            return false;
        };
        ticket.settle(Evidence::Answered, "");
        true
    }
}
