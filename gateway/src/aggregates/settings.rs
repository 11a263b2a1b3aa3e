//! The aggregates as the file declares them: plain values. An invalid one is refused at the start.

mod events;
pub(super) mod part;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use service_kit::env::ConfigError;

use crate::routing::route::{self, AggregatePath, View};
use crate::settings::{AggregateTable, UpstreamSettings};
pub(crate) use events::{EndSettings, EventsSettings, WatchLimits};
pub(crate) use part::{Form, PartSettings};
pub(super) use template::Template;

/// The name that describes the parts, beside them.
pub(super) const META: &str = "meta";

/// `U` is an index among the upstreams in the configuration, and the upstream itself in a running
/// gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AggregateSettings<U = usize> {
    pub(crate) name: String,
    pub(crate) path: Arc<str>,
    /// The parameters of the path, in its order.
    pub(crate) parameters: Vec<String>,
    /// The time for all parts, which are asked for at once. An upstream's own timeout applies to
    /// its part if it is shorter.
    pub(crate) timeout: Duration,
    /// How old the last good answer of a part may be to replace a missing one.
    pub(crate) stale_if_error: Duration,
    pub(crate) events: Option<EventsSettings>,
    /// In the order of the answer.
    pub(crate) parts: Vec<PartSettings<U>>,
}

/// The key below the table that is wrong, and what would be right.
struct Refused {
    key: String,
    reason: String,
}

impl Refused {
    fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            reason: reason.into(),
        }
    }
}

/// Reads all tables, and gives each part its circuit.
pub(crate) fn all(
    tables: BTreeMap<String, AggregateTable>,
    upstreams: &mut [UpstreamSettings],
) -> Result<Vec<AggregateSettings>, ConfigError> {
    let aggregates = tables.into_iter().map(|(name, table)| {
        let place = format!("aggregates.{name}");
        let aggregate = AggregateSettings::new(name, table, upstreams);
        aggregate
            .map_err(|refused| ConfigError::new(format!("{place}.{}", refused.key), refused.reason))
    });
    aggregates.collect()
}

/// The paths that the aggregates answer.
pub(crate) fn paths(aggregates: &[AggregateSettings]) -> Vec<AggregatePath> {
    let paths = aggregates.iter().enumerate().flat_map(|(index, one)| {
        let path = |key: &str, path: &Arc<str>, view| AggregatePath {
            key: format!("aggregates.{}.{key}", one.name),
            path: Arc::clone(path),
            index,
            view,
        };
        let events = one.events.as_ref();
        let events = events.map(|events| path("events.path", &events.path, View::Stream));
        [path("path", &one.path, View::Once)]
            .into_iter()
            .chain(events)
    });
    paths.collect()
}

impl AggregateSettings {
    fn new(
        name: String,
        table: AggregateTable,
        upstreams: &mut [UpstreamSettings],
    ) -> Result<Self, Refused> {
        route::check_path(&table.path).map_err(|reason| Refused::new("path", reason))?;
        if table.timeout.0.is_zero() {
            return Err(Refused::new("timeout", "must be longer than 0"));
        }
        if table.parts.is_empty() {
            return Err(Refused::new("parts", "at least one is needed"));
        }
        let path: Arc<str> = table.path.into();
        let parameters: Vec<_> = route::names_of(&path).map(str::to_owned).collect();
        let names: Vec<_> = table.parts.iter().map(|(name, _)| &**name).collect();
        let events = table.events;
        let events = events
            .map(|events| EventsSettings::new(events, &name, &parameters, &names))
            .transpose()?;
        let parts = table.parts.into_iter().map(|(name, table)| {
            let refuse = |refused: Refused| {
                Refused::new(format!("parts.{name}.{}", refused.key), refused.reason)
            };
            if name == META {
                let reason = "is the name of what the answer says of its parts";
                return Err(Refused::new(format!("parts.{name}"), reason));
            }
            PartSettings::new(&name, table, (&path, &parameters), upstreams).map_err(refuse)
        });
        Ok(Self {
            parts: parts.collect::<Result<_, _>>()?,
            name,
            path,
            parameters,
            timeout: table.timeout.0,
            stale_if_error: table.stale_if_error.0,
            events,
        })
    }
}

impl<U> AggregateSettings<U> {
    /// The same aggregate with other upstreams.
    ///
    /// # Errors
    /// `upstream` has none for one.
    pub(crate) fn with<V, E>(
        &self,
        upstream: impl Fn(&U) -> Result<V, E>,
    ) -> Result<AggregateSettings<V>, E> {
        let parts = self.parts.iter().map(|part| part.with(&upstream));
        Ok(AggregateSettings {
            parts: parts.collect::<Result<_, E>>()?,
            name: self.name.clone(),
            path: Arc::clone(&self.path),
            parameters: self.parameters.clone(),
            timeout: self.timeout,
            stale_if_error: self.stale_if_error,
            events: self.events.clone(),
        })
    }

    /// The first part without which nothing is shown.
    pub(crate) fn main_part(&self) -> Option<&PartSettings<U>> {
        self.parts.iter().find(|part| part.required.is_some())
    }
}

#[cfg(test)]
mod tests;
