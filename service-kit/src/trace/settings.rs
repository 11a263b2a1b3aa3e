//! The settings of tracing, by the standard variables of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>). Nothing
//! is recorded without an endpoint.

use std::fmt;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};

use super::otlp;
use super::recording::{Recording, millis, pairs};
use crate::env::{ConfigError, Env};
use crate::peer::PeerUrl;

/// The standard's default, in milliseconds.
const TIMEOUT: u64 = 10_000;

#[derive(Clone, Debug)]
pub struct Settings {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `OTEL_EXPORTER_OTLP_ENDPOINT` and the standard
    /// path.
    pub(super) endpoint: PeerUrl,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,…`; none by default.
    pub(super) headers: Headers,
    /// `OTEL_EXPORTER_OTLP_TIMEOUT`: how long the collector may take for a batch.
    pub(super) timeout: Duration,
    pub(super) recording: Recording,
}

/// Fields of each request to the collector. Their values may be secrets and are never shown.
#[derive(Clone, Default)]
pub(super) struct Headers(pub(super) Vec<(HeaderName, HeaderValue)>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _value)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Settings {
    /// `None` if there is no collector. `name` is the service's own name.
    ///
    /// # Errors
    /// A variable has an invalid value.
    pub fn from_env(env: &Env, name: &str) -> Result<Option<Self>, ConfigError> {
        let base: Option<PeerUrl> = env.parse("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let base = base.map(|url| url.below(otlp::PATH));
        let of_traces: Option<PeerUrl> = env.parse("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")?;
        env.parse_with("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)?;
        let headers = env.parse_with("OTEL_EXPORTER_OTLP_HEADERS", headers)?;
        let timeout = millis(env, "OTEL_EXPORTER_OTLP_TIMEOUT", TIMEOUT)?;
        let recording = Recording::from_env(env, name)?;
        let both = of_traces.or(base).zip(recording);
        Ok(both.map(|(endpoint, recording)| Self {
            endpoint,
            headers: headers.unwrap_or_default(),
            timeout,
            recording,
        }))
    }

    /// The collector's URL for spans.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.endpoint.to_string()
    }
}

fn protocol(text: &str) -> Result<(), String> {
    match text {
        "http/protobuf" => Ok(()),
        "grpc" | "http/json" => {
            Err("only http/protobuf is spoken here, usually on port 4318".into())
        }
        _ => Err("expected http/protobuf".to_owned()),
    }
}

fn headers(text: &str) -> Result<Headers, String> {
    let pairs = pairs(text)?.into_iter().map(|(name, value)| {
        let parsed = (name.parse(), HeaderValue::from_str(&value));
        match parsed {
            (Ok(name), Ok(value)) => Ok((name, value)),
            // Neither is repeated: the value may be a secret, and so may a name without one.
            _ => Err("expected header fields: NAME=VALUE,NAME=VALUE".to_owned()),
        }
    });
    pairs.collect::<Result<_, _>>().map(Headers)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Settings, otlp};
    use crate::env::Env;
    use crate::trace::sampler::Sampler;
    use crate::trace::tracer::Bounds;

    const COLLECTOR: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

    fn read<const N: usize>(pairs: [(&str, &str); N]) -> Option<Settings> {
        Settings::from_env(&Env::of_pairs(pairs), "orders").unwrap()
    }

    fn resource<const N: usize>(pairs: [(&str, &str); N], key: &str) -> Option<String> {
        let mut all = read(pairs)
            .unwrap()
            .recording
            .resource
            .attributes
            .into_iter();
        let found = all.find(|pair| pair.key == key)?.value?.value?;
        assert!(all.all(|pair| pair.key != key), "{key} stands twice");
        match found {
            otlp::Value::Text(text) => Some(text),
            otlp::Value::Number(_) => None,
        }
    }

    #[test]
    fn nothing_is_recorded_without_an_endpoint() {
        assert!(read([]).is_none());
        assert!(read([("OTEL_TRACES_SAMPLER", "always_on")]).is_none());
        assert!(read([COLLECTOR, ("OTEL_SDK_DISABLED", "True")]).is_none());
        assert!(read([COLLECTOR, ("OTEL_SDK_DISABLED", "false")]).is_some());
    }

    #[test]
    fn the_endpoint_of_traces_is_whole_and_the_common_one_gets_the_path() {
        let endpoint = |name, url| read([(name, url)]).unwrap().endpoint.to_string();
        let common = "OTEL_EXPORTER_OTLP_ENDPOINT";
        for url in ["http://collector:4318", "http://collector:4318/"] {
            assert_eq!(endpoint(common, url), "http://collector:4318/v1/traces");
        }
        let below = endpoint(common, "https://example.com/otlp");
        assert_eq!(below, "https://example.com/otlp/v1/traces");
        let of_traces = (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "https://example.com/in",
        );
        let both = read([COLLECTOR, of_traces]).unwrap();
        assert_eq!(both.endpoint.to_string(), "https://example.com/in");
    }

    #[test]
    fn the_defaults_are_those_of_the_standard() {
        let settings = read([COLLECTOR]).unwrap();
        assert_eq!(settings.recording.sampler, Sampler::default());
        assert_eq!(settings.timeout, Duration::from_secs(10));
        assert_eq!(settings.recording.delay, Duration::from_secs(5));
        let bounds = Bounds {
            queue: 2048,
            batch: 512,
        };
        assert_eq!(settings.recording.bounds, bounds);
        let few = read([COLLECTOR, ("OTEL_BSP_MAX_QUEUE_SIZE", "100")]).unwrap();
        assert_eq!(few.recording.bounds.batch, 100);
    }

    #[test]
    fn the_service_has_the_name_that_is_nearest() {
        let attributes = (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=a%2Cb, zone = par1,",
        );
        assert_eq!(resource([COLLECTOR], "service.name").unwrap(), "orders");
        let with = |key| resource([COLLECTOR, attributes], key).unwrap();
        assert_eq!(
            (with("service.name"), with("zone")),
            ("a,b".into(), "par1".into())
        );
        let named = ("OTEL_SERVICE_NAME", "mine");
        let name = resource([COLLECTOR, attributes, named], "service.name");
        assert_eq!(name.unwrap(), "mine");
    }

    #[test]
    fn headers_are_read_and_never_shown() {
        let headers = (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "Authorization=Bearer%20s3cret,x-team=a",
        );
        let settings = read([COLLECTOR, headers]).unwrap();
        let [(name, value), (other, _)] = &settings.headers.0[..] else {
            panic!("two fields")
        };
        assert_eq!((name.as_str(), other.as_str()), ("authorization", "x-team"));
        assert_eq!(value, "Bearer s3cret");
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
        for (name, value) in [
            ("OTEL_SDK_DISABLED", "1"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:s3cret@collector"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://collector"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a b=s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret%0A"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_RESOURCE_ATTRIBUTES", "zone"),
            ("OTEL_RESOURCE_ATTRIBUTES", "=a"),
            ("OTEL_RESOURCE_ATTRIBUTES", "zone=%ff"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_TRACES_SAMPLER_ARG", "1.1"),
            ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"),
            ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
        ] {
            // A wrong value is wrong whether or not there is a collector.
            let env = Env::of_pairs([(name, value)]);
            let error = Settings::from_env(&env, "orders").unwrap_err();
            assert_eq!(error.name, name, "{value}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
