//! Tests that the Kubernetes manifests agree with the code: each program accepts its variables, and
//! ports, probes, images, folders, times and peers are the programs' own. `.ci/kubernetes` checks
//! the rest: that the rendered objects are valid and fit together.

mod images;
mod manifests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::Value;
use service_kit::env::Env;
use service_kit::logger::LogConfig;
use service_kit::serve::DRAIN;

use crate::{read, root};
use manifests::{
    FOLDER, OVERLAYS, containers, documents, documents_of, images, list, of_kind, ports, text,
    variables, with_base,
};

const LABEL: &str = "app.kubernetes.io/name";

/// The address that a program listens on with these variables, and the names that it has read.
fn started(program: &str, variables: BTreeMap<String, String>) -> (SocketAddr, BTreeSet<String>) {
    let env = Env::new(move |name| variables.get(name).cloned());
    LogConfig::from_env(&env).unwrap();
    let bind = match program {
        "gateway" => gateway::Config::load(None, &env).map(|config| config.bind),
        "client-service" => client_service::Config::from_env(&env).map(|config| config.bind),
        "order-service" => order_service::Config::from_env(&env).map(|config| config.bind),
        "counter-service" => counter_service::Config::from_env(&env).map(|config| config.bind),
        "kitchen-mock" => kitchen_mock::config(&env).map(|config| config.bind),
        "delivery-mock" => delivery_mock::config(&env).map(|config| config.bind),
        other => panic!("an unknown program: {other}"),
    };
    let bind = bind.unwrap_or_else(|error| panic!("{program}: {error}"));
    (bind, env.asked().into_iter().collect())
}

/// The peers that each program has a URL of.
fn asked_peers() -> BTreeSet<(String, String)> {
    let base = documents("base");
    let mut peers = BTreeSet::new();
    for (program, port) in ports() {
        for asking in images().into_keys() {
            let url = format!("http://{program}:{port}");
            if variables(&base, &asking)
                .values()
                .any(|value| *value == url)
            {
                peers.insert((asking, program.clone()));
            }
        }
    }
    peers
}

#[test]
fn each_program_accepts_its_variables_and_reads_all_of_them() {
    for overlay in OVERLAYS {
        let documents = with_base(overlay);
        for (program, image) in images() {
            let given = variables(&documents, &program);
            let mut all = image.variables;
            all.extend(given.clone());
            if let Some(file) = all.get_mut("GATEWAY_CONFIG") {
                let container = containers(&documents, &program).next().unwrap();
                let folder = text(&container["volumeMounts"][0]["mountPath"]);
                assert_eq!(*file, format!("{folder}/gateway.toml"));
                *file = root().join("gateway/gateway.toml").display().to_string();
            }
            let (bind, read) = started(&program, all);
            let port = u64::from(bind.port());
            assert_eq!(port, ports()[&program], "{program}");
            assert!(bind.ip().is_unspecified(), "{program} listens on {bind}");
            for name in given.keys() {
                assert!(read.contains(name), "{program} does not read {name}");
            }
        }
    }
}

#[test]
fn each_url_names_a_service_and_its_port() {
    let (base, ports) = (documents("base"), ports());
    for (name, port) in &ports {
        let service = of_kind(&base, "Service").find(|each| each["metadata"]["name"] == **name);
        let spec = &service.unwrap()["spec"];
        assert_eq!(spec["selector"][LABEL], **name);
        assert_eq!(spec["ports"][0]["port"], *port, "{name}");
        assert_eq!(spec["ports"][0]["targetPort"], "http", "{name}");
        // The gateway sees each replica of those that may have several.
        let may_have_several = !name.ends_with("-mock") && *name != "gateway";
        let is_headless = spec["clusterIP"] == "None";
        assert_eq!(is_headless, may_have_several, "{name}");
        let urls = variables(&base, name);
        for (variable, url) in urls.iter().filter(|(name, _)| name.ends_with("_URL")) {
            let host = url.strip_prefix("http://").unwrap();
            let (host, port) = host.split_once(':').unwrap();
            let expected = ports.get(host).map(u64::to_string);
            assert_eq!(Some(port), expected.as_deref(), "{variable} of {name}");
        }
    }
}

/// The programs that the peers of a rule select.
fn selected(peers: &Value) -> BTreeSet<String> {
    let labels = list(peers).map(|peer| &peer["podSelector"]["matchLabels"][LABEL]);
    labels.map(|label| text(label).to_owned()).collect()
}

