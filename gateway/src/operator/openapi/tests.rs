//! Checks the document against the router, and the codes against their table.

mod bodies;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use service_kit::env::Env;
use shared_types::problem::Code;

use super::document;
use crate::Config;

fn config() -> Config {
    Config::load(None, &Env::of_pairs([])).unwrap()
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
fn every_row_of_the_route_table_is_an_operation_and_nothing_else_is() {
    let config = config();
    let routes = config.routes.routes();
    let routes = routes.map(|route| (route.method.to_string(), route.path.to_string()));
    let document = document(&config);
    let described = operations(&document);
    let described: BTreeSet<_> = described.into_iter().map(|(key, _)| key).collect();
    assert_eq!(described, routes.collect());
}

#[test]
fn every_operation_of_the_restaurant_has_a_description_of_its_own() {
    let document = document(&config());
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
fn every_link_leads_to_a_parameter_of_an_operation() {
    let document = document(&config());
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
    assert!(count > 10, "only {count} links were found");
}

#[test]
fn no_two_operations_share_an_id() {
    let document = document(&config());
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_code_that_a_client_can_get_is_listed_with_its_status() {
    let document = document(&config());
    let mut told = BTreeSet::new();
    for (_, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolve(&document, response);
            let codes = response
                .pointer("/content/application~1problem+json/schema/allOf/1/properties/code/enum");
            let codes = codes.and_then(Value::as_array).into_iter().flatten();
            told.extend(codes.map(|code| (status.clone(), code.as_str().unwrap().to_owned())));
        }
    }
    // A method that a path does not have is no operation: its code is among the components. The
    // required parts of the compiled-in file have codes of their own. The others are the
    // operator's.
    assert!(
        document["components"]["responses"]
            .get("method_not_allowed")
            .is_some()
    );
    let elsewhere = [
        Code::MethodNotAllowed,
        Code::DrillsOff,
        Code::ConfigInvalid,
        Code::NotFound,
    ];
    let codes = Code::ALL.iter().filter(|code| !elsewhere.contains(code));
    let codes = codes.map(|code| (code.status().to_string(), code.as_str().to_owned()));
    assert_eq!(told, codes.collect());
}

#[test]
fn an_unknown_row_is_described_from_the_table() {
    let text = r#"
[upstreams.cellar]
url = "http://127.0.0.1:1"

[routes]
cellar = [{ path = "/wines/{year}", methods = ["PUT"], to = "/wines/{year}", outage = "error" }]
"#;
    let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
    let document = document(&config);
    let operation = &document["paths"]["/wines/{year}"]["put"];
    assert_eq!(operation["operationId"], "put_wines_year");
    assert_eq!(operation["tags"], json!(["cellar"]));
    assert_eq!(operation["parameters"][0]["name"], "year");
    let responses = operation["responses"].as_object().unwrap();
    assert!(responses.contains_key("default") && responses.contains_key("502"));
}

#[test]
fn a_prefix_is_described_with_a_parameter_of_several_segments() {
    let text = r#"
upstreams.cellar = { url = "http://127.0.0.1:1", outage = "error" }
routes.cellar = [{ path = "/wines/{*rest}", methods = ["GET"] }]
"#;
    let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
    let document = document(&config);
    let operation = &document["paths"]["/wines/{rest}"]["get"];
    assert_eq!(operation["summary"], "GET /wines/{*rest}");
    let parameter = &operation["parameters"][0];
    assert_eq!(parameter["name"], "rest");
    let pattern = parameter["schema"]["pattern"].as_str().unwrap();
    assert!(pattern.contains(")*"), "{pattern}");
}

#[test]
fn an_aggregate_is_described_from_its_parts() {
    let document = document(&config());
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
fn a_foreign_aggregate_says_of_a_part_what_is_declared() {
    let text = r#"
upstreams.cellar = { url = "http://127.0.0.1:1", outage = "error" }

[aggregates.wine]
path = "/wine/{id}"

[aggregates.wine.parts]
wine = { upstream = "cellar", path = "/wines/{id}", required = true }
shelf = { upstream = "cellar", path = "/shelves", find = { wine = "{id}" } }
notes = { upstream = "cellar", path = "/notes?wine={id}", type = "array" }
"#;
    let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
    let document = document(&config);
    let operation = &document["paths"]["/wine/{id}"]["get"];
    assert_eq!(operation["parameters"][0]["name"], "id");
    let responses = &operation["responses"];
    assert!(
        responses["404"]["$ref"]
            .as_str()
            .unwrap()
            .ends_with("/not_found")
    );
    assert!(responses["401"].is_object() && responses["403"].is_object());
    let parts = &responses["200"]["content"]["application/json"]["schema"]["properties"];
    assert_eq!(parts["wine"], json!({ "type": ["object", "array"] }));
    assert_eq!(parts["shelf"], json!({ "type": ["object", "null"] }));
    assert_eq!(parts["notes"], json!({ "type": ["array", "null"] }));
}

#[test]
fn disabled_parts_are_not_described() {
    let env = Env::of_pairs([("GATEWAY_RATE_LIMIT", "off"), ("GATEWAY_DOCS", "off")]);
    let document = document(&Config::load(None, &env).unwrap());
    assert!(document["paths"].get("/docs").is_none());
    // No quota, but a client still has a share of an upstream.
    for (path, has_429) in [
        ("/", false),
        ("/status", false),
        ("/order-api/menu", true),
        ("/suivi/{commandeId}/flux", true),
    ] {
        let responses = document["paths"][path]["get"]["responses"].as_object();
        assert_eq!(responses.unwrap().contains_key("429"), has_429, "{path}");
    }
}

#[test]
fn the_committed_copy_is_this_document() {
    let written = serde_json::to_string_pretty(&document(&config())).unwrap() + "\n";
    assert!(
        written == include_str!("../../../../docs/openapi.json"),
        "run: cargo run -p gateway -- openapi > docs/openapi.json"
    );
}
