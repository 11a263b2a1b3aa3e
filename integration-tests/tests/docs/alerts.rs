//! Tests that Prometheus takes the alert rules, that each alert fires and stays silent where it
//! should, that each has a section in both runbooks, and that rules and dashboard use known metrics
//! only.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::observability::{alerts, dashboard_queries, folder, rules, yaml};
use crate::promtool::promtool_accepts;
use crate::{read, rows};

fn name(alert: &Value) -> String {
    alert["alert"].as_str().unwrap().to_owned()
}

#[test]
fn prometheus_takes_the_rules_and_its_tests_of_them_pass() {
    let file = |name: &str| folder().join(name).to_str().unwrap().to_owned();
    for (what, args, name) in [
        (
            "the check of prometheus.yml",
            ["check", "config"],
            "prometheus.yml",
        ),
        ("the check of the alerts", ["check", "rules"], "alerts.yml"),
        (
            "the tests of the alerts",
            ["test", "rules"],
            "alerts.test.yml",
        ),
    ] {
        promtool_accepts(what, &[args[0], args[1], &file(name)], "");
    }
    assert_eq!(yaml("prometheus.yml")["rule_files"][0], "alerts.yml");
}

#[test]
fn a_test_makes_each_alert_fire_and_another_moment_finds_it_silent() {
    let tests = yaml("alerts.test.yml");
    let tests = tests["tests"].as_array().unwrap().iter();
    let moments: Vec<_> = tests
        .flat_map(|test| test["alert_rule_test"].as_array().unwrap())
        .collect();
    for alert in alerts() {
        let of_alert = || {
            moments
                .iter()
                .filter(|moment| moment["alertname"] == alert["alert"])
        };
        let fires = |moment: &&&Value| !moment["exp_alerts"].as_array().unwrap().is_empty();
        assert!(of_alert().any(|moment| fires(&moment)), "{}", name(&alert));
        assert!(!of_alert().all(|moment| fires(&moment)), "{}", name(&alert));
    }
}

#[test]
fn each_alert_has_a_section_in_both_runbooks_and_no_section_is_left_over() {
    let names: Vec<_> = alerts().iter().map(name).collect();
    for (page, urgent) in [
        ("docs/RUNBOOK.md", "Page"),
        ("docs/RUNBOOK.fr.md", "Urgence"),
    ] {
        let text = read(page);
        let sections: Vec<_> = text.split("\n## ").skip(1).collect();
        let titles: Vec<_> = sections
            .iter()
            .map(|section| section.lines().next().unwrap())
            .collect();
        assert_eq!(titles, names, "{page}");
        for (section, alert) in sections.iter().zip(alerts()) {
            let kind = match alert["labels"]["severity"].as_str() {
                Some("page") => urgent,
                Some("ticket") => "Ticket",
                other => panic!("{}: {other:?}", name(&alert)),
            };
            let begins = format!("{}\n\n*{kind}.* ", name(&alert));
            assert!(section.starts_with(&begins), "{page}: {}", name(&alert));
        }
    }
}

#[test]
fn each_alert_says_what_it_is_and_leads_to_its_section() {
    for alert in alerts() {
        let notes = &alert["annotations"];
        for key in ["summary", "description"] {
            assert!(
                notes[key].as_str().is_some_and(|text| text.ends_with('.')),
                "{alert}"
            );
        }
        let section = format!("docs/RUNBOOK.md#{}", name(&alert).to_lowercase());
        assert_eq!(notes["runbook_url"], *section);
    }
}

/// The names in a query that look like one of ours.
fn metrics(query: &str) -> BTreeSet<String> {
    const OURS: [&str; 6] = [
        "gateway_",
        "outbox_",
        "orders_",
        "process_",
        "telemetry_",
        "feature:",
    ];
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = query.split(|c: char| !is_part(c));
    let ours = words.filter(|word| OURS.iter().any(|begin| word.starts_with(begin)));
    ours.map(str::to_owned).collect()
}

#[test]
fn rules_and_dashboard_use_known_metrics_only() {
    let mut known: BTreeSet<String> = rows(&read("docs/METRICS.md"), "Metric")
        .into_iter()
        .flat_map(|row| {
            let parts = ["_bucket", "_count", "_sum"].map(|part| format!("{}{part}", row[0]));
            let parts = if row[1] == "histogram" {
                parts.to_vec()
            } else {
                Vec::new()
            };
            parts.into_iter().chain([row[0].clone()])
        })
        .collect();
    let recorded = rules()
        .into_iter()
        .filter_map(|rule| Some(rule["record"].as_str()?.to_owned()));
    known.extend(recorded);
    // Those of the services and of every process are in prose.
    let prose = read("docs/CONFIGURATION.md") + &read("docs/METRICS.md");
    let is_known = |metric: &String| {
        known.contains(metric)
            || prose.contains(&format!("`{metric}`"))
            || metric.starts_with("process_")
    };
    let of_rules = rules()
        .into_iter()
        .map(|rule| rule["expr"].as_str().unwrap().to_owned());
    let of_dashboard = dashboard_queries().into_iter().map(|(_, query)| query);
    let mut count = 0;
    for query in of_rules.chain(of_dashboard) {
        let used = metrics(&query);
        let unknown = used.iter().find(|metric| !is_known(metric));
        assert_eq!(unknown, None, "a metric in {query}");
        count += used.len();
    }
    assert!(count > 50, "only {count} metrics were found");
}

#[test]
fn each_feature_of_the_restaurant_has_its_requests_and_failures_counted() {
    let config = read("gateway/gateway.toml");
    let table = config.split_once("\n[features]\n").unwrap().1;
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    let features: BTreeSet<_> = lines
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .collect();
    for record in ["feature:requests:rate1m", "feature:failures:rate1m"] {
        let rules = rules();
        let of_record = rules.iter().filter(|rule| rule["record"] == record);
        let counted: Vec<_> = of_record
            .map(|rule| rule["labels"]["feature"].as_str().unwrap())
            .collect();
        assert_eq!(counted.iter().copied().collect::<BTreeSet<_>>(), features);
        assert_eq!(counted.len(), features.len(), "a feature is counted twice");
    }
}
