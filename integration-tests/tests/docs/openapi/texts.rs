//! Tests that each text that a client may send has a rule, so that no field takes just anything.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{document, operations, resolve};

/// Texts that are only compared with others, and so neither stored nor shown.
const FREE: [&str; 3] = [
    // Other preferences are ignored (RFC 7240 §2).
    "GET /order-api/commandes Prefer",
    "GET /order-api/commandes cursor",
    "GET /order-api/menu/filter categorie",
];

/// Adds the place of each text without a rule.
fn find(document: &Value, schema: &Value, place: &str, free: &mut BTreeSet<String>) {
    let schema = resolve(document, schema);
    if schema["type"] == "string" {
        let rules = ["pattern", "format", "enum", "const"];
        let is_blank = schema["maxLength"] == 0;
        if !is_blank && rules.iter().all(|rule| schema.get(rule).is_none()) {
            free.insert(place.to_owned());
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        find(document, property, &format!("{place} {name}"), free);
    }
    for list in ["anyOf", "allOf", "oneOf"] {
        for part in schema[list].as_array().into_iter().flatten() {
            find(document, part, place, free);
        }
    }
    if let Some(items) = schema.get("items") {
        find(document, items, place, free);
    }
}

#[test]
fn every_text_of_a_request_has_a_rule() {
    let document = document();
    let mut free = BTreeSet::new();
    let mut count = 0;
    for ((method, path), operation) in operations(&document) {
        let place = format!("{method} {path}");
        let body = operation.get("requestBody");
        let body = body.map(|body| &resolve(&document, body)["content"]);
        for content in body.and_then(Value::as_object).into_iter().flatten() {
            find(&document, &content.1["schema"], &place, &mut free);
            count += 1;
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = resolve(&document, parameter);
            let place = format!("{place} {}", parameter["name"].as_str().unwrap());
            find(&document, &parameter["schema"], &place, &mut free);
            count += 1;
        }
    }
    assert!(count > 30, "only {count} were found");
    let expected = FREE.map(str::to_owned).into_iter().collect();
    assert_eq!(free, expected);
}
