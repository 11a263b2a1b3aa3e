//! Decides whether to try again, and when.

pub(super) mod repeat;

use std::time::Duration;

use actix_web::http::header::RETRY_AFTER;
use service_kit::peer::Backoff;
use shared_types::gateway::DrillMode;

use super::Answered;
use super::outcome::is_outage;
use super::retry::repeat::Repeat;
use crate::fault::{Fault, UpstreamFault};

/// The longest pauses before the second try and before any further one.
const PAUSE: Backoff = Backoff {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(10),
};

/// Whether another try is allowed and may succeed: the upstream was unavailable, or dropped the
/// connection. An upstream that was too slow, refused on purpose or sent nonsense would do the same
/// a moment later, unless `has_other` says that another replica can be asked.
///
/// A 502, 503 or 504 and a dropped connection do not show that nothing was done, so they allow only
/// a harmless repeat. If nothing was sent, any request may be sent again.
pub(super) fn is_worth(
    outcome: &Result<Answered, Fault>,
    repeat: Repeat,
    has_other: impl FnOnce() -> bool,
) -> bool {
    let is_harmless = repeat == Repeat::Harmless;
    match outcome {
        Ok(answered) => {
            let answer = &answered.answer;
            let refuses = || answer.response.headers().contains_key(RETRY_AFTER);
            is_harmless && is_outage(answer.status()) && (!refuses() || has_other())
        }
        Err(Fault::Upstream { fault, .. }) => match fault {
            UpstreamFault::Unreachable => true,
            UpstreamFault::Drill { mode, .. } => *mode != DrillMode::Slow,
            UpstreamFault::Dropped => is_harmless,
            UpstreamFault::InvalidResponse | UpstreamFault::ConnectTimeout => {
                is_harmless && has_other()
            }
            _ => false,
        },
        Err(_) => false,
    }
}

/// How long to wait after this many tries: a random part of a time that doubles, so that requests
/// that failed together do not return together. `part` is between 0 and 1.
pub(super) fn pause(tries: u32, part: f64) -> Duration {
    PAUSE.jittered(tries, 0.0, part)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;

    #[test]
    fn a_pause_is_a_part_of_a_time_that_doubles() {
        assert_eq!(pause(0, 1.0), Duration::from_millis(50));
        assert_eq!(pause(2, 0.5), Duration::from_millis(100));
        assert_eq!(pause(1, 0.0), Duration::ZERO);
        assert_eq!(pause(200, 1.0), Duration::from_secs(10));
    }
}
