//! The configuration that a learner has edited.

use std::path::PathBuf;
use std::time::Duration;

use gateway::route::{Outage, To};
use gateway::{Config, worse_in_an_outage};
use service_kit::env::{ConfigError, Env};
use service_kit::program::RunError;

use super::Faults;
use super::restaurant::Restaurant;
use crate::Service;

pub(super) struct Attempt {
    file: PathBuf,
}

impl Attempt {
    pub(super) fn of(file: PathBuf) -> Self {
        Self { file }
    }

    /// Why the file is refused, if it is.
    pub(super) fn mistakes(&self) -> Faults {
        let refused = self.config().err().into_iter();
        refused.map(|error| error.to_string()).collect()
    }

    /// What the file answers worse in an outage than the original.
    pub(super) fn losses(&self, original: &str) -> Result<Faults, ConfigError> {
        let original = Config::parse("gateway.toml", original, &Env::of_pairs([]))?;
        let worse = worse_in_an_outage(&original, &self.config()?).into_iter();
        let faults = worse.map(|change| format!("your edit makes an outage worse: {change}"));
        Ok(faults.collect())
    }

    fn config(&self) -> Result<Config, ConfigError> {
        Config::load(Some(&self.file), &Env::of_pairs([]))
    }

    /// How long the last good answer of this path may replace a missing one; none if it may not.
    pub(super) fn stale_if_error(&self, path: &str) -> Result<Option<Duration>, ConfigError> {
        let config = self.config()?;
        let mut routes = config.routes.routes();
        let kept = routes.find_map(|route| match &route.to {
            To::Upstream(to) if *route.path == *path => match &to.outage {
                Outage::Stale(policy) => Some(policy.stale_if_error()),
                Outage::Error | Outage::Fallback(_) | Outage::Defer(_) => None,
            },
            _ => None,
        });
        Ok(kept)
    }

    /// Opens a restaurant with the file. `variables` are those of its environment.
    pub(super) async fn open(
        &self,
        services: &[Service],
        variables: &[(&'static str, String)],
    ) -> Result<Restaurant, RunError> {
        let file = ("GATEWAY_CONFIG", self.file.display().to_string());
        Restaurant::open(services, &[variables, &[file]].concat()).await
    }
}
