//! Where to ask for the three parts: the table `[tracking]`. An invalid one is refused at the
//! start.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use http::uri::PathAndQuery;
use service_kit::env::ConfigError;
use shared_types::tracking::Parts;

use super::subject::OrderId;
use crate::routing::route::View;
use crate::settings::{PartTable, TrackingTable, UpstreamSettings};

const PLACE: &str = "{id}";

/// The limits on what is watched at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WatchLimits {
    /// `tracking.watched_orders`.
    pub(crate) orders: usize,
    /// `tracking.streams_per_client`.
    pub(crate) streams_per_client: usize,
}

#[derive(Debug)]
pub(crate) struct Sources<U = usize> {
    /// The time for all parts, which are asked for at once. An upstream's own timeout applies to
    /// its part if it is shorter.
    pub(crate) timeout: Duration,
    pub(crate) watches: WatchLimits,
    pub(crate) parts: Parts<Source<U>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source<U = usize> {
    /// The index in [`Config::upstreams`](crate::config::Config::upstreams), and in a running
    /// gateway the upstream itself.
    pub(crate) upstream: U,
    /// The number of its circuit among those of the upstream.
    pub(crate) circuit: usize,
    /// With `{id}` in the place of the order's id.
    path: String,
    /// The key that holds the order's id, if the answer is a list.
    pub(crate) find: Option<Arc<str>>,
}

impl Sources {
    pub(crate) fn new(
        table: TrackingTable,
        upstreams: &mut [UpstreamSettings],
    ) -> Result<Self, ConfigError> {
        if table.timeout.0.is_zero() {
            return Err(ConfigError::new(
                "tracking.timeout",
                "must be longer than 0",
            ));
        }
        let mut source = |name: &str, table: PartTable| {
            Source::new(table, upstreams)
                .map_err(|(key, reason)| ConfigError::new(format!("tracking.{name}.{key}"), reason))
        };
        let orders = table.watched_orders;
        let streams_per_client = table.streams_per_client;
        let streams_per_client = streams_per_client.unwrap_or_else(|| orders.div_ceil(10));
        for (key, count) in [
            ("watched_orders", orders),
            ("streams_per_client", streams_per_client),
        ] {
            if count == 0 {
                let key = format!("tracking.{key}");
                return Err(ConfigError::new(key, "must be at least 1"));
            }
        }
        Ok(Self {
            timeout: table.timeout.0,
            watches: WatchLimits {
                orders,
                streams_per_client,
            },
            parts: Parts {
                order: source("order", table.order)?,
                kitchen: source("kitchen", table.kitchen)?,
                delivery: source("delivery", table.delivery)?,
            },
        })
    }

    /// The same sources with other upstreams.
    ///
    /// # Errors
    /// `upstream` has none for an index.
    pub(crate) fn with<U>(
        &self,
        upstream: impl Fn(usize) -> Result<U, ConfigError>,
    ) -> Result<Sources<U>, ConfigError> {
        let Parts {
            order,
            kitchen,
            delivery,
        } = &self.parts;
        Ok(Sources {
            timeout: self.timeout,
            watches: self.watches,
            parts: Parts {
                order: order.with(&upstream)?,
                kitchen: kitchen.with(&upstream)?,
                delivery: delivery.with(&upstream)?,
            },
        })
    }
}

impl Source {
    fn new(
        table: PartTable,
        upstreams: &mut [UpstreamSettings],
    ) -> Result<Self, (&'static str, String)> {
        let PartTable {
            upstream,
            path,
            find,
        } = table;
        let refuse = |key, reason: &str| Err((key, reason.to_owned()));
        let upstream = UpstreamSettings::named(upstreams, &upstream);
        let (index, upstream) = upstream.map_err(|reason| ("upstream", reason))?;
        let plain = |c: char| c.is_ascii_graphic() && !"#\\".contains(c);
        if !path.starts_with('/') || !path.chars().all(plain) {
            return refuse("path", "must begin with / and hold no fragment or space");
        }
        if path.replace(PLACE, "").contains(['{', '}']) {
            return refuse("path", "{id} is the only parameter");
        }
        match &find {
            Some(key) if key.is_empty() => return refuse("find", "must not be empty"),
            None if !path.contains(PLACE) => {
                return refuse("path", "must contain {id} unless the part has find");
            }
            Some(_) | None => {}
        }
        let circuit = upstream.add_circuit(Method::GET, View::ONCE.into());
        Ok(Self {
            upstream: index,
            circuit,
            path,
            find: find.map(Into::into),
        })
    }

