//! Judges a service's answer about its part. Does no I/O.

use std::time::Duration;

use actix_web::http::StatusCode;
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use shared_types::aggregate::{PartState, PartStatus};
use shared_types::problem::Code;

use super::document::Document;
use super::key::Parameter;
use super::settings::Form;
use crate::fault::{Fault, UpstreamFault};

/// The outcome of asking for a part, or for the document that holds it.
#[derive(Debug)]
pub(super) enum PartOutcome<T = Box<RawValue>> {
    Found(T),
    /// The service has no such part.
    Missing,
    /// The service refuses this caller.
    Refused(Code),
    Failed(Fault),
}

/// The last good part.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) value: Box<RawValue>,
    pub(super) age: Duration,
}

/// A part as it is shown.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) value: Option<Box<RawValue>>,
    pub(super) status: PartStatus,
}

/// Why nothing can be shown at all.
#[derive(Debug)]
pub(super) enum PartRefusal {
    Problem(Code),
    /// A fault of the service of the part with this index.
    Fault(usize, Fault),
    /// The gateway's own failure.
    Internal(String),
}

/// A service's answer, or the fault.
pub(super) type Answered = Result<(StatusCode, Bytes), Fault>;

impl PartOutcome<Document> {
    /// Reads an answer. `is_by_id` is true for a service that is asked for one thing by its id.
    pub(super) fn of(answered: Answered, form: &Form, is_by_id: bool) -> Self {
        let (status, body) = match answered {
            Ok(answer) => answer,
            Err(fault) => return Self::Failed(fault),
        };
        match status {
            StatusCode::NOT_FOUND => Self::Missing,
            // A service that rejects the id has nothing of that id.
            StatusCode::BAD_REQUEST if is_by_id => Self::Missing,
            StatusCode::UNAUTHORIZED if is_over(&body) => Self::Refused(Code::SessionExpired),
            StatusCode::UNAUTHORIZED => Self::Refused(Code::Unauthorized),
            StatusCode::FORBIDDEN => Self::Refused(Code::Forbidden),
            _ if status.is_success() => match Document::read(body, form) {
                Ok(found) => Self::Found(found),
                Err(error) => Self::Failed(Fault::upstream(
                    UpstreamFault::InvalidResponse,
                    format!("the answer is not in the expected form: {error}"),
                )),
            },
            _ => Self::Failed(Fault::upstream(
                UpstreamFault::Failed,
                format!("the upstream answered {status}"),
            )),
        }
    }

    /// The outcome for these parameters of the path.
    pub(super) fn find(&self, form: &Form, parameters: &[Parameter]) -> PartOutcome {
        match self {
            Self::Found(document) => match document.find(form, parameters) {
                Some(value) => PartOutcome::Found(value),
                None => PartOutcome::Missing,
            },
            Self::Missing => PartOutcome::Missing,
            Self::Refused(code) => PartOutcome::Refused(*code),
            Self::Failed(fault) => PartOutcome::Failed(fault.clone()),
        }
    }
}

/// Whether a refused token was a genuine one, by the code of the problem.
fn is_over(problem: &[u8]) -> bool {
    let problem: Value = serde_json::from_slice(problem).unwrap_or_default();
    problem.get("code").and_then(Value::as_str) == Some(Code::SessionExpired.as_str())
}

impl PartOutcome {
    /// Judges the part with this index, without which nothing is shown; `not_found` is the problem
    /// if there is none. A part that the service refuses is not shown from a copy.
    pub(super) fn required(
        self,
        index: usize,
        not_found: Code,
        last: Option<Last>,
    ) -> Result<Part, PartRefusal> {
        match (self, last) {
            (Self::Missing, _) => Err(PartRefusal::Problem(not_found)),
            (Self::Refused(code), _) => Err(PartRefusal::Problem(code)),
            (Self::Failed(fault), None) => Err(PartRefusal::Fault(index, fault)),
            (outcome @ (Self::Found(_) | Self::Failed(_)), last) => Ok(outcome.part(last)),
        }
    }

    /// Judges a part without which the others are still shown.
    pub(super) fn part(self, last: Option<Last>) -> Part {
        match (self, last) {
            (Self::Found(value), _) => Part::new(Some(value), PartState::Ok),
            (Self::Missing, _) => Part::new(None, PartState::NotFound),
            (Self::Failed(_), Some(last)) => Part {
                status: PartStatus {
                    state: PartState::Stale,
                    age_seconds: Some(last.age.as_secs()),
                },
                value: Some(last.value),
            },
            (Self::Failed(fault), None) if fault.is_timeout() => {
                Part::new(None, PartState::Timeout)
            }
            (Self::Failed(_) | Self::Refused(_), _) => Part::new(None, PartState::Unavailable),
        }
    }
}

impl Part {
    fn new(value: Option<Box<RawValue>>, state: PartState) -> Self {
        Self {
            value,
            status: PartStatus {
                state,
                age_seconds: None,
            },
        }
    }
}

#[cfg(test)]
mod tests;
