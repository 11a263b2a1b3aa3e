//! Judges a try's outcome as evidence about the upstream, and tells the circuits.

pub(super) mod retry_after;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use super::connection::pick::Pick;
use super::outcome::retry_after::retry_after;
use crate::fault::{Fault, UpstreamFault};
use crate::resilience::balance::replica::Outcome;
use crate::resilience::drills::DrilledTry;
use crate::resilience::guard::{Evidence, Ticket};

/// The part of an answer's head that is evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    /// Only for a 503, which it makes a refusal on purpose.
    retry_after: Option<Duration>,
}

impl Heard {
    pub(super) fn of(status: StatusCode, fields: &HeaderMap) -> Self {
        let field = |name| fields.get(name).map(HeaderValue::as_bytes);
        let retry_after = match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                field(RETRY_AFTER).and_then(|value| retry_after(value, field(DATE)))
            }
            _ => None,
        };
        Self {
            status,
            retry_after,
        }
    }
}

/// Whether the status says that the upstream is unavailable. A 500 is the failure of one request,
/// not an outage.
pub(crate) fn is_outage(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Whether the outcome is a sign that too much is under way. `None` if it says nothing of that, as
/// when nobody answers.
pub(super) fn is_overload(outcome: Result<Heard, &Fault>) -> Option<bool> {
    match outcome {
        Ok(heard) => Some(is_outage(heard.status)),
        Err(Fault::Upstream {
            fault: UpstreamFault::Timeout,
            ..
        }) => Some(true),
        Err(_) => None,
    }
}

/// Tells the circuits and the replica's record the outcome. A fault of the client or the gateway is
/// no evidence about the upstream, and a drill's effect concerns only the drill's own circuit.
pub(super) fn settle(
    (ticket, drilled): (Ticket, Option<DrilledTry>),
    (pick, elapsed): (&Pick, Option<Duration>),
    outcome: Result<Heard, &Fault>,
) {
    let is_of_drill = outcome.is_err_and(|fault| fault.drill().is_some());
    let evidence = match is_of_drill {
        true => Some(Evidence::Unreachable),
        false => evidence(outcome),
    };
    let Some(evidence) = evidence else {
        return;
    };
    if let Some(drilled) = drilled {
        drilled.settle(evidence);
    }
    if is_of_drill {
        return;
    }
    let witness = pick.settle(evidence, of_replica(evidence, outcome, elapsed));
    match outcome {
        Ok(_) if evidence == Evidence::Answered => ticket.settle(evidence, witness, ""),
        Ok(heard) => {
            let cause = format!("the upstream answered {}", heard.status);
            ticket.settle(evidence, witness, &cause);
        }
        Err(Fault::Upstream { cause, .. }) => ticket.settle(evidence, witness, cause),
        Err(_) => {}
    }
}

/// What the outcome says of the replica. `None` if that was noted when it was connected to.
///
/// A 5xx says nothing of the upstream, but a replica that gives many more of them than its siblings
/// is not well, and must not look fast.
fn of_replica(
    evidence: Evidence,
    outcome: Result<Heard, &Fault>,
    elapsed: Option<Duration>,
) -> Option<Outcome> {
    let is_failure = outcome.is_ok_and(|heard| heard.status.is_server_error());
    match evidence {
        Evidence::Answered if is_failure => Some(Outcome::Refused),
        Evidence::Answered => Some(Outcome::Answered(elapsed)),
        Evidence::Refused { .. } => Some(Outcome::Refused),
        Evidence::Unavailable | Evidence::Broken => Some(Outcome::Failed),
        Evidence::Unreachable => None,
    }
}

fn evidence(outcome: Result<Heard, &Fault>) -> Option<Evidence> {
    match outcome {
        Ok(heard) => Some(match (heard.status, heard.retry_after) {
            (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)) => {
                Evidence::Refused { retry_after }
            }
            (StatusCode::SERVICE_UNAVAILABLE, None) => Evidence::Unavailable,
            (status, _) if is_outage(status) => Evidence::Broken,
            _ => Evidence::Answered,
        }),
        Err(Fault::Upstream { fault, .. }) => match fault {
            UpstreamFault::Unreachable | UpstreamFault::ConnectTimeout => {
                Some(Evidence::Unreachable)
            }
            UpstreamFault::Dropped | UpstreamFault::InvalidResponse | UpstreamFault::Timeout => {
                Some(Evidence::Broken)
            }
            UpstreamFault::Failed
            | UpstreamFault::CircuitOpen { .. }
            | UpstreamFault::Overloaded
            | UpstreamFault::Closed(_)
            | UpstreamFault::Drill { .. } => None,
        },
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::StatusCode;
    use actix_web::http::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::{Heard, evidence};
    use crate::fault::{ClientFault, Fault, UpstreamFault};
    use crate::resilience::guard::Evidence;

    fn heard(status: u16, retry_after: Option<&'static str>) -> Option<Evidence> {
        let mut fields = HeaderMap::new();
        if let Some(value) = retry_after {
            fields.insert(RETRY_AFTER, HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).unwrap();
        evidence(Ok(Heard::of(status, &fields)))
    }

    #[test]
    fn an_answer_proves_that_the_upstream_is_available_unless_a_proxy_gave_it() {
        for status in [200, 304, 404, 429, 500, 501] {
            assert_eq!(heard(status, None), Some(Evidence::Answered));
            assert_eq!(heard(status, Some("5")), Some(Evidence::Answered));
        }
        for status in [502, 504] {
            assert_eq!(heard(status, None), Some(Evidence::Broken));
            assert_eq!(heard(status, Some("5")), Some(Evidence::Broken));
        }
    }

    #[test]
    fn a_503_with_retry_after_is_a_refusal_on_purpose() {
        let retry_after = Duration::from_secs(5);
        assert_eq!(
            heard(503, Some("5")),
            Some(Evidence::Refused { retry_after })
        );
        assert_eq!(heard(503, None), Some(Evidence::Unavailable));
        // Its `Retry-After` is malformed.
        assert_eq!(heard(503, Some("soon")), Some(Evidence::Unavailable));
    }

    #[test]
    fn only_what_the_upstream_did_is_evidence() {
        let fault = |fault| evidence(Err(&Fault::upstream(fault, "test")));
        assert_eq!(
            fault(UpstreamFault::Unreachable),
            Some(Evidence::Unreachable)
        );
        let timeout = fault(UpstreamFault::ConnectTimeout);
        assert_eq!(timeout, Some(Evidence::Unreachable));
        for broken in [
            UpstreamFault::Timeout,
            UpstreamFault::Dropped,
            UpstreamFault::InvalidResponse,
        ] {
            assert_eq!(fault(broken), Some(Evidence::Broken));
        }
        assert_eq!(fault(UpstreamFault::Overloaded), None);
        assert_eq!(evidence(Err(&Fault::Client(ClientFault::TooSlow))), None);
        assert_eq!(evidence(Err(&Fault::Loop)), None);
    }
}
