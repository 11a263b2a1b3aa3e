//! The document that the gateway makes of the shipped routes and of the services' own documents.

mod bodies;
mod texts;

use std::collections::BTreeSet;
use std::sync::Arc;

use gateway::{Config, Described, openapi_document};
use openapi::Token;
use serde_json::{Value, json};
use service_kit::access::Who;
use service_kit::env::Env;
use shared_types::problem::Code;

use super::read;

fn config() -> Config {
    Config::load(None, &Env::of_pairs([])).unwrap()
}

/// The documents that the services publish, in the order of `gateway.toml`.
fn described() -> Vec<Described> {
    let services = [
        ("clients", client_service::description::SERVICE),
        ("orders", order_service::description::SERVICE),
        ("counter", counter_service::description::SERVICE),
        ("kitchen", kitchen_mock::description::SERVICE),
        ("delivery", delivery_mock::description::SERVICE),
    ];
    let described = services.map(|(name, service)| Described {
        name: name.to_owned(),
        document: Arc::new(service.document()),
    });
    described.into()
}

fn document() -> Value {
    openapi_document(&config(), &described())
}

/// Each operation, by its method and path.
fn operations(document: &Value) -> Vec<((String, String), &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(|(method, operation)| ((method.to_uppercase(), path.clone()), operation))
    });
    operations.collect()
}

/// The target of a reference, or the value itself.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

#[test]
fn every_operation_of_the_restaurant_has_a_description_of_its_own() {
    let document = document();
    for (key, operation) in operations(&document) {
        assert!(operation["responses"].get("default").is_none(), "{key:?}");
        let taught = operation["responses"].as_object().unwrap();
        assert!(
            taught.keys().any(|status| status.starts_with('2')),
            "{key:?}"
        );
    }
}

#[test]
fn no_two_operations_share_an_id() {
    let document = document();
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_link_leads_to_a_parameter_of_an_operation() {
    let document = document();
    let operations = operations(&document);
    let links = operations.iter().flat_map(|(_, operation)| {
        let responses = operation["responses"].as_object().unwrap().values();
        responses.filter_map(|response| response.get("links")?.as_object())
    });
    let mut count = 0;
    for (id, link) in links.flatten() {
        let mut all = operations.iter();
        let (_, target) = all
            .find(|(_, operation)| operation["operationId"] == **id)
            .unwrap();
        let known = target["parameters"].as_array().unwrap();
        for name in link["parameters"].as_object().unwrap().keys() {
            assert!(
                known.iter().any(|parameter| parameter["name"] == **name),
                "{id}: {name}"
            );
            count += 1;
        }
    }
    assert!(count > 5, "only {count} links were found");
}

#[test]
fn every_code_that_a_client_can_get_is_listed_with_its_status() {
    let document = document();
    let mut told = BTreeSet::new();
    for (_, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolve(&document, response);
            let codes = response.get("x-codes").and_then(Value::as_array);
            let codes = codes.into_iter().flatten();
            told.extend(codes.map(|code| (status.clone(), code.as_str().unwrap().to_owned())));
        }
    }
    // A method that a path does not have is no operation. The others are the operator's.
    let elsewhere = [
        Code::MethodNotAllowed,
        Code::DrillsOff,
        Code::ClosureConflict,
        Code::ConfigInvalid,
    ];
    let codes = Code::ALL.iter().filter(|code| !elsewhere.contains(code));
    let codes = codes.map(|code| (code.status().to_string(), code.as_str().to_owned()));
    assert_eq!(told, codes.collect());
}

