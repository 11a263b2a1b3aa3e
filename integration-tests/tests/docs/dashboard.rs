//! Tests the shape of Grafana's dashboard: what Grafana needs to show each panel where it belongs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::observability::{text, yaml};

/// Grafana's grid.
const COLUMNS: u64 = 24;

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(&text("gateway.json")).unwrap();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39);
    for key in ["title", "uid"] {
        assert!(!dashboard[key].as_str().unwrap().is_empty(), "{key}");
    }
    dashboard["panels"].as_array().unwrap().clone()
}

#[test]
fn each_panel_has_a_name_a_number_a_unit_and_the_known_source() {
    let sources = yaml("grafana-datasource.yml");
    let source = &sources["datasources"][0];
    let mut numbers = BTreeSet::new();
    for panel in panels() {
        let title = panel["title"].as_str().unwrap();
        assert_eq!(panel["type"], "timeseries", "{title}");
        assert!(numbers.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert_eq!(panel["datasource"]["uid"], source["uid"], "{title}");
        assert_eq!(panel["datasource"]["type"], source["type"], "{title}");
        assert!(
            panel["fieldConfig"]["defaults"]["unit"].is_string(),
            "{title}"
        );
        assert!(panel["fieldConfig"]["overrides"].is_array(), "{title}");
        let mut letters = BTreeSet::new();
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            assert!(letters.insert(target["refId"].as_str().unwrap()), "{title}");
            // Otherwise its legend is the whole series.
            assert!(target["legendFormat"].is_string(), "{title}");
        }
    }
}

#[test]
fn no_panel_lies_on_another_or_beyond_the_grid() {
    let mut taken = BTreeSet::new();
    for panel in panels() {
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        let (x, y, wide, high) = (side("x"), side("y"), side("w"), side("h"));
        assert!(wide > 0 && high > 0 && x + wide <= COLUMNS, "{panel}");
        for column in x..x + wide {
            for row in y..y + high {
                assert!(taken.insert((column, row)), "{panel}");
            }
        }
    }
}