    fn with<U>(
        &self,
        upstream: impl Fn(usize) -> Result<U, ConfigError>,
    ) -> Result<Source<U>, ConfigError> {
        Ok(Source {
            upstream: upstream(self.upstream)?,
            circuit: self.circuit,
            path: self.path.clone(),
            find: self.find.clone(),
        })
    }
}

impl<U> Source<U> {
    /// Whether one answer holds every order: a list that is asked for without an id.
    pub(crate) fn is_for_all(&self) -> bool {
        self.find.is_some() && !self.path.contains(PLACE)
    }

    /// The path and query for the upstream; `prefix` is the path of its URL.
    pub(crate) fn target(&self, prefix: &str, id: &OrderId) -> Option<PathAndQuery> {
        let path = self.path.replace(PLACE, id.encoded());
        // A valid path stays valid with some escapes in it.
        PathAndQuery::try_from(format!("{prefix}{path}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::super::subject::OrderId;
    use crate::config::Config;

    const DEFAULT: &str = include_str!("../../../gateway.toml");

    fn parse(from: &str, to: &str) -> Result<Config, String> {
        let (before, tracking) = DEFAULT.split_once("[tracking]").unwrap();
        assert!(tracking.contains(from), "{from}");
        let text = format!("{before}[tracking]{}", tracking.replacen(from, to, 1));
        Config::parse("test.toml", &text, &Env::of_pairs([])).map_err(|error| error.to_string())
    }

    #[test]
    fn the_id_is_escaped_in_the_path() {
        let config = parse("", "").unwrap();
        let sources = config.tracking.unwrap();
        let id = OrderId::parse("a&b=%20c;d").unwrap();
        let target = sources.parts.delivery.target("/v1", &id).unwrap();
        assert_eq!(target, "/v1/livraisons?commandeId=a%26b%3D%20c%3Bd");
        let target = sources.parts.kitchen.target("", &id).unwrap();
        assert_eq!(target, "/orders");
    }

    #[test]
    fn an_invalid_key_is_refused_by_its_name() {
        for (from, to, key) in [
            ("\"kitchen\"", "\"kitchn\"", "tracking.kitchen.upstream"),
            (
                "\"/commandes/{id}\"",
                "\"commandes/{id}\"",
                "tracking.order.path",
            ),
            (
                "\"/commandes/{id}\"",
                "\"/commandes\"",
                "tracking.order.path",
            ),
            (
                "\"/commandes/{id}\"",
                "\"/{id}/{who}\"",
                "tracking.order.path",
            ),
            (
                "\"/commandes/{id}\"",
                "\"/a b/{id}\"",
                "tracking.order.path",
            ),
            ("\"order_id\"", "\"\"", "tracking.kitchen.find"),
            ("\"2s\"", "\"0s\"", "tracking.timeout"),
            (
                "watched_orders = 1000",
                "watched_orders = 0",
                "tracking.watched_orders",
            ),
            (
                "watched_orders = 1000",
                "streams_per_client = 0",
                "tracking.streams_per_client",
            ),
            ("find", "fnd", "fnd"),
        ] {
            let refused = parse(from, to).unwrap_err();
            assert!(refused.contains(key), "{to}: {refused}");
        }
    }
}
