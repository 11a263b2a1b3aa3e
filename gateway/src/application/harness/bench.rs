//! Opens the guard to `benches/guard.rs`, which sees only public items. It opens no more than that,
//! under a feature that nobody who runs the gateway enables.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures_util::FutureExt as _;
use service_kit::env::{ConfigError, Env};

use crate::Config;
use crate::application::site::Built;
use crate::resilience::client::Client;
use crate::resilience::guard::{Evidence, Guard, Intake, Witness};
use crate::resilience::priority::Priority;

/// The guard of an upstream that is well, with the settings of the compiled-in file.
#[derive(Clone)]
pub struct Well(Arc<Guard>);

impl Well {
    /// # Errors
    /// The compiled-in file cannot be read.
    pub fn new() -> Result<Option<Self>, ConfigError> {
        let config = Config::load(None, &Env::of_pairs([]))?;
        let built = Built::of(&Arc::new(config));
        let built = built.map_err(|error| ConfigError::new("the compiled-in file", error))?;
        let first = built.site.upstreams.first();
        Ok(first.map(|upstream| Self(Arc::clone(&upstream.guard))))
    }

    /// Does everything that the guard does for a request that is answered well. Returns whether it
    /// was admitted, which is always so.
    #[must_use]
    pub fn pass(&self) -> bool {
        let guard = &self.0;
        guard.count_request();
        let Ok(ticket) = guard.admit(0, Intake::Whole) else {
            return false;
        };
        let client = Client::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
        // There is always a permit here, so nothing waits and no runtime is measured.
        let Some(Ok(_permit)) = guard.enter(Some(client), Priority::Normal).now_or_never() else {
            return false;
        };
        ticket.settle(Evidence::Answered, Witness::ALONE, "");
        true
    }
}
