//! Tests that exactly the variables and keys that are read are documented, with their defaults.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use service_kit::env::Env;
use service_kit::logger::LogConfig;

use crate::{read, rows};

/// The variables that the processes read.
fn asked() -> BTreeSet<String> {
    let env = Env::of_pairs([]);
    LogConfig::from_env(&env).unwrap();
    service_kit::serve::lame_duck(&env).unwrap();
    service_kit::trace::Settings::from_env(&env, "orders").unwrap();
    gateway::Config::load(None, &env).unwrap();
    client_service::Config::from_env(&env).unwrap();
    order_service::Config::from_env(&env).unwrap();
    counter_service::Config::from_env(&env).unwrap();
    kitchen_mock::config(&env).unwrap();
    delivery_mock::config(&env).unwrap();
    env.asked().into_iter().collect()
}

#[test]
fn every_variable_is_documented_and_no_other() {
    let documented = rows(&read("docs/CONFIGURATION.md"), "Variable");
    let documented: BTreeSet<_> = documented.into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, asked());
}

#[test]
fn every_variable_of_the_compose_file_is_read_by_someone() {
    let asked = asked();
    let compose = read("docker-compose.yml");
    let variables = compose.lines().filter_map(|line| {
        let (name, _value) = line.trim().split_once(": ")?;
        let shouted = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        // Except Grafana's.
        (shouted && !name.starts_with("GF_")).then_some(name)
    });
    let mut count = 0;
    for name in variables {
        assert!(asked.contains(name), "{name}");
        count += 1;
    }
    assert!(count > 10, "only {count} variables were found");
}

/// The default of each key of a table, by the schema; `None` if the schema has none. The keys of a
/// table within it follow a dot.
fn keys_of(schema: &Value, table: &str) -> BTreeMap<String, Option<String>> {
    let table = &schema["$defs"][table];
    let required = table["required"].as_array();
    let mut keys = BTreeMap::new();
    for (key, value) in table["properties"].as_object().unwrap() {
        // A word may stand for a whole table.
        let forms = value["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
        let has_word = forms.iter().any(|form| form["const"].is_string());
        let table = forms
            .iter()
            .find(|form| has_word && form["$ref"].is_string());
        if has_word {
            keys.insert(key.clone(), None);
        }
        let inner = table.unwrap_or(value)["$ref"].as_str().unwrap_or_default();
        let inner = inner.rsplit('/').next().unwrap();
        if schema["$defs"][inner]["properties"].is_object() {
            for (below, default) in keys_of(schema, inner) {
                keys.insert(format!("{key}.{below}"), default);
            }
            continue;
        }
        let is_required = required.is_some_and(|keys| keys.contains(&Value::from(key.as_str())));
        let default = match &value["default"] {
            _ if is_required => Some("required".to_owned()),
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Array(items) if items.is_empty() => Some("none".to_owned()),
            Value::Object(keys) if keys.is_empty() => Some("none".to_owned()),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                Some(items.join(", "))
            }
            other => Some(other.to_string()),
        };
        keys.insert(key.clone(), default);
    }
    keys
}

#[test]
fn every_key_of_the_file_is_documented_with_its_default_and_no_other() {
    let page = read("docs/CONFIGURATION.md");
    let schema = serde_json::from_str(&read("docs/gateway.schema.json")).unwrap();
    for (title, table) in [
        ("Key of [limits]", "LimitsTable"),
        ("Key of [cache]", "CacheTable"),
        ("Key of [upstreams.NAME]", "UpstreamTable"),
        ("Key of a route", "RouteRow"),
        ("Key of a feature", "FeatureTable"),
        ("Key of [aggregates.NAME]", "AggregateTable"),
        ("Key of a part", "PartTable"),
        ("Key of [console]", "ConsoleTable"),
        ("Key of a step", "StepTable"),
        ("Key of a call", "CallTable"),
    ] {
        let keys = keys_of(&schema, table);
        let rows = rows(&page, title);
        let documented: BTreeSet<_> = rows.iter().map(|row| &row[0]).collect();
        assert_eq!(documented, keys.keys().collect(), "{title}");
        assert_eq!(rows.len(), keys.len(), "a key of {title} stands twice");
        for row in rows {
            if let Some(default) = &keys[&row[0]] {
                assert_eq!(&row[1], default, "{title}: {}", row[0]);
            }
            assert!(!row[1].is_empty(), "{title}: {}", row[0]);
        }
    }
}
