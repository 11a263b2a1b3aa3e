//! Decides whether to try again, and when.

pub(super) mod repeat;

use std::time::Duration;

use actix_web::http::header::RETRY_AFTER;
use shared_types::gateway::DrillMode;

use super::Answered;
use super::outcome::is_outage;
use super::retry::repeat::Repeat;
use crate::fault::{Fault, UpstreamFault};

/// The longest pause before the second try; it doubles with each further try.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Whether another try is allowed and may succeed: the upstream was unavailable, or dropped the
/// connection. An upstream that was too slow, refused on purpose or sent nonsense would do the same
/// a moment later.
///
/// A 502, 503 or 504 and a dropped connection do not show that nothing was done, so they allow only
/// a harmless repeat. If nothing was sent, any request may be sent again.
pub(super) fn is_worth(outcome: &Result<Answered, Fault>, repeat: Repeat) -> bool {
    let is_harmless = repeat == Repeat::Harmless;
    match outcome {
        Ok(answered) => {
            let answer = &answered.answer;
            is_harmless
                && is_outage(answer.status())
                && !answer.response.headers().contains_key(RETRY_AFTER)
        }
        Err(Fault::Upstream { fault, .. }) => match fault {
            UpstreamFault::Unreachable => true,
            UpstreamFault::Drill { mode, .. } => *mode != DrillMode::Slow,
            UpstreamFault::Dropped => is_harmless,
            _ => false,
        },
        Err(_) => false,
    }
}

/// How long to wait after this many tries: a random part of a time that doubles, so that requests
/// that failed together do not return together. `part` is between 0 and 1.
pub(super) fn pause(tries: u32, part: f64) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << tries.min(8))
        .mul_f64(part.clamp(0.0, 1.0))
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
        assert_eq!(pause(200, 1.0), pause(8, 1.0));
    }
}
