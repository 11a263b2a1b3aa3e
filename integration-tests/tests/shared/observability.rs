//! The alert rules and the dashboard, as the files in `deploy/observability` have them.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of the files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/observability")
}

pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every rule of `alerts.yml`.
pub(crate) fn rules() -> Vec<Value> {
    let groups = yaml("alerts.yml")["groups"].as_array().unwrap().clone();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    rules.cloned().collect()
}

/// The rules among them that alert.
pub(crate) fn alerts() -> Vec<Value> {
    let mut rules = rules();
    rules.retain(|rule| rule["alert"].is_string());
    rules
}

/// Title and expression of each query of the dashboard.
pub(crate) fn dashboard_queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&text("gateway.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let queries = panels.iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().unwrap().iter();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        targets.map(move |target| (word(&panel["title"]), word(&target["expr"])))
    });
    queries.collect()
}
