//! Tests of the journeys that are refused.

use serde_json::{Value, json};
use service_kit::env::Env;

use super::names_in;
use crate::config::Config;

const FILE: &str = r#"
upstreams.stock = { url = "http://127.0.0.1:1", outage = "error" }
routes.stock = [{ path = "/stock/{id}" }, { path = "/login", methods = ["POST"] }]
[console]
values = { user = "ada" }
[[console.journey]]
name = "login"
calls = [{ request = "POST /login", body = { user = "{user}" }, take = { id = "/id" } }]
[[console.journey]]
name = "look"
label = { en = "Look" }
calls = [{ request = "GET /stock/{id}", match = { state = "done" }, wait = "5s" }]
"#;

#[test]
fn a_journey_that_can_be_played_is_handed_to_the_console_as_it_is() {
    let config = Config::parse("test.toml", FILE, &Env::of_pairs([])).unwrap();
    let console = serde_json::to_value(config.console.as_deref()).unwrap();
    assert_eq!(console["values"], json!({"user": "ada"}));
    let step = &console["journey"][1];
    assert_eq!(step["label"], json!({"fr": null, "en": "Look"}));
    let call = &step["calls"][0];
    assert_eq!(call["request"], "GET /stock/{id}");
    assert_eq!(call["match"], json!({"state": "done"}));
    assert_eq!(call["wait"], 5000);
    assert_eq!(call["body"], Value::Null);
    assert_eq!(call["take"], json!({}));
}

#[test]
fn a_file_without_a_console_has_no_journey() {
    let (file, _) = FILE.split_once("[console]").unwrap();
    let config = Config::parse("test.toml", file, &Env::of_pairs([])).unwrap();
    assert!(config.console.is_none());
}

#[test]
fn a_journey_that_cannot_be_played_is_refused_with_its_key() {
    for (right, wrong, error) in [
        (
            "user = \"{user}\"",
            "user = [\"{usr}\"]",
            "journey[0].calls[0].body: no value usr is known here; known are unique, user",
        ),
        (
            "GET /stock/{id}",
            "GET /stock/{nr}",
            "journey[1].calls[0].request: no value nr is known here; known are id, unique, user",
        ),
        (
            "state = \"done\"",
            "state = \"{then}\"",
            "journey[1].calls[0].match: no value then is known here; known are id, unique, user",
        ),
        (
            "request = \"POST /login\"",
            "request = \"POST /login\", headers = { X-Key = \"{key}\" }",
            "journey[0].calls[0].headers: no value key is known here; known are unique, user",
        ),
        (
            "request = \"POST /login\"",
            "request = \"POST /login\", unless = \"id\"",
            "journey[0].calls[0].unless: no value id is known here; known are unique, user",
        ),
        (
            "request = \"POST /login\"",
            "request = \"POST /login\", set = { user = \"{name}\" }",
            "journey[0].calls[0].set: no value name is known here; known are unique, user",
        ),
        (
            "GET /stock/{id}",
            "GET /stocks/{id}",
            "journey[1].calls[0].request: must be a request that a route answers: `gateway routes` \
             lists them",
        ),
        (
            "GET /stock/{id}",
            "/stock/{id}",
            "journey[1].calls[0].request: expected a method and a path, such as GET /stock",
        ),
        (
            "match = { state = \"done\" }, ",
            "",
            "journey[1].calls[0].wait: needs `match`, which says what is waited for",
        ),
        (
            "match = { state = \"done\" }, wait",
            "body = 1, match = {}, wait",
            "journey[1].calls[0].body: a GET has none",
        ),
        (
            "id = \"/id\"",
            "id = \"id\"",
            "journey[0].calls[0].take: id is no JSON pointer: one begins with a slash, as in /id",
        ),
        (
            "id = \"/id\"",
            "unique = \"/id\"",
            "journey[0].calls[0].take: unique is a random text already",
        ),
        (
            "request = \"POST /login\"",
            "request = \"POST /login\", may = [201]",
            "journey[0].calls[0].may: 201 is not between 300 and 599",
        ),
        (
            "values = { user",
            "values = { \"the user\" = \"\", user",
            "values: the user is no name: letters, digits and _ are",
        ),
        (
            "name = \"look\"",
            "name = \"login\"",
            "journey[1].name: another step has the name login",
        ),
        (
            "name = \"look\"",
            "name = \"Look\"",
            "journey[1].name: must be lower-case letters, digits and dashes",
        ),
    ] {
        let text = FILE.replacen(right, wrong, 1);
        assert_ne!(text, FILE, "{right}");
        let refused = Config::parse("test.toml", &text, &Env::of_pairs([])).unwrap_err();
        let told = refused.to_string();
        let (_, told) = told.split_once(": console.").unwrap_or(("", &told));
        assert_eq!(told, error, "{wrong}");
    }
}

#[test]
fn only_a_name_in_braces_is_a_value() {
    let names: Vec<_> = names_in("/{id}?a={b_2}&c={}&d={1}&e={f g}{h").collect();
    assert_eq!(names, ["id", "b_2"]);
}
