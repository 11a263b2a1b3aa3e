//! What an answer says of a limit: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) and
//! `Retry-After` (RFC 9110 §10.2.3).
//!
//! An ordinary answer says nothing of it: it would be formatted for every request and read by nobody.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use super::quota::Rate;

static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A limit, as a client is told of it.
#[derive(Debug)]
pub(super) struct Policy {
    name: &'static str,
    /// `"default";q=600;w=10`.
    field: HeaderValue,
    /// How long one request takes to come back at most.
    interval: Duration,
}

impl Policy {
    pub(super) fn new(name: &'static str, rate: Rate) -> Self {
        let (quota, window) = (rate.quota(), seconds(rate.period()));
        let requests = quota.burst_size();
        Self {
            name,
            field: value(format!("\"{name}\";q={requests};w={window}")),
            interval: quota.replenish_interval(),
        }
    }

    /// For a request that was admitted: `"default";r=3;t=6`, where `t` is when there will be one more at the latest.
    pub(super) fn write(&self, remaining: u32, headers: &mut HeaderMap) {
        self.append(remaining, seconds(self.interval), headers);
    }

    /// For one that was not. `t` and `Retry-After` say the same, as the draft wants it.
    pub(super) fn write_exceeded(&self, wait: Duration, headers: &mut HeaderMap) {
        // Come again in 0 seconds would be no answer to a client that comes too often.
        let wait = seconds(wait).max(1);
        headers.insert(RETRY_AFTER, wait.into());
        self.append(0, wait, headers);
    }

    /// Beside whatever an upstream says of limits of its own: both fields are lists.
    fn append(&self, remaining: u32, wait: u64, headers: &mut HeaderMap) {
        let name = self.name;
        headers.append(RATELIMIT_POLICY.clone(), self.field.clone());
        headers.append(
            RATELIMIT.clone(),
            value(format!("\"{name}\";r={remaining};t={wait}")),
        );
    }
}

/// Rounded up: after that many, it is time.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn value(text: String) -> HeaderValue {
    // A name of ours and numbers have no character that a field could not have.
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
    fn a_client_that_was_admitted_hears_what_is_left() {
        let fields = written(|policy, headers| policy.write(3, headers));
        let expected = owned([
            ("ratelimit", "\"default\";r=3;t=1"),
            ("ratelimit-policy", "\"default\";q=600;w=10"),
        ]);
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_client_that_was_not_hears_when_to_come_again_in_whole_seconds() {
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
    fn what_an_upstream_says_of_its_own_limits_stays() {
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
