//! Tests of the route tables, the table of errors and the examples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use gateway::route::To;
use serde_json::{Map, Value};
use service_kit::env::Env;
use shared_types::golden;
use shared_types::problem::Code;
use shared_types::text::Lang;

use crate::{read, root, rows};

/// The words of the route table: its titles, and whether a token is needed.
struct Words {
    titles: [&'static str; 6],
    yes: &'static str,
    no: &'static str,
}

const ENGLISH: Words = Words {
    titles: [
        "Method",
        "Path",
        "Upstream",
        "Path there",
        "Success",
        "Token needed",
    ],
    yes: "yes",
    no: "no",
};

const FRENCH: Words = Words {
    titles: [
        "Méthode",
        "Chemin",
        "Service",
        "Chemin là-bas",
        "Succès",
        "Jeton requis",
    ],
    yes: "oui",
    no: "non",
};

struct Row {
    method: String,
    path: String,
    upstream: String,
    target: String,
    successes: BTreeSet<String>,
    needs_token: bool,
}

/// The configured routes, in the order of the file, as the OpenAPI document describes them.
fn configured() -> Vec<Row> {
    let config = gateway::Config::load(None, &Env::of_pairs([])).unwrap();
    let openapi: Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    let mut rows: Vec<Row> = Vec::new();
    for route in config.routes.routes() {
        let (upstream, target) = match &route.to {
            To::Own(_) | To::Aggregate(..) => ("–".to_owned(), "–".to_owned()),
            To::Upstream(to) => (
                config.upstreams[to.upstream].name.to_string(),
                format!("`{}`", to.target),
            ),
        };
        let method = route.method.to_string();
        let operation = &openapi["paths"][&*route.path][method.to_lowercase()];
        let statuses = operation["responses"].as_object().into_iter().flatten();
        let successes = statuses.map(|(status, _)| status.clone());
        let successes = successes.filter(|status| status.starts_with('2'));
        let security = operation["security"].as_array();
        // An empty alternative makes the token optional.
        let is_required =
            |kinds: &Vec<Value>| !kinds.is_empty() && !kinds.contains(&Value::Object(Map::new()));
        let needs_token = security.is_some_and(is_required);
        rows.push(Row {
            method,
            path: route.path.to_string(),
            upstream,
            target,
            successes: successes.collect(),
            needs_token,
        });
    }
    let file = read("gateway/gateway.toml");
    // The gateway's own pages come last.
    rows.sort_by_key(|row| {
        let place = file.find(&format!("path = \"{}\"", row.path));
        place.unwrap_or(usize::MAX)
    });
    rows
}

fn table(words: &Words) -> String {
    let line = |cells: [&str; 6]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(words.titles) + "|---|---|---|---|---|---|\n";
    for row in configured() {
        let successes = Vec::from_iter(row.successes).join(", ");
        let token = if row.needs_token { words.yes } else { words.no };
        table.push_str(&line([
            &row.method,
            &format!("`{}`", row.path),
            &row.upstream,
            &row.target,
            &successes,
            token,
        ]));
    }
    table
}

/// With `WRITE_DOCS=1`, this writes the tables.
#[test]
fn the_route_tables_are_the_configured_routes() {
    for (file, words) in [
        ("README.md", &ENGLISH),
        ("docs/API.md", &ENGLISH),
        ("README.fr.md", &FRENCH),
        ("docs/API.fr.md", &FRENCH),
    ] {
        hold(file, words.titles[0], &table(words));
    }
}

/// Compares the table that begins with this title, or writes it.
pub(crate) fn hold(file: &str, title: &str, table: &str) {
    // Two tests write into one file.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = read(file);
    let begin = text.find(&format!("| {title} |")).unwrap();
    let (before, rest) = text.split_at(begin);
    let (written, after) = rest.split_once("\n\n").unwrap();
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write(root().join(file), format!("{before}{table}\n{after}")).unwrap();
    } else {
        assert_eq!(
            format!("{written}\n"),
            table,
            "{file}; WRITE_DOCS=1 writes the table"
        );
    }
}

/// With `WRITE_DOCS=1`, this writes the tables. Who answers with a code stays as it is written; a
/// new code is the gateway's until somebody says otherwise.
#[test]
fn the_tables_of_errors_are_the_codes_and_their_sentences() {
    for (file, titles, gateway, lang) in [
        (
            "docs/API.md",
            ["Status", "From", "Meaning"],
            "gateway",
            Lang::En,
        ),
        (
            "docs/API.fr.md",
            ["Statut", "De", "Sens"],
            "passerelle",
            Lang::Fr,
        ),
    ] {
        let [status, from, meaning] = titles;
        let known = rows(&read(file), status).into_iter();
        let known: BTreeMap<_, _> = known.map(|row| (row[1].clone(), row[2].clone())).collect();
        let mut codes = Vec::from(Code::ALL);
        codes.sort_by_key(|code| (code.status(), code.as_str()));
        let lines = codes.iter().map(|code| {
            let name = code.as_str();
            let from = known.get(name).map_or(gateway, |from| from);
            let (status, detail) = (code.status(), code.detail(lang));
            format!("| {status} | `{name}` | {from} | {detail} |\n")
        });
        let head = format!("| {status} | `code` | {from} | {meaning} |\n|---|---|---|---|\n");
        hold(file, status, &(head + &String::from_iter(lines)));
    }
}

#[test]
fn every_example_is_a_golden_one() {
    let goldens = [
        golden::NEW_CLIENT,
        golden::CLIENT,
        golden::LOGIN,
        golden::SESSION,
        golden::CLIENT_CHANGE,
        golden::PASSWORD_CHANGE,
        golden::PASSWORD_RESET,
        golden::NEW_PASSWORD,
        golden::DISH,
        golden::NEW_ORDER,
        golden::ORDER,
        golden::TICKET,
        golden::ASSIGNMENT,
        golden::COURIER,
        golden::DELIVERY,
        golden::ORDER_EVENT,
        golden::KEY_SET,
        golden::ERASURE,
        golden::PROBLEM,
        golden::STATUS,
        golden::CLOSURE,
        golden::DRILL,
    ];
    let goldens: Vec<Value> = goldens
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let text = read("docs/API.md");
    // The JSON blocks. One with an ellipsis is not valid JSON and is left out.
    let blocks = text
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let examples: Vec<Value> = blocks
        .filter(|block| !block.contains('…'))
        .map(|block| serde_json::from_str(block).unwrap())
        .collect();
    assert_eq!(examples, goldens);
}