#[test]
fn each_program_may_ask_its_peers_and_no_other_port() {
    let (base, ports) = (documents("base"), ports());
    let (mut allowed_in, mut allowed_out) = (BTreeSet::new(), BTreeSet::new());
    for policy in of_kind(&base, "NetworkPolicy") {
        let Some(program) = policy["spec"]["podSelector"]["matchLabels"][LABEL].as_str() else {
            continue;
        };
        for rule in list(&policy["spec"]["ingress"]) {
            assert_eq!(rule["ports"].as_array().unwrap().len(), 1);
            assert_eq!(rule["ports"][0]["port"], ports[program], "into {program}");
            let from = selected(&rule["from"]).into_iter();
            allowed_in.extend(from.map(|asking| (asking, program.to_owned())));
        }
        for rule in list(&policy["spec"]["egress"]) {
            assert_eq!(rule["ports"].as_array().unwrap().len(), 1);
            for peer in selected(&rule["to"]) {
                assert_eq!(rule["ports"][0]["port"], ports[&peer], "out of {program}");
                allowed_out.insert((program.to_owned(), peer));
            }
        }
    }
    let needed = asked_peers();
    assert!(needed.len() > 7, "{needed:?}");
    assert_eq!(allowed_in, needed);
    assert_eq!(allowed_out, needed);
}

#[test]
fn production_opens_the_public_port_of_the_gateway_and_no_other() {
    let production = documents("overlays/production");
    let policies = of_kind(&production, "NetworkPolicy").map(|each| &each["spec"]);
    let open: Vec<_> = policies.filter(|spec| spec["ingress"].is_array()).collect();
    let [open] = open[..] else {
        panic!("{open:?}");
    };
    assert_eq!(open["podSelector"]["matchLabels"][LABEL], "gateway");
    let numbers = numbers(&open["ingress"]);
    assert_eq!(numbers, BTreeSet::from([ports()["gateway"]]));
    let ingress = of_kind(&production, "Ingress").next().unwrap();
    let path = &ingress["spec"]["rules"][0]["http"]["paths"][0];
    let service = &path["backend"]["service"];
    assert_eq!(service["name"], "gateway");
    assert_eq!(service["port"]["name"], "http");
}

/// Every number within.
fn numbers(value: &Value) -> BTreeSet<u64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(keys) => keys.values().flat_map(numbers).collect(),
        other => other.as_u64().into_iter().collect(),
    }
}

#[test]
fn the_operators_port_is_on_loopback_and_no_object_names_it() {
    for overlay in OVERLAYS {
        let documents = with_base(overlay);
        let variables = variables(&documents, "gateway");
        let admin: SocketAddr = variables["GATEWAY_ADMIN_BIND"].parse().unwrap();
        assert!(admin.ip().is_loopback(), "{overlay}: {admin}");
        let named = numbers(&Value::from(documents)).contains(&admin.port().into());
        assert!(!named, "{overlay}");
    }
}

/// The values of a patch that every Pod has, by the last name of their path.
fn of_every_pod() -> BTreeMap<String, Value> {
    let patches = ["every-pod", "replaced-pod"];
    let files = patches.map(|name| documents_of(&format!("{FOLDER}/base/{name}.yaml")));
    let steps = files.iter().flatten().flat_map(list);
    let pairs = steps.map(|step| {
        let name = text(&step["path"]).rsplit('/').next().unwrap();
        let is_pod = text(&step["path"]).ends_with("spec/securityContext");
        let name = if is_pod { "podSecurityContext" } else { name };
        (name.to_owned(), step["value"].clone())
    });
    pairs.collect()
}

#[test]
fn each_probe_asks_a_route_that_every_program_has() {
    let pod = of_every_pod();
    let source = read("service-kit/src/serve/probes.rs");
    let contract = read("docs/openapi.json");
    for (probe, path) in [
        ("startupProbe", "/live"),
        ("livenessProbe", "/live"),
        ("readinessProbe", "/ready"),
    ] {
        let asked = &pod[probe]["httpGet"];
        assert_eq!(asked["path"], path, "{probe}");
        assert_eq!(asked["port"], "http", "{probe}");
        assert!(source.contains(&format!("\"{path}\"")), "{path}");
        assert!(contract.contains(&format!("\"{path}\": {{")), "{path}");
    }
    for name in images().keys() {
        let base = documents("base");
        let container = containers(&base, name).next().unwrap();
        assert_eq!(container["ports"][0]["name"], "http", "{name}");
    }
}

#[test]
fn a_pod_has_the_time_that_a_stop_takes() {
    let pod = of_every_pod();
    let before = pod["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    let last_lines = 1;
    let needed = before.unwrap() + DRAIN.as_secs() + last_lines;
    assert!(grace > needed, "{grace} s, {needed} s needed");
}

#[test]
fn the_page_makes_each_secret_that_production_needs() {
    let production = documents("overlays/production");
    for page in ["README.md", "README.fr.md"] {
        let page = read(&format!("{FOLDER}/{page}"));
        for name in images().keys() {
            let rows = containers(&production, name).flat_map(|container| list(&container["env"]));
            let secrets = rows.map(|row| &row["valueFrom"]["secretKeyRef"]);
            for secret in secrets.filter(|secret| !secret.is_null()) {
                let command = format!("create secret generic {}", text(&secret["name"]));
                assert!(page.contains(&command), "{command}");
                assert!(page.contains(text(&secret["key"])), "{secret}");
            }
        }
    }
}
