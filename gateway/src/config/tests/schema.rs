//! Every valid file of the unit tests fits the JSON Schema; a file of another shape does not.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use service_kit::env::Env;

use crate::config::Config;
use crate::settings::file::schema;

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&schema()).unwrap());

fn json(text: &str) -> Value {
    in_json(toml::from_str(text).unwrap())
}

/// JSON has no date-times. Checkers of TOML take them as texts.
fn in_json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(in_json).collect(),
        toml::Value::Table(table) => {
            let entries = table.into_iter();
            entries.map(|(key, value)| (key, in_json(value))).collect()
        }
        plain => serde_json::to_value(plain).unwrap(),
    }
}

/// Holds a valid file against the schema. [`Config::parse`] does so in every unit test.
pub(crate) fn hold(text: &str) {
    let file = json(text);
    let errors: Vec<_> = VALIDATOR
        .iter_errors(&file)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {text}");
}

#[test]
fn the_files_of_this_repository_fit_the_schema() {
    for text in [
        include_str!("../../../gateway.toml"),
        include_str!("../../cli/init.toml"),
        include_str!("../../../tests/conformance/peers/gateway.toml"),
        include_str!("../../../../.ci/cache/gateway.toml"),
        include_str!("../../../../examples/three-services/gateway.toml"),
    ] {
        accepted(&text.replace("@ORIGIN@", "http://127.0.0.1:1"));
    }
}

fn accepted(text: &str) {
    Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
}

/// An upstream and a row with these keys.
fn file(upstream: &str, row: &str) -> String {
    let url = r#"url = "http://127.0.0.1:1", outage = "error""#;
    format!("upstreams.a = {{ {url}{upstream} }}\nroutes.a = [{{ path = \"/a\"{row} }}]\n")
}

#[test]
fn the_notation_of_every_value_fits_the_schema() {
    for (upstream, row) in [
        ("", ""),
        (r#", timeout = "1h 30min", label = "A""#, ""),
        (
            r#", idle_timeout = "1.5s", label = { en = "A" }"#,
            r#", rate_limit = "1/1day""#,
        ),
        (
            "",
            r#", request_body = "1.5 MB", methods = ["GET", "HEAD"]"#,
        ),
        ("", r#", request_body = 4096, timeout = "250ms""#),
        ("", r#", upgrade = ["websocket"], tunnel_timeout = "90s""#),
    ] {
        accepted(&file(upstream, row));
    }
    for moment in [
        "2027-03-28T03:30:00+02:00",
        "2027-03-28 01:30:00.5Z",
        "\"2027-03-28T01:30:00Z\"",
    ] {
        let closure = format!(
            "closures = [{{ upstream = \"a\", from = 2027-03-28T00:00:00Z, until = {moment}, reason = \"R\" }}]"
        );
        accepted(&format!("{closure}\n{}", file("", "")));
    }
    for limits in [
        r#"rate = "off""#,
        r#"rate = "1/1m""#,
        r#"min_rate = "1B/1s""#,
        r#"uri = "1k""#,
    ] {
        accepted(&format!("{}[limits]\n{limits}", file("", "")));
    }
}

#[test]
fn a_file_that_is_refused_for_its_shape_does_not_fit_the_schema() {
    for text in [
        "[limit]".to_owned(),
        "[limits]\nurii = \"8KiB\"".to_owned(),
        "[limits]\nuri = \"much\"".to_owned(),
        "[limits]\nrate = \"600\"".to_owned(),
        "[limits]\nmin_rate = \"4KiB\"".to_owned(),
        "[limits]\nconnections = \"10\"".to_owned(),
        "[upstreams.a]\nprobe = \"/ready\"".to_owned(),
        "routes.a = [{ to = \"/a\" }]".to_owned(),
        "features.a = { needs = [\"a\"] }".to_owned(),
        file(", timeout = \"5\"", ""),
        file(", timeout = 5", ""),
        file(", probe = 7", ""),
        file(", label = { de = \"A\" }", ""),
        file(", breaker = { failure = 1 }", ""),
        file("", ", rate_limit = \"off\""),
        file("", ", outages = \"error\""),
        file("", ", outage = \"sometimes\""),
        file("", ", methods = [\"GTE\"]"),
        file("", ", query = \"page\""),
        "closures = [{ upstream = \"a\" }]".to_owned(),
        "closures = [{ upstream = \"a\", from = 7, until = 8, reason = \"R\" }]".to_owned(),
    ] {
        let refused = Config::parse("test.toml", &text, &Env::of_pairs([]));
        assert!(refused.is_err(), "{text}");
        assert!(!VALIDATOR.is_valid(&json(&text)), "{text}");
    }
}
