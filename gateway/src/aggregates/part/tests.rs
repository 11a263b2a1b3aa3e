//! What a part is after each answer of its service.

use std::time::Duration;

use actix_web::http::StatusCode;
use serde_json::value::RawValue;
use shared_types::aggregate::PartState;
use shared_types::problem::Code;

use super::super::key::Parameter;
use super::super::settings::Form;
use super::super::settings::part::Find;
use super::{Last, Part, PartOutcome, PartRefusal};
use crate::fault::{Fault, UpstreamFault};
use crate::settings::JsonType;

const LIST: &str =
    r#"[3, {"order_id":7.0}, {"order_id":"6"}, {"n":1.50,"order_id":"7"}, {"order_id":"7"}]"#;

fn outcome(status: u16, body: &str, find: Option<&str>) -> PartOutcome {
    let status = StatusCode::from_u16(status).unwrap();
    let answered = Ok((status, body.to_owned().into()));
    let form = match find {
        Some(key) => Form::Found(Find {
            key: key.to_owned(),
            parameter: 0,
        }),
        None => Form::Whole(Some(JsonType::Object)),
    };
    let parameters = [Parameter::parse("7").unwrap()];
    PartOutcome::of(answered, &form, find.is_none()).find(&form, &parameters)
}

fn last() -> Option<Last> {
    Some(Last {
        value: RawValue::from_string(r#"{"old":1}"#.to_owned()).unwrap(),
        age: Duration::from_millis(8900),
    })
}

fn failed(fault: UpstreamFault) -> PartOutcome {
    PartOutcome::Failed(Fault::upstream(fault, "test"))
}

fn shown(part: &Part) -> (Option<&str>, PartState, Option<u64>) {
    let value = part.value.as_ref().map(|value| value.get());
    (value, part.status.state, part.status.age_seconds)
}

#[test]
fn an_answer_by_id_is_the_part_as_it_was_written() {
    let part = outcome(200, " {\"z\": 1.50}\n", None).part(last());
    assert_eq!(shown(&part), (Some("{\"z\": 1.50}"), PartState::Ok, None));
}

#[test]
fn the_part_in_a_list_is_the_first_with_the_id() {
    let part = outcome(200, LIST, Some("order_id")).part(None);
    let expected = r#"{"n":1.50,"order_id":"7"}"#;
    assert_eq!(shown(&part), (Some(expected), PartState::Ok, None));
}

#[test]
fn a_part_that_the_service_does_not_have_is_not_found_despite_a_copy() {
    for outcome in [
        outcome(200, LIST, Some("id")),
        outcome(200, "[]", Some("order_id")),
        outcome(404, "", Some("order_id")),
        outcome(404, "", None),
        outcome(400, "", None),
    ] {
        assert_eq!(
            shown(&outcome.part(last())),
            (None, PartState::NotFound, None)
        );
    }
}

#[test]
fn a_malformed_or_failed_answer_is_unavailable() {
    for (status, body, find) in [
        (200, "{", None),
        (200, "null", None),
        (200, "[{}]", None),
        (200, "{}", Some("order_id")),
        (400, "[]", Some("order_id")),
        (500, "{}", None),
        (503, "{}", None),
        (429, "{}", None),
        (302, "", None),
    ] {
        let part = outcome(status, body, find).part(None);
        assert_eq!(
            shown(&part),
            (None, PartState::Unavailable, None),
            "{status} {body}"
        );
        let part = outcome(status, body, find).part(last());
        assert_eq!(
            shown(&part),
            (Some(r#"{"old":1}"#), PartState::Stale, Some(8))
        );
    }
}

#[test]
fn a_late_answer_is_a_timeout_unless_there_is_a_copy() {
    let part = failed(UpstreamFault::Timeout).part(None);
    assert_eq!(shown(&part), (None, PartState::Timeout, None));
    let part = failed(UpstreamFault::Timeout).part(last());
    assert_eq!(part.status.state, PartState::Stale);
    let part = failed(UpstreamFault::Unreachable).part(None);
    assert_eq!(part.status.state, PartState::Unavailable);
}

#[test]
fn a_refused_part_is_never_shown_from_a_copy() {
    let part = outcome(403, "{}", None).part(last());
    assert_eq!(shown(&part), (None, PartState::Unavailable, None));
}

#[test]
fn without_a_required_part_only_the_reason_is_shown() {
    let required = |outcome: PartOutcome, last| outcome.required(0, Code::OrderNotFound, last);
    for (status, code) in [
        (404, Code::OrderNotFound),
        (400, Code::OrderNotFound),
        (401, Code::Unauthorized),
        (403, Code::Forbidden),
    ] {
        let refusal = required(outcome(status, "{}", None), last());
        assert!(
            matches!(refusal, Err(PartRefusal::Problem(found)) if found == code),
            "{status}"
        );
    }
    let refusal = required(failed(UpstreamFault::Unreachable), None);
    assert!(
        matches!(refusal, Err(PartRefusal::Fault(0, fault)) if fault.code() == Code::UpstreamUnreachable)
    );
    let refusal = required(outcome(500, "", None), None);
    assert!(
        matches!(refusal, Err(PartRefusal::Fault(0, fault)) if fault.code() == Code::UpstreamUnavailable)
    );
    let part = required(failed(UpstreamFault::Unreachable), last()).unwrap();
    assert_eq!(part.status.state, PartState::Stale);
}