#[test]
fn an_aggregate_is_described_from_its_parts() {
    let document = document();
    let operation = &document["paths"]["/tableau-de-bord"]["get"];
    assert_eq!(operation["operationId"], "get_tableau_de_bord");
    let content = &operation["responses"]["200"]["content"]["application/json"];
    let parts = &content["schema"]["properties"];
    // As the routes that lead to the same paths have it.
    let of_list = |name: &str| &parts[name]["anyOf"][0]["items"]["$ref"];
    assert_eq!(of_list("menu"), "#/components/schemas/Dish");
    assert_eq!(of_list("kitchen"), "#/components/schemas/Ticket");
    assert_eq!(of_list("deliveries"), "#/components/schemas/Delivery");
    let state = &parts["meta"]["properties"]["parts"]["properties"]["menu"]["$ref"];
    assert_eq!(state, "#/components/schemas/PartStatus");
    let events = &document["paths"]["/tableau-de-bord/flux"]["get"];
    let content = events["responses"]["200"]["content"].as_object().unwrap();
    assert!(content.contains_key("text/event-stream"));
}

#[test]
fn the_committed_copy_is_this_document() {
    let written = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    assert!(
        written == read("docs/openapi.json"),
        "while the stack runs: cargo run -p gateway -- openapi > docs/openapi.json"
    );
}

/// A route without a rule would be closed to all but ADMIN, and a document that names no token would
/// mislead whoever generates a client from it.
#[test]
fn every_documented_operation_has_a_rule_and_names_its_token() {
    for (service, rules) in [
        (
            order_service::description::SERVICE,
            order_service::access::RULES,
        ),
        (
            counter_service::description::SERVICE,
            counter_service::access::RULES,
        ),
        (
            kitchen_mock::description::SERVICE,
            kitchen_mock::access::RULES,
        ),
        (
            delivery_mock::description::SERVICE,
            delivery_mock::access::RULES,
        ),
    ] {
        for operation in service.operations {
            let (method, path) = (operation.method, operation.path);
            let rule = rules
                .iter()
                .find(|rule| (rule.method, rule.path) == (method, path));
            let rule = rule.unwrap_or_else(|| panic!("{method} {path}"));
            let is_for_anyone = rule.who == Who::Anyone;
            let names_no_token = operation.token == Token::Unused;
            assert_eq!(is_for_anyone, names_no_token, "{method} {path}");
        }
        // While access is strict, a token is needed wherever there is a rule, and else it is optional.
        for (document, is_strict) in [
            (service.document(), false),
            (service.strict_document(), true),
        ] {
            for ((method, path), operation) in operations(&document) {
                let rule = rules
                    .iter()
                    .find(|rule| (rule.method, rule.path) == (&*method, &*path));
                let expected = match rule.unwrap().who {
                    Who::Anyone => json!([]),
                    Who::Roles(_) | Who::Peers if is_strict => json!([{ "token": [] }]),
                    Who::Roles(_) | Who::Peers => json!([{}, { "token": [] }]),
                };
                assert_eq!(operation["security"], expected, "{method} {path}");
            }
        }
    }
}

/// The table "Strict access" of `docs/API.md` says where strangers get nothing.
#[test]
fn a_strict_restaurant_needs_a_token_where_the_table_says_so() {
    let services = [
        ("clients", client_service::description::SERVICE),
        ("orders", order_service::description::SERVICE),
        ("counter", counter_service::description::SERVICE),
        ("kitchen", kitchen_mock::description::SERVICE),
        ("delivery", delivery_mock::description::SERVICE),
    ];
    let described = services.map(|(name, service)| Described {
        name: name.to_owned(),
        document: Arc::new(service.strict_document()),
    });
    let document = openapi_document(&config(), &described);
    let table = read("docs/API.md");
    let lines = table
        .lines()
        .skip_while(|line| !line.contains("with `ACCESS=strict`"));
    let rows = lines.skip(2).map_while(|line| line.strip_prefix("| "));
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row.split(" | ").collect();
        let (method, path) = (cells[0].to_lowercase(), cells[1].trim_matches('`'));
        let security = document["paths"][path][method]["security"]
            .as_array()
            .unwrap();
        let is_needed = !security.is_empty() && !security.contains(&json!({}));
        assert_eq!(is_needed, cells[2] == "no", "{row}");
        count += 1;
    }
    assert!(count > 30, "{count}");
}
