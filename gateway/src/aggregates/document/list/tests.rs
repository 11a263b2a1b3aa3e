//! How objects are found in a list.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::List;

fn find(body: &str, id: &str) -> Option<String> {
    let list = List::read(body.to_owned().into(), "id").unwrap();
    let found = list.find("id", id);
    found.map(|value| value.get().to_owned())
}

/// The expected result, written plainly: the first object whose fields have the string under the
/// key.
fn expected(body: &str, id: &str) -> Option<String> {
    let values: Vec<&RawValue> = serde_json::from_str(body).unwrap();
    let is_it = |value: &&&RawValue| {
        let fields: Option<HashMap<String, &RawValue>> = serde_json::from_str(value.get()).ok();
        let found = fields.and_then(|fields| serde_json::from_str(fields.get("id")?.get()).ok());
        found.is_some_and(|found: String| found == id)
    };
    values
        .iter()
        .find(is_it)
        .map(|value| value.get().to_owned())
}

#[test]
fn an_object_is_found_as_it_was_written() {
    let body = "[ {\"id\": \"6\"} ,\n {\"n\" : 1.50, \"id\":\"7\", \"x\": [ 1 ] },{\"id\":\"7\"}]";
    let written = "{\"n\" : 1.50, \"id\":\"7\", \"x\": [ 1 ] }";
    assert_eq!(find(body, "7").as_deref(), Some(written));
    assert_eq!(find(body, "8"), None);
}

#[test]
fn an_id_is_compared_decoded() {
    let body = r#"[{"i\u0064":"caf\u00e9"}]"#;
    assert!(find(body, "café").is_some());
}

#[test]
fn an_object_without_the_id_is_skipped() {
    let body = r#"[7, null, "7", ["id","7"], {"id":7.0}, {"in":{"id":"7"}}, {"id":"7","id":"8"}]"#;
    assert_eq!(find(body, "7"), None);
    assert!(find(body, "8").is_some());
}

#[test]
fn an_id_may_be_a_whole_number() {
    let body = r#"[{"id":70}, {"id":7,"n":1}, {"id":"7"}]"#;
    assert_eq!(find(body, "7").as_deref(), Some(r#"{"id":7,"n":1}"#));
    assert_eq!(find(body, "07"), None);
}

#[test]
fn anything_but_a_list_is_refused() {
    for body in [
        "",
        "{}",
        "null",
        "[",
        "[{}",
        "[{}] 1",
        "[{\"id\":\"\u{1}\"}]",
    ] {
        assert!(List::read(body.to_owned().into(), "id").is_err(), "{body}");
    }
}

#[test]
fn a_list_takes_little_more_than_its_answer() {
    let objects: Vec<_> = (0..10_000)
        .map(|id| format!(r#"{{"id":"{id:036}","status":"EN_ATTENTE","items":[{{"nom":"Tajine","quantite":2}}]}}"#))
        .collect();
    let body = format!("[{}]", objects.join(","));
    let length = body.len();
    let size = List::read(body.into(), "id").unwrap().size();
    assert!(size < length + length / 2, "{size} for {length}");
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1.50".to_owned()),
        Just("null".to_owned()),
        r#""[a-c]{0,2}""#,
        Just(r#""\ud800""#.to_owned()),
    ];
    let key = prop_oneof![Just("id"), Just("n"), Just(r"i\u0064"), Just(r"\ud800")];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        let field =
            (key.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(|all| format!("[{}]", all.join(" ,"))),
            prop::collection::vec(field, 0..4).prop_map(|all| format!("{{{}}}", all.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn the_first_object_with_the_id_is_found(
        values in prop::collection::vec(value(), 0..12),
        id in "[a-c]{1,2}",
    ) {
        let body = format!("[{}]", values.join(", "));
        prop_assert_eq!(find(&body, &id), expected(&body, &id));
    }
}

#[test]
fn a_uuid_is_found_in_every_spelling_and_passed_on_as_it_was_written() {
    let id = "0192f0d1-5c2b-7e4f-8a63-9b7c2d3e5f60";
    let body = format!(r#"[{{"id":"{}"}}, {{"id":"CMD7"}}]"#, id.to_uppercase());
    let written = format!(r#"{{"id":"{}"}}"#, id.to_uppercase());
    assert_eq!(find(&body, id), Some(written));
    assert_eq!(find(&body, "cmd7"), None);
}
