//! Judges a service's answer about its part. Does no I/O.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use bytes::Bytes;
use serde_json::value::RawValue;
use shared_types::problem::Code;
use shared_types::tracking::{PartState, PartStatus};

use super::list::List;
use super::subject::OrderId;
use crate::fault::{Fault, UpstreamFault};

/// The outcome of asking for a part, or for the list that holds it.
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
    /// A fault of the order service.
    Fault(Fault),
}

/// A service's answer, or the fault.
pub(super) type Answered = Result<(StatusCode, Bytes), Fault>;

impl<T> PartOutcome<T> {
    fn of(
        answered: Answered,
        read: impl FnOnce(Bytes) -> Result<T, serde_json::Error>,
        is_by_id: bool,
    ) -> Self {
        let (status, body) = match answered {
            Ok(answer) => answer,
            Err(fault) => return Self::Failed(fault),
        };
        match status {
            StatusCode::NOT_FOUND => Self::Missing,
            // A service that is asked for one order and rejects the id has no order of that id.
            StatusCode::BAD_REQUEST if is_by_id => Self::Missing,
            StatusCode::UNAUTHORIZED => Self::Refused(Code::Unauthorized),
            StatusCode::FORBIDDEN => Self::Refused(Code::Forbidden),
            _ if status.is_success() => match read(body) {
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
}

impl PartOutcome<List> {
    /// Reads an answer that is a list, with the order's id under `key`.
    pub(super) fn of_list(answered: Answered, key: &str) -> Self {
        Self::of(answered, |body| List::read(body, key), false)
    }

    /// The outcome for one order of the list.
    pub(super) fn find(&self, key: &str, id: &OrderId) -> PartOutcome {
        match self {
            Self::Found(list) => match list.find(key, id) {
                Some(value) => PartOutcome::Found(value),
                None => PartOutcome::Missing,
            },
            Self::Missing => PartOutcome::Missing,
            Self::Refused(code) => PartOutcome::Refused(*code),
            Self::Failed(fault) => PartOutcome::Failed(fault.clone()),
        }
    }
}

impl PartOutcome {
    /// Reads an answer that is the part itself.
    pub(super) fn of_part(answered: Answered) -> Self {
        Self::of(answered, |body| whole(&body), true)
    }

    /// Judges the order itself, without which nothing can be shown. An order that the service
    /// refuses is not shown from a copy.
    pub(super) fn essential(self, last: Option<Last>) -> Result<Part, PartRefusal> {
        match (self, last) {
            (Self::Missing, _) => Err(PartRefusal::Problem(Code::OrderNotFound)),
            (Self::Refused(code), _) => Err(PartRefusal::Problem(code)),
            (Self::Failed(fault), None) => Err(PartRefusal::Fault(fault)),
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

type Fields<'a> = HashMap<String, &'a RawValue>;

/// Checks that the body is an object, and returns it unchanged.
fn whole(body: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    let value: &RawValue = serde_json::from_slice(body)?;
    serde_json::from_str::<Fields<'_>>(value.get())?;
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests;
