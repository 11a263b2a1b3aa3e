//! How long an upstream keeps an idle connection open, by its own `Keep-Alive: timeout=5, max=100`
//! (RFC 2068 §19.7.1.1; servers still send it).

use std::time::Duration;

/// How long before its closing time an idle connection is no longer used.
const MARGIN: Duration = Duration::from_secs(1);

/// The usable part of the upstream's timeout. The upstream counts from when it has written the
/// answer. A request needs a second's lead on the closing, or half the timeout if half is less.
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
