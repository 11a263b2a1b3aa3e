//! What the outcome of a try says: of the upstream, and of another try.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;

use super::Answered;
use crate::fault::{Fault, UpstreamFault};
use crate::guard::Ticket;

/// The longest pause before the second try; it doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Tells the breaker. What was the client's fault, or the gateway's, says nothing of the upstream.
pub(crate) fn settle(ticket: Ticket, outcome: Result<StatusCode, &Fault>) {
    match outcome {
        Ok(status) if is_outage(status) => {
            ticket.failed(&format!("the upstream answered {status}"))
        }
        Ok(_) => ticket.succeeded(),
        Err(Fault::Upstream { cause, .. }) => ticket.failed(cause),
        Err(_) => {}
    }
}

/// Whether somebody says for the upstream that it is not there. A 500 is one request's misfortune, not an outage.
pub(crate) fn is_outage(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Whether another try may fare better: nobody was there. Who was too slow, has refused on purpose or talks nonsense
/// will not be quicker, kinder or clearer a moment later.
pub(super) fn is_worth(outcome: &Result<Answered, Fault>) -> bool {
    match outcome {
        Ok(answered) => {
            let answer = &answered.answer;
            is_outage(answer.status()) && !answer.response.headers().contains_key(RETRY_AFTER)
        }
        Err(Fault::Upstream { fault, .. }) => matches!(
            fault,
            UpstreamFault::Unreachable | UpstreamFault::Dropped | UpstreamFault::Drill { .. }
        ),
        Err(_) => false,
    }
}

/// How long to wait after this many tries: a random part of a time that doubles, so that those who failed together do
/// not come back together. `part` is between 0 and 1.
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
