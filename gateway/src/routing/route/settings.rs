//! A row's settings, with the defaults resolved at the start, so that a request looks nothing up.

use std::time::Duration;

use crate::resilience::priority::Priority;
use crate::settings::limits::Limits;
use crate::settings::{Policy, RouteRow, UpstreamSettings};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `request_body`: bytes of a request's body; `limits.request_body` by default.
    pub request_body: u64,
    /// `timeout`: how long the upstream may be waited for in one exchange, until the last byte of
    /// its answer; the upstream's by default.
    pub timeout: Duration,
    /// `idempotent`: whether the upstream recognises a repeated request by its `Idempotency-Key`,
    /// so that the gateway may repeat one that may have been carried out; the upstream's by
    /// default.
    pub idempotent: bool,
    /// `compress`: whether answers are compressed for clients that accept it; the upstream's by
    /// default, and off if it says nothing.
    pub compress: bool,
    /// `tunnel_timeout`: how long both sides of a WebSocket may be silent; 5 minutes by default.
    /// `None` without `upgrade`: clients may not ask for one.
    pub tunnel_timeout: Option<Duration>,
    /// `priority`: who is served when not all can be.
    pub priority: Priority,
}

/// Many clients and servers send a ping every 30 s or so, and some none at all.
const TUNNEL_TIMEOUT: Duration = Duration::from_mins(5);

impl Settings {
    pub(super) fn of(
        row: &RouteRow,
        upstream: &UpstreamSettings,
        limits: &Limits,
    ) -> Result<Self, String> {
        let request_body = row.request_body.map(|size| size.0.as_u64());
        let timeout = row.timeout.map_or(upstream.timeout, |timeout| timeout.0);
        if timeout.is_zero() {
            return Err("timeout: must be longer than 0".to_owned());
        }
        let is_safe = |method: &String| matches!(method.as_str(), "GET" | "HEAD");
        if row.idempotent == Some(true) && row.methods.iter().all(is_safe) {
            return Err("idempotent: GET and HEAD need no key to be repeated".to_owned());
        }
        let opens_websockets = !row.upgrade.is_empty();
        if opens_websockets {
            check_upgrade(row)?;
        }
        let tunnel_timeout = row.tunnel_timeout.map(|timeout| timeout.0);
        if tunnel_timeout.is_some() && !opens_websockets {
            return Err("tunnel_timeout: only with upgrade = [\"websocket\"]".to_owned());
        }
        if tunnel_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err("tunnel_timeout: must be longer than 0".to_owned());
        }
        Ok(Self {
            request_body: request_body.unwrap_or(limits.request_body),
            timeout,
            idempotent: row.idempotent.unwrap_or(upstream.idempotent),
            compress: row.compress.unwrap_or(false),
            priority: row.priority,
            tunnel_timeout: opens_websockets.then(|| tunnel_timeout.unwrap_or(TUNNEL_TIMEOUT)),
        })
    }
}

/// A WebSocket is asked for by a GET, and has no answer that could be stored or stand in.
fn check_upgrade(row: &RouteRow) -> Result<(), String> {
    if row.outage.is_some_and(|outage| outage != Policy::Error) {
        return Err("upgrade: only with outage = \"error\"".to_owned());
    }
    if !row.methods.iter().any(|method| method == "GET") {
        return Err("upgrade: needs GET among the methods".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use service_kit::env::Env;

    use super::Settings;
    use crate::config::Config;
    use crate::routing::route::To;

    /// The settings of the routes of the compiled-in file, with `own` added to one row.
    fn settings(own: &str) -> Vec<Settings> {
        let text = include_str!("../../../gateway.toml").replacen(
            "to = \"/auth/login\"",
            &format!("to = \"/auth/login\"{own}"),
            1,
        );
        let config = Config::parse("test.toml", &text, &Env::of_pairs([])).unwrap();
        let of = |to: &To| match to {
            To::Own(_) | To::Aggregate(..) => None,
            To::Upstream(to) => Some(to.settings),
        };
        config
            .routes
            .routes()
            .filter_map(|route| of(&route.to))
            .collect()
    }

    #[test]
    fn a_row_without_settings_has_the_defaults() {
        let first = settings("")[0];
        assert_eq!(first.request_body, 1024 * 1024);
        assert_eq!(first.timeout, Duration::from_secs(5));
    }

    #[test]
    fn a_rows_settings_affect_no_other_row() {
        let all = settings(", request_body = \"10MiB\", timeout = \"1h\", idempotent = true");
        assert_eq!(all[0].request_body, 10 * 1024 * 1024);
        assert_eq!(all[0].timeout, Duration::from_secs(3600));
        assert!(all[0].idempotent && !settings("")[0].idempotent);
        assert_eq!(all[1..], settings("")[1..]);
    }
}
