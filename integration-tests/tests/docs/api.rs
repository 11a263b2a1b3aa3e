//! Tests of the route tables, the table of errors and the examples.

use std::collections::BTreeSet;

use gateway::route::To;
use serde_json::Value;
use service_kit::env::Env;
use shared_types::golden;
use shared_types::problem::Code;

use crate::{read, rows};

/// Method, path, upstream and path there: one entry for each method.
type Row = (String, String, String, String);

fn documented(file: &str, title: &str) -> BTreeSet<Row> {
    let mut documented = BTreeSet::new();
    for row in rows(&read(file), title) {
        for method in row[0].split(", ") {
            documented.insert((
                method.to_owned(),
                row[1].clone(),
                row[2].clone(),
                row[3].clone(),
            ));
        }
    }
    documented
}

fn configured() -> BTreeSet<Row> {
    let config = gateway::Config::load(None, &Env::of_pairs([])).unwrap();
    let row = |route: &gateway::route::Route| {
        let (upstream, target) = match &route.to {
            To::Own(_) | To::Aggregate(..) => ("–".to_owned(), "–".to_owned()),
            To::Upstream(to) => (
                config.upstreams[to.upstream].name.to_string(),
                to.target.to_string(),
            ),
        };
        (
            route.method.to_string(),
            route.path.to_string(),
            upstream,
            target,
        )
    };
    config.routes.routes().map(row).collect()
}

#[test]
fn the_route_tables_are_the_configured_routes() {
    for file in ["docs/API.md", "README.md"] {
        assert_eq!(documented(file, "Method"), configured(), "{file}");
    }
    for file in ["docs/API.fr.md", "README.fr.md"] {
        assert_eq!(documented(file, "Méthode"), configured(), "{file}");
    }
}

#[test]
fn the_table_of_errors_is_the_one_in_the_code() {
    let known: BTreeSet<_> = Code::ALL
        .iter()
        .map(|code| (code.status().to_string(), code.as_str().to_owned()))
        .collect();
    for (file, title) in [("docs/API.md", "Status"), ("docs/API.fr.md", "Statut")] {
        let documented: BTreeSet<_> = rows(&read(file), title)
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect();
        assert_eq!(documented, known, "{file}");
    }
}

#[test]
fn every_example_is_a_golden_one() {
    let goldens = [
        golden::NEW_CLIENT,
        golden::CLIENT,
        golden::LOGIN,
        golden::SESSION,
        golden::DISH,
        golden::NEW_ORDER,
        golden::ORDER,
        golden::TICKET,
        golden::ASSIGNMENT,
        golden::COURIER,
        golden::DELIVERY,
        golden::ORDER_EVENT,
        golden::PROBLEM,
        golden::STATUS,
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
