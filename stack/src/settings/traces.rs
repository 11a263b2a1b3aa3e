//! Where the spans of the stack go: to the person's collector, else to the gateway's console.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service_kit::env::ConfigError;
use service_kit::health::reachable;
use service_kit::trace;

use super::overlay;
use crate::{Options, Service};

/// The collector of a service's spans, if there is one: the person's own, else the gateway at
/// `operator`.
pub(crate) fn tracing(
    service: Service,
    options: &Options,
    operator: SocketAddr,
) -> Result<Option<trace::Settings>, ConfigError> {
    let mut over = BTreeMap::new();
    if kept(options) == Some("on") {
        let collector = format!("http://{}", reachable(operator));
        over.insert("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
        if let Some(token) = options.env.get("GATEWAY_ADMIN_TOKEN") {
            let token = utf8_percent_encode(token.trim(), NON_ALPHANUMERIC);
            let bearer = format!("Authorization=Bearer%20{token}");
            over.insert("OTEL_EXPORTER_OTLP_HEADERS", bearer);
        }
        over.extend(soon(options));
    }
    trace::Settings::from_env(&overlay(&options.env, over), service.program())
}

/// The value of `GATEWAY_TRACES`, if it is not the process's own: the stack is there to be looked at,
/// unless the person has a collector to look at.
pub(super) fn kept(options: &Options) -> Option<&'static str> {
    let has_collector = COLLECTORS
        .iter()
        .any(|name| options.env.get(name).is_some());
    match options.env.get("GATEWAY_TRACES").as_deref() {
        _ if has_collector => None,
        None | Some("on") => Some("on"),
        Some(_) => None,
    }
}

const COLLECTORS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

/// Has spans sent every second instead of every five: a person waits for them.
pub(super) fn soon(options: &Options) -> Option<(&'static str, String)> {
    const DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
    let is_chosen = options.env.get(DELAY).is_some();
    (!is_chosen).then(|| (DELAY, "1000".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use service_kit::env::Env;

    use super::super::operator;
    use super::tracing;
    use crate::{Options, Ports, Service};

    fn collector<const N: usize>(pairs: [(&str, &str); N]) -> Option<(String, String)> {
        let options = Options {
            data: PathBuf::from("nowhere"),
            is_fresh: false,
            ports: Ports::From(8100),
            services: Vec::new(),
            env: Env::of_pairs(pairs),
        };
        let operator = operator(&options, &mut Vec::new()).unwrap();
        let settings = tracing(Service::Orders, &options, operator).unwrap()?;
        Some((settings.endpoint(), format!("{settings:?}")))
    }

    #[test]
    fn spans_go_to_the_gateway_unless_there_is_a_collector() {
        let (endpoint, settings) = collector([]).unwrap();
        assert_eq!(endpoint, "http://127.0.0.1:9100/v1/traces");
        assert!(!settings.contains("authorization"), "{settings}");
        let token = ("GATEWAY_ADMIN_TOKEN", "a, b%c=0123456789");
        let (_, settings) = collector([token]).unwrap();
        assert!(settings.contains("authorization"), "{settings}");
        let own = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        let (endpoint, settings) = collector([own, token]).unwrap();
        assert_eq!(endpoint, "http://collector:4318/v1/traces");
        assert!(!settings.contains("authorization"), "{settings}");
        assert!(collector([("GATEWAY_TRACES", "off")]).is_none());
        assert!(collector([("OTEL_SDK_DISABLED", "true")]).is_none());
    }
}
