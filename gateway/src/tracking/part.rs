//! What a service's answer says of its part, and what the part is then. Decides and does no I/O.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use bytes::Bytes;
use serde_json::value::RawValue;
use shared_types::problem::Code;
use shared_types::tracking::{PartState, PartStatus};

use super::subject::OrderId;
use crate::fault::{Fault, UpstreamFault};

/// What came of asking for a part.
#[derive(Debug)]
pub(super) enum Outcome {
    Found(Box<RawValue>),
    /// The service says that there is none.
    Missing,
    /// The service says that it is not for this caller.
    Refused(Code),
    Failed(Fault),
}

/// The last good one.
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

/// Why there is nothing to show at all.
#[derive(Debug)]
pub(super) enum Refusal {
    Problem(Code),
    /// Of the orders.
    Fault(Fault),
}

impl Outcome {
    /// `find` is the key that holds the id, where the answer is a list.
    pub(super) fn of(
        answered: Result<(StatusCode, Bytes), Fault>,
        find: Option<&str>,
        id: &OrderId,
    ) -> Self {
        let (status, body) = match answered {
            Ok(answer) => answer,
            Err(fault) => return Self::Failed(fault),
        };
        let is_by_id = find.is_none();
        match status {
            StatusCode::NOT_FOUND => Self::Missing,
            // Who is asked for one order and does not take its id has none of that id.
            StatusCode::BAD_REQUEST if is_by_id => Self::Missing,
            StatusCode::UNAUTHORIZED => Self::Refused(Code::Unauthorized),
            StatusCode::FORBIDDEN => Self::Refused(Code::Forbidden),
            _ if status.is_success() => {
                let read = match find {
                    Some(key) => find_in(&body, key, id.plain()),
                    None => whole(&body).map(Some),
                };
                match read {
                    Ok(Some(value)) => Self::Found(value),
                    Ok(None) => Self::Missing,
                    Err(error) => Self::Failed(Fault::upstream(
                        UpstreamFault::InvalidResponse,
                        format!("not what was asked for: {error}"),
                    )),
                }
            }
            _ => Self::Failed(Fault::upstream(
                UpstreamFault::Failed,
                format!("the upstream answered {status}"),
            )),
        }
    }

    /// The order itself, without which there is nothing to show. What the service refuses is not shown from a copy.
    pub(super) fn essential(self, last: Option<Last>) -> Result<Part, Refusal> {
        match (self, last) {
            (Self::Missing, _) => Err(Refusal::Problem(Code::OrderNotFound)),
            (Self::Refused(code), _) => Err(Refusal::Problem(code)),
            (Self::Failed(fault), None) => Err(Refusal::Fault(fault)),
            (outcome @ (Self::Found(_) | Self::Failed(_)), last) => Ok(outcome.part(last)),
        }
    }

    /// A part without which the rest is worth showing.
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

/// An object, as it is.
fn whole(body: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    let value: &RawValue = serde_json::from_slice(body)?;
    serde_json::from_str::<Fields<'_>>(value.get())?;
    Ok(value.to_owned())
}

/// The first object of a list that has the id under the key.
fn find_in(body: &[u8], key: &str, id: &str) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let list: Vec<&RawValue> = serde_json::from_slice(body)?;
    let is_it = |value: &RawValue| {
        let fields: Option<Fields<'_>> = serde_json::from_str(value.get()).ok();
        let found = fields.and_then(|fields| fields.get(key).map(|value| value.get()));
        let found: Option<String> = found.and_then(|text| serde_json::from_str(text).ok());
        found.is_some_and(|found| found == id)
    };
    Ok(list
        .into_iter()
        .find(|value| is_it(value))
        .map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests;
