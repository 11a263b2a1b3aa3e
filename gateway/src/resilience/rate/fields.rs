//! The answer's fields about a limit: `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers) and `Retry-After` (RFC 9110 §10.2.3).
//!
//! An ordinary answer has none of them: they would be formatted for every request and read by
//! nobody.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use shared_types::problem::ReachedLimit;

use super::quota::Rate;

static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A limit, as a client sees it.
#[derive(Debug)]
pub(super) struct Policy {
    name: &'static str,
    rate: Rate,
    /// `"default";q=600;w=10`.
    field: HeaderValue,
    /// The longest time until one request comes back.
    interval: Duration,
}

impl Policy {
    pub(super) fn new(name: &'static str, rate: Rate) -> Self {
        let (quota, window) = (rate.quota(), seconds(rate.period()));
        let requests = quota.burst_size();
        Self {
            name,
            rate,
            field: value(format!("\"{name}\";q={requests};w={window}")),
            interval: quota.replenish_interval(),
        }
    }

    /// For the problem: the key of the file, and its value.
    pub(super) fn limit(&self) -> ReachedLimit {
        let key = match self.name {
            "route" => "rate_limit",
            _ => "limits.rate",
        };
        ReachedLimit::new(key, self.rate)
    }

    /// For an admitted request: `"default";r=3;t=6`, where one more comes back within `t` seconds.
    pub(super) fn write(&self, remaining: u32, headers: &mut HeaderMap) {
        self.append(remaining, seconds(self.interval), headers);
    }

    /// For a refused request. `t` and `Retry-After` are equal, as the draft asks.
    pub(super) fn write_exceeded(&self, wait: Duration, headers: &mut HeaderMap) {
        // A wait of 0 seconds would be no answer to a client that comes too often.
        let wait = seconds(wait).max(1);
        headers.insert(RETRY_AFTER, wait.into());
        self.append(0, wait, headers);
    }

    /// Appends the fields after an upstream's own: both are lists.
    fn append(&self, remaining: u32, wait: u64, headers: &mut HeaderMap) {
        let name = self.name;
        headers.append(RATELIMIT_POLICY.clone(), self.field.clone());
        headers.append(
            RATELIMIT.clone(),
            value(format!("\"{name}\";r={remaining};t={wait}")),
        );
    }
}

/// Rounded up: after that many seconds, the time has come.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn value(text: String) -> HeaderValue {
    // The gateway's names and numbers hold no character that a field forbids.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::Policy;

    fn written(write: impl FnOnce(&Policy, &mut HeaderMap)) -> Vec<(String, String)> {
        let policy = Policy::new("default", "600/10s".parse().unwrap());
        let mut headers = HeaderMap::new();
        write(&policy, &mut headers);
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let mut fields: Vec<_> = headers.iter().map(text).collect();
        fields.sort();
        fields
    }

    fn owned<const N: usize>(fields: [(&str, &str); N]) -> Vec<(String, String)> {
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn an_admitted_client_is_told_what_is_left() {
        let fields = written(|policy, headers| policy.write(3, headers));
        let expected = owned([
            ("ratelimit", "\"default\";r=3;t=1"),
            ("ratelimit-policy", "\"default\";q=600;w=10"),
        ]);
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_refused_client_is_told_when_to_come_again_in_whole_seconds() {
        for (wait, told) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (7000, "7")] {
            let wait = Duration::from_millis(wait);
            let fields = written(|policy, headers| policy.write_exceeded(wait, headers));
            let expected = owned([
                ("ratelimit", format!("\"default\";r=0;t={told}").as_str()),
                ("ratelimit-policy", "\"default\";q=600;w=10"),
                ("retry-after", told),
            ]);
            assert_eq!(fields, expected);
        }
    }

    #[test]
    fn an_upstreams_own_limits_stay() {
        let name = HeaderName::from_static("ratelimit");
        let theirs = HeaderValue::from_static("\"orders\";r=1;t=2");
        let fields = written(|policy, headers| {
            headers.insert(name, theirs);
            policy.write(3, headers);
        });
        let values: Vec<_> = fields.iter().map(|(_, value)| value.as_str()).collect();
        assert!(values.contains(&"\"orders\";r=1;t=2"), "{values:?}");
        assert!(values.contains(&"\"default\";r=3;t=1"), "{values:?}");
    }
}
