//! Tests that exactly the variables that are read are documented.

use std::collections::BTreeSet;

use service_kit::env::Env;
use service_kit::logger::LogConfig;

use crate::{read, rows};

/// The variables that the processes read.
fn asked() -> BTreeSet<String> {
    let env = Env::of_pairs([]);
    LogConfig::from_env(&env).unwrap();
    gateway::Config::load(None, &env).unwrap();
    client_service::Config::from_env(&env).unwrap();
    order_service::Config::from_env(&env).unwrap();
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
