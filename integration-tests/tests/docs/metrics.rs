//! Tests that METRICS.md names exactly the gateway's metrics.

use std::collections::{BTreeMap, BTreeSet};

use gateway::{Config, Gateway};
use service_kit::env::Env;
use service_kit::testing::Client;

use crate::certificate::Files;
use crate::promtool::promtool_accepts;
use crate::{read, rows};

/// Type and labels by name.
type Families = BTreeMap<String, (String, BTreeSet<String>)>;

fn labels(list: &str) -> BTreeSet<String> {
    let names = list.split(", ").filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn documented() -> Families {
    let rows = rows(&read("docs/METRICS.md"), "Metric").into_iter();
    rows.map(|row| (row[0].clone(), (row[1].clone(), labels(&row[2]))))
        .collect()
}

/// Reads `name{label="…",…} value` lines, each after `# TYPE name type`.
fn told(text: &str) -> Families {
    let mut families = Families::new();
    let mut last = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            last = name.to_owned();
            families.insert(last.clone(), (kind.to_owned(), BTreeSet::new()));
        } else if let (Some((_, list)), false) = (line.split_once('{'), line.starts_with('#')) {
            let list = list.rsplit_once('}').unwrap().0;
            let names = list
                .split("\",")
                .map(|pair| pair.split_once('=').unwrap().0);
            let names = names.filter(|name| *name != "le").map(str::to_owned);
            families.get_mut(&last).unwrap().1.extend(names);
        }
    }
    families.retain(|name, _| {
        ["gateway_", "telemetry_"]
            .iter()
            .any(|own| name.starts_with(own))
    });
    families
}

#[actix_web::test]
async fn every_metric_is_documented_with_its_type_and_labels() {
    let certificate = Files::expired();
    let [cert, key] = certificate.variables();
    let env = Env::of_pairs([
        // A certificate has a metric where there is one.
        (cert.0, cert.1.as_str()),
        (key.0, key.1.as_str()),
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
        // Replicas have metrics only where there are several.
        ("KITCHEN_URL", "http://127.0.0.1:1,http://127.0.0.1:2"),
        // So has a store that gateways share.
        ("GATEWAY_REDIS_URL", "redis://127.0.0.1:1"),
        // Spans have metrics only with a collector.
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:3"),
    ]);
    let gateway = Gateway::build(Config::load(None, &env).unwrap()).unwrap();
    let operator = Client::of(gateway.admin_addr());
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    let answer = operator.get("/metrics").await;
    let text = answer.text();
    let told = told(text);
    assert!(told.len() > 10, "{text}");
    assert_eq!(documented(), told);
    promtool_accepts("the metrics' format", &["check", "metrics"], text);
}
