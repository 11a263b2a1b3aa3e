//! Checks every example against its schema, so that no schema is wrong.

use serde_json::{Value, json};
use shared_types::golden;

use super::{document, operations, resolve};

/// The schema and the example of each body that has one.
fn examples<'d>(document: &'d Value, operation: &'d Value) -> Vec<(&'d Value, &'d Value)> {
    let responses = operation["responses"].as_object().unwrap().values();
    let bodies = responses.chain(operation.get("requestBody"));
    let mut examples = Vec::new();
    for body in bodies {
        let content = resolve(document, body).get("content");
        for content in content
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|all| all.values())
        {
            let named = content.get("examples").and_then(Value::as_object);
            let named = named.into_iter().flat_map(|all| all.values());
            let named = named.map(|example| &resolve(document, example)["value"]);
            let all = content.get("example").into_iter().chain(named);
            examples.extend(all.map(|example| (&content["schema"], example)));
        }
    }
    examples
}

/// A validator for a schema, with everything it refers to.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    let options = jsonschema::draft202012::options();
    options.should_validate_formats(true).build(&whole).unwrap()
}

#[test]
fn every_example_is_valid_by_its_schema() {
    let document = document();
    let mut count = 0;
    for (key, operation) in operations(&document) {
        for (schema, example) in examples(&document, operation) {
            let validator = validator(&document, schema);
            let errors: Vec<_> = validator
                .iter_errors(example)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{key:?}: {errors:?} in {example}");
            count += 1;
        }
    }
    assert!(count > 100, "only {count} examples were found");
}

#[test]
fn a_schema_refuses_a_body_of_another_kind() {
    let document = document();
    let schema = |method: &str, path: &str| {
        let operation = &document["paths"][path][method];
        &operation["requestBody"]["content"]["application/json"]["schema"]
    };
    for (method, path, body) in [
        (
            "post",
            "/client-api/clients",
            json!({ "email": "lea", "password": "123" }),
        ),
        (
            "post",
            "/order-api/menu",
            json!({ "nom": "Tarte", "prix": -1, "categorie": "DESSERT" }),
        ),
        (
            "post",
            "/order-api/menu",
            json!({ "nom": " ", "prix": 1, "categorie": "DESSERT" }),
        ),
        (
            "post",
            "/order-api/menu",
            json!({ "nom": "Tarte", "prix": 1, "categorie": "TARTE" }),
        ),
        (
            "post",
            "/order-api/commandes",
            json!({ "clientId": "1", "items": [] }),
        ),
        ("post", "/kitchen/update", json!({ "status": "PRETE" })),
    ] {
        let validator = validator(&document, schema(method, path));
        assert!(!validator.is_valid(&body), "{method} {path} takes {body}");
    }
}

/// Bodies of the operator's port, bodies that services send to each other, those made of several
/// services' bodies, and the login of an account that is not in the demonstration.
const NOT_SHOWN: [&str; 8] = [
    "deferred_queue",
    "login",
    "order_event",
    "operator_status",
    "closure",
    "drill",
    "drill_under_way",
    "tracking",
];

#[test]
fn every_public_golden_body_is_an_example() {
    let document = document();
    let operations = operations(&document);
    let shown: Vec<_> = operations
        .iter()
        .flat_map(|(_, operation)| examples(&document, operation))
        .map(|(_, example)| example)
        .collect();
    for (name, golden) in golden::ALL {
        let golden: Value = serde_json::from_str(golden).unwrap();
        let is_shown = shown
            .iter()
            .any(|example| **example == golden || **example == json!([golden]));
        // Each problem has an example of its own, so only the shape of the golden one counts.
        let is_wanted = !NOT_SHOWN.contains(name) && *name != "problem";
        assert_eq!(is_shown, is_wanted, "{name}");
    }
    // The gateway makes these of several services' bodies, by a declaration without an example.
    let path = &document["paths"]["/suivi/{commandeId}"]["get"];
    let schema = &path["responses"]["200"]["content"]["application/json"]["schema"];
    let tracking: Value = serde_json::from_str(golden::TRACKING).unwrap();
    assert!(validator(&document, schema).is_valid(&tracking));
}
