//! The defaults of an aggregate, and the order of its parts.

use std::time::Duration;

use service_kit::env::Env;
use shared_types::problem::Code;

use super::{AggregateSettings, Form, WatchLimits};
use crate::config::Config;

fn aggregate(text: &str) -> AggregateSettings {
    let text =
        format!("upstreams.a = {{ url = \"http://127.0.0.1:1\", outage = \"error\" }}\n{text}");
    let config = Config::parse("test.toml", &text, &Env::of_pairs([])).unwrap();
    config.aggregates.into_iter().next().unwrap()
}

#[test]
fn an_aggregate_needs_only_its_path_and_its_parts() {
    let short = aggregate(
        "aggregates.all = { path = \"/all\", parts = { a = { upstream = \"a\", path = \"/a\" } } }",
    );
    assert_eq!(short.timeout, Duration::from_secs(2));
    assert_eq!(short.stale_if_error, Duration::from_secs(3600));
    assert_eq!(short.events, None);
    let part = &short.parts[0];
    assert_eq!(*part.form, Form::Whole(None));
    assert_eq!(part.required, None);
    assert!(!part.is_by_id() && short.main_part().is_none());
}

#[test]
fn a_stream_needs_only_its_path() {
    let text = r#"
[aggregates.all]
path = "/all/{shop}/{id}"
events.path = "/events/{id}/{shop}"
parts = { a = { upstream = "a", path = "/{id}", required = true } }
"#;
    let all = aggregate(text);
    let events = all.events.as_ref().unwrap();
    assert_eq!((&*events.name, &events.end), ("all", &None));
    let limits = WatchLimits {
        watched: 1000,
        streams_per_client: 100,
    };
    assert_eq!(events.limits, limits);
    assert_eq!(all.parameters, ["shop", "id"]);
    let main = all.main_part().unwrap();
    assert_eq!(main.required, Some(Code::NotFound));
    assert!(main.is_by_id());
}

/// In each notation of a table.
#[test]
fn the_parts_are_in_the_order_of_the_file() {
    for text in [
        r#"
[aggregates.all]
path = "/all"
parts = { c = { upstream = "a", path = "/c" }, a = { upstream = "a", path = "/a" }, b = { upstream = "a", path = "/b" } }
"#,
        r#"
[aggregates.all]
path = "/all"
parts.c = { upstream = "a", path = "/c" }
parts.a = { upstream = "a", path = "/a" }
parts.b = { upstream = "a", path = "/b" }
"#,
        r#"
[aggregates.all]
path = "/all"
[aggregates.all.parts.c]
upstream = "a"
path = "/c"
[aggregates.all.parts.a]
upstream = "a"
path = "/a"
[aggregates.all.parts.b]
upstream = "a"
path = "/b"
"#,
        r#"
[aggregates.all]
path = "/all"
parts.c.upstream = "a"
parts.c.path = "/c"
parts.a.upstream = "a"
parts.a.path = "/a"
parts.b.upstream = "a"
parts.b.path = "/b"
"#,
    ] {
        let parts = aggregate(text).parts.into_iter();
        let names: Vec<_> = parts.map(|part| part.name).collect();
        assert_eq!(names, ["c", "a", "b"], "{text}");
    }
}

#[test]
fn an_aggregate_is_the_same_if_it_is_declared_alike() {
    let of = |path: &str| {
        aggregate(&format!(
            "aggregates.all = {{ path = \"/all\", parts = {{ a = {{ upstream = \"a\", path = \"{path}\" }} }} }}"
        ))
    };
    assert_eq!(of("/a"), of("/a"));
    assert_ne!(of("/a"), of("/b"));
}
