//! What a part is after each answer of its service.

use std::time::Duration;

use actix_web::http::StatusCode;
use serde_json::value::RawValue;
use shared_types::problem::Code;
use shared_types::tracking::PartState;

use super::super::subject::OrderId;
use super::{Last, Part, PartOutcome, PartRefusal};
use crate::fault::{Fault, UpstreamFault};

const LIST: &str =
    r#"[3, {"order_id":7}, {"order_id":"6"}, {"n":1.50,"order_id":"7"}, {"order_id":"7"}]"#;

fn outcome(status: u16, body: &str, find: Option<&str>) -> PartOutcome {
    let status = StatusCode::from_u16(status).unwrap();
    let id = OrderId::parse("7").unwrap();
    let answered = Ok((status, body.to_owned().into()));
    match find {
        Some(key) => PartOutcome::of_list(answered, key).find(key, &id),
        None => PartOutcome::of_part(answered),
    }
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
fn without_the_order_only_the_reason_is_shown() {
    for (status, code) in [
        (404, Code::OrderNotFound),
        (400, Code::OrderNotFound),
        (401, Code::Unauthorized),
        (403, Code::Forbidden),
    ] {
        let refusal = outcome(status, "{}", None).essential(last());
        assert!(
            matches!(refusal, Err(PartRefusal::Problem(found)) if found == code),
            "{status}"
        );
    }
    let refusal = failed(UpstreamFault::Unreachable).essential(None);
    assert!(
        matches!(refusal, Err(PartRefusal::Fault(fault)) if fault.code() == Code::UpstreamUnreachable)
    );
    let refusal = outcome(500, "", None).essential(None);
    assert!(
        matches!(refusal, Err(PartRefusal::Fault(fault)) if fault.code() == Code::UpstreamUnavailable)
    );
    let part = failed(UpstreamFault::Unreachable)
        .essential(last())
        .unwrap();
    assert_eq!(part.status.state, PartState::Stale);
}
