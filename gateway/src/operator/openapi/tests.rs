//! The document of tables and of foreign documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use service_kit::env::Env;

use super::{Described, document as document_of};
use crate::Config;

fn config() -> Config {
    Config::load(None, &Env::of_pairs([])).unwrap()
}

fn parse(text: &str) -> Config {
    Config::parse("test.toml", text, &Env::of_pairs([])).unwrap()
}

/// Without any upstream's own document.
fn document(config: &Config) -> Value {
    document_of(config, &[])
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
fn an_unknown_row_is_described_from_the_table() {
    let text = r#"
[upstreams.cellar]
url = "http://127.0.0.1:1"

[routes]
cellar = [{ path = "/wines/{year}", methods = ["PUT"], to = "/wines/{year}", outage = "error" }]
"#;
    let config = parse(text);
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
    let config = parse(text);
    let document = document(&config);
    let operation = &document["paths"]["/wines/{rest}"]["get"];
    assert_eq!(operation["summary"], "GET /wines/{*rest}");
    let parameter = &operation["parameters"][0];
    assert_eq!(parameter["name"], "rest");
    let pattern = parameter["schema"]["pattern"].as_str().unwrap();
    assert!(pattern.contains(")*"), "{pattern}");
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
    let config = parse(text);
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

const TWO: &str = r#"
upstreams.books = { url = "http://127.0.0.1:1", outage = "error" }
upstreams.loans = { url = "http://127.0.0.1:1", outage = "error" }

[routes]
books = [
    { path = "/library/{*rest}", to = "/{*rest}" },
    { path = "/library/books", methods = ["GET"], to = "/books", outage = "stale", stale_if_error = "1h", query = ["page"] },
]
loans = [{ path = "/loans/{loan}", methods = ["GET"], to = "/v1/loans/{loan}" }]
"#;

/// As FastAPI writes it.
fn books() -> Described {
    let page = json!({ "name": "page", "in": "query", "schema": { "type": "integer" } });
    let debug = json!({ "name": "debug", "in": "query", "schema": { "type": "boolean" } });
    let item = json!({ "$ref": "#/components/schemas/Item" });
    let list = json!({ "type": "array", "items": item });
    let paths = json!({
        "/books": {
            "get": {
                "operationId": "list", "summary": "List books", "tags": ["books"], "parameters": [page, debug],
                "responses": { "200": { "description": "Books", "content": { "application/json": { "schema": list } } } },
            },
            "post": { "operationId": "add", "responses": {} },
        },
        "/shelves": { "post": { "operationId": "addShelf", "responses": { "201": { "description": "Added" } }, "security": [{ "key": [] }] } },
        "/books/{book_id}": {
            "parameters": [{ "name": "book_id", "in": "path", "required": true, "schema": { "type": "integer" } }],
            "get": { "operationId": "get", "responses": {
                "200": { "$ref": "#/components/responses/One" },
                "400": { "description": "Bad", "content": { "application/json": { "schema": { "type": "string" } } } },
            } },
        },
        "/internal": { "get": { "operationId": "internal", "responses": {} } },
    });
    let linked = json!({ "get": { "operationId": "get" }, "gone": { "operationId": "nowhere" } });
    described(
        "books",
        &json!({
            "tags": [{ "name": "books", "description": "Everything to read." }],
            "paths": paths,
            "components": {
                "schemas": {
                    "Item": { "type": "object", "properties": { "of": { "$ref": "#/components/schemas/Shelf" } } },
                    "Shelf": { "type": "string" },
                    "Unused": {},
                },
                "responses": { "One": {
                    "description": "A book", "links": linked,
                    "content": { "application/json": { "schema": item } },
                } },
                "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-Key" } },
            },
        }),
    )
}

fn loans() -> Described {
    let schema = json!({ "$ref": "#/components/schemas/Item" });
    described(
        "loans",
        &json!({
            "paths": { "/v1/loans/{id}": { "get": {
                "operationId": "get",
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
                "responses": { "200": { "description": "A loan", "content": { "application/json": { "schema": schema } } } },
            } } },
            "components": { "schemas": { "Item": { "type": "integer" } } },
        }),
    )
}

fn described(name: &str, document: &Value) -> Described {
    Described {
        name: name.to_owned(),
        document: Arc::new(document.clone()),
    }
}

fn two() -> Value {
    document_of(&parse(TWO), &[books(), loans()])
}

