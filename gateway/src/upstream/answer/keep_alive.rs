//! How long an upstream keeps an idle connection open, as it says: `Keep-Alive: timeout=5, max=100` (RFC 2068 §19.7.1.1;
//! servers write it still).

use std::time::Duration;

/// How long before the upstream closes an idle connection it is not used any more.
const MARGIN: Duration = Duration::from_secs(1);

/// What is left of the upstream's timeout. The upstream counts from when it has written the answer, so a request needs a
/// second's start on its closing, or half of the time where that is no more than a second.
pub(super) fn idle_time(value: &[u8]) -> Option<Duration> {
    let parameters = std::str::from_utf8(value).ok()?.split(',');
    let timeouts = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_timeout = name.trim().eq_ignore_ascii_case("timeout");
        let seconds: u32 = value.trim().trim_matches('"').parse().ok()?;
        let timeout = Duration::from_secs(seconds.into());
        is_timeout.then(|| timeout - MARGIN.min(timeout / 2))
    });
    timeouts.min()
}
