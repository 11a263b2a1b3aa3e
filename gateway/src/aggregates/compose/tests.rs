//! The answer that is made of parts in each state.

use serde_json::value::RawValue;
use service_kit::env::Env;
use shared_types::aggregate::{PartClosure, PartState, PartStatus};
use shared_types::gateway::ClosureNotice;
use shared_types::text::PerLang;
use shared_types::value::Timestamp;

use super::super::part::Part;
use super::super::settings::AggregateSettings;
use super::Answer;
use crate::config::Config;
use crate::fault::degraded::Degraded;
use PartState::{NotFound, Ok, Stale, Timeout, Unavailable};

fn settings() -> AggregateSettings {
    let text = r#"
upstreams.a = { url = "http://127.0.0.1:1", outage = "error" }

[aggregates.job]
path = "/job/{id}"
events.path = "/job/{id}/events"
events.end = { part = "task", key = "state", values = ["done", "failed"] }

[aggregates.job.parts]
task = { upstream = "a", path = "/tasks/{id}", required = true }
log = { upstream = "a", path = "/logs/{id}" }
bill = { upstream = "a", path = "/bills", find = { job = "{id}" } }
"#;
    let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
    config.aggregates.into_iter().next().unwrap()
}

fn part(value: &str, state: PartState, age_seconds: Option<u64>) -> Part {
    let is_some = !value.is_empty();
    Part {
        value: is_some.then(|| RawValue::from_string(value.to_owned()).unwrap()),
        status: PartStatus { state, age_seconds },
    }
}

fn answer(task: Part, log: PartState, bill: Part) -> Answer {
    let parts = vec![task, part("", log, None), bill];
    Answer::compose(&settings(), parts, Vec::new()).unwrap()
}

fn task(state: PartState) -> Part {
    part(r#"{"state":"queued"}"#, state, None)
}

#[test]
fn the_body_gives_the_state_of_each_part_in_the_order_of_the_file() {
    let old = part(r#"{"z": 1.50}"#, Stale, Some(8));
    let answer = answer(task(Ok), Unavailable, old);
    assert_eq!(
        answer.json,
        concat!(
            r#"{"task":{"state":"queued"},"log":null,"bill":{"z": 1.50},"#,
            r#""meta":{"complete":false,"parts":{"task":{"state":"ok"},"#,
            r#""log":{"state":"unavailable"},"bill":{"state":"stale","ageSeconds":8}}}}"#
        )
    );
}

#[test]
fn an_answer_is_complete_if_every_service_answered() {
    let degraded = |task, log, bill| answer(task, log, bill).degraded.map(Degraded::as_str);
    let none = || part("", NotFound, None);
    assert_eq!(degraded(task(Ok), NotFound, none()), None);
    assert_eq!(degraded(task(Ok), Timeout, none()), Some("partial"));
    assert_eq!(degraded(task(Ok), Ok, task(Stale)), Some("partial"));
    assert_eq!(degraded(task(Stale), Timeout, none()), Some("stale"));
}

#[test]
fn an_answer_that_is_only_older_does_not_differ() {
    let aged = |age| answer(task(Ok), NotFound, part("{}", Stale, Some(age)));
    assert!(!aged(1).differs(&aged(3)));
    assert!(aged(1).differs(&answer(task(Ok), NotFound, part("{}", Ok, None))));
    assert!(aged(1).differs(&answer(task(Ok), NotFound, part("{ }", Stale, Some(1)))));
    assert!(aged(1).differs(&answer(task(Ok), Timeout, part("{}", Stale, Some(1)))));
}

#[test]
fn the_last_answer_is_the_one_that_is_declared_as_the_end() {
    let is_final = |text: &str, state| answer(part(text, state, None), NotFound, task(Ok)).is_final;
    assert!(is_final(r#"{"state":"done"}"#, Ok));
    assert!(is_final(r#"{"a":{},"state":"failed"}"#, Ok));
    assert!(!is_final(r#"{"state":"done"}"#, Stale));
    assert!(!is_final(r#"{"state":"queued"}"#, Ok));
    assert!(!is_final(r#"{"state":["done"]}"#, Ok));
    assert!(!is_final("{}", Ok));
}

#[test]
fn a_closure_is_told_and_is_news_when_it_is_announced_changed_or_over() {
    let told = |until: Option<i64>| {
        let closures = until.map(|until| PartClosure {
            service: "a".to_owned(),
            notice: ClosureNotice {
                from: Timestamp::from_millis(0).unwrap(),
                until: Timestamp::from_millis(until).unwrap(),
                reason: PerLang::of(|lang| lang.tag().to_owned()),
            },
        });
        let parts = vec![task(Ok), part("", Ok, None), task(Ok)];
        Answer::compose(&settings(), parts, closures.into_iter().collect()).unwrap()
    };
    let (none, hour, day) = (told(None), told(Some(3_600_000)), told(Some(86_400_000)));
    let json = String::from_utf8(hour.json.to_vec()).unwrap();
    let closures = concat!(
        r#""closures":[{"service":"a","from":"1970-01-01T00:00:00Z","until":"1970-01-01T01:00:00Z","#,
        r#""reason":{"fr":"fr","en":"en"}}]}}"#
    );
    assert!(json.ends_with(closures), "{json}");
    assert!(none.differs(&hour) && hour.differs(&day) && hour.differs(&none));
    assert!(!hour.differs(&told(Some(3_600_000))));
    assert_eq!(hour.id(), told(Some(3_600_000)).id());
    assert_ne!(hour.id(), none.id());
    assert_ne!(hour.id(), day.id());
}