#[test]
fn the_operations_of_upstreams_appear_under_the_gateways_paths() {
    let document = two();
    let paths = &document["paths"];
    assert_eq!(paths["/library/books"]["get"]["summary"], "List books");
    assert_eq!(paths["/library/shelves"]["post"]["operationId"], "addShelf");
    // The more exact row takes no POST.
    assert!(paths["/library/books"].get("post").is_none());
    assert_eq!(
        paths["/library/books/{book_id}"]["get"]["operationId"],
        "get"
    );
    assert!(paths.get("/library/{rest}").is_none());
    // The second of two equal ids gets another.
    let loan = &paths["/loans/{loan}"]["get"];
    assert_eq!(loan["operationId"], "get_loans_loan");
    assert_eq!(loan["parameters"][0]["name"], "loan");
    assert_eq!(loan["parameters"].as_array().unwrap().len(), 1);
    let book = &paths["/library/books/{book_id}"]["get"];
    assert_eq!(book["parameters"][0]["schema"]["type"], "integer");
}

#[test]
fn a_parameter_that_a_stored_answer_does_not_depend_on_is_left_out() {
    let list = &two()["paths"]["/library/books"]["get"];
    let names = list["parameters"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|parameter| &parameter["name"]).collect();
    assert_eq!(names, ["page"]);
    let description = list["description"].as_str().unwrap();
    assert!(description.contains("for up to 1h"), "{description}");
}

#[test]
fn two_components_of_one_name_are_kept_apart_and_unused_ones_are_left_out() {
    let document = two();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas["Item"]["type"], "object");
    assert_eq!(schemas["LoansItem"]["type"], "integer");
    assert!(schemas.contains_key("Shelf") && !schemas.contains_key("Unused"));
    let loan = &document["paths"]["/loans/{loan}"]["get"]["responses"]["200"];
    let schema = &loan["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/LoansItem");
}

#[test]
fn the_same_component_of_two_documents_is_there_once() {
    let other = Described {
        name: "loans".to_owned(),
        ..books()
    };
    let config = parse(&TWO.replace("/v1/loans/{loan}", "/books/{loan}"));
    let document = document_of(&config, &[books(), other]);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<_> = schemas
        .keys()
        .filter(|name| name.contains("Item"))
        .collect();
    assert_eq!(names, ["Item"]);
}

#[test]
fn problems_security_and_links_are_those_of_both() {
    let document = two();
    let paths = &document["paths"];
    let book = &paths["/library/books/{book_id}"]["get"];
    let bad = book["responses"]["400"]["content"].as_object().unwrap();
    assert_eq!(bad["application/json"]["schema"]["type"], "string");
    let problem = &bad["application/problem+json"]["schema"]["$ref"];
    assert_eq!(problem, "#/components/schemas/Problem400");
    assert!(book["responses"].get("503").is_some());
    assert_eq!(book["security"], json!([]));
    let links = book["responses"]["200"]["links"].as_object().unwrap();
    assert_eq!(links.keys().collect::<Vec<_>>(), ["get"]);
    assert_eq!(
        paths["/library/shelves"]["post"]["security"],
        json!([{ "key": [] }])
    );
    assert_eq!(
        document["components"]["securitySchemes"]["key"]["name"],
        "X-Key"
    );
    assert_eq!(document["tags"][0]["description"], "Everything to read.");
}

#[test]
fn a_document_that_refers_to_itself_or_to_nothing_does_no_harm() {
    let schemas = json!({
        "A": { "properties": { "b": { "$ref": "#/components/schemas/B" } } },
        "B": { "properties": { "a": { "$ref": "#/components/schemas/A" }, "c": { "$ref": "#/components/schemas/C" } } },
    });
    let schema = json!({ "$ref": "#/components/schemas/A" });
    let content = json!({ "application/json": { "schema": schema } });
    let get = json!({ "responses": { "200": { "description": "", "content": content } }, "parameters": [7], "tags": 3 });
    let strange = described(
        "loans",
        &json!({
            "paths": { "/v1/loans/{id}": { "get": get }, "/x": 7 },
            "components": { "schemas": schemas },
        }),
    );
    let document = document_of(&parse(TWO), &[strange]);
    let schemas = &document["components"]["schemas"];
    assert_eq!(
        schemas["A"]["properties"]["b"]["$ref"],
        "#/components/schemas/B"
    );
    assert_eq!(
        schemas["B"]["properties"]["a"]["$ref"],
        "#/components/schemas/A"
    );
}

#[test]
fn a_document_of_very_many_operations_is_cut() {
    let paths = (0..5000).map(|number| (format!("/p{number}"), json!({ "get": {} })));
    let paths: serde_json::Map<_, _> = paths.collect();
    let wide = described("books", &json!({ "paths": paths }));
    let document = document_of(&parse(TWO), &[wide]);
    let count = document["paths"].as_object().unwrap().len();
    assert!((1000..1100).contains(&count), "{count}");
}
