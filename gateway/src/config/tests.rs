//! What a configuration file may say, and how it is refused.

mod closures;
mod mistakes;
pub(super) mod schema;

use std::time::Duration;

use service_kit::env::Env;
use shared_types::text::Lang;

use super::{Config, DEFAULT_FILE};
use crate::resilience::memory::MemoryLimits;
use crate::resilience::rate::RateLimit;
use crate::routing::route::To;
use crate::settings::limits::AnswerLimits;

fn refused(text: &str) -> String {
    Config::parse("test.toml", text, &Env::of_pairs([]))
        .unwrap_err()
        .to_string()
}

#[test]
fn the_compiled_in_file_is_valid() {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    let names: Vec<_> = config
        .upstreams
        .iter()
        .map(|upstream| &*upstream.name)
        .collect();
    assert_eq!(
        names,
        ["clients", "orders", "counter", "kitchen", "delivery"]
    );
}

#[test]
fn the_environment_overrides_an_upstreams_url() {
    let env = Env::of_pairs([("ORDERS_URL", "https://orders.example.com/v1/")]);
    let config = Config::load(None, &env).unwrap();
    let orders = config
        .upstreams
        .iter()
        .find(|upstream| &*upstream.name == "orders")
        .unwrap();
    assert_eq!(orders.url.to_string(), "https://orders.example.com/v1");
}

#[test]
fn only_what_hashes_passwords_has_a_rate_limit_of_its_own() {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    let limited = config.routes.routes();
    let limited = limited.filter(|route| route.rate_limit.is_some());
    let limits: Vec<_> = limited
        .map(|route| {
            let limit = route.rate_limit.as_ref().unwrap().to_string();
            (&*route.path, route.method.to_string(), limit)
        })
        .collect();
    let limit = || "100/10m".to_owned();
    assert_eq!(
        limits,
        [
            ("/client-api/login", "POST".to_owned(), limit()),
            ("/client-api/clients", "POST".to_owned(), limit()),
            (
                "/client-api/clients/{id}/password",
                "POST".to_owned(),
                limit()
            ),
            ("/client-api/password-reset", "POST".to_owned(), limit()),
            (
                "/client-api/password-reset/confirm",
                "POST".to_owned(),
                limit()
            ),
            ("/auth/login", "POST".to_owned(), limit()),
        ]
    );
}

/// docs/API.md names them.
#[test]
fn the_rows_that_honour_an_idempotency_key_are_marked() {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    let routes = config.routes.routes();
    let honours = routes.filter(|route| match &route.to {
        To::Upstream(to) => to.settings.idempotent && !route.method.is_safe(),
        To::Own(_) | To::Aggregate(..) => false,
    });
    let honours: Vec<_> = honours
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let expected = [
        "POST /client-api/clients",
        "POST /delivery-api/livreurs",
        "POST /delivery-api/livraisons",
        "POST /delivery-api/livraisons/{id}/assigner",
        "POST /order-api/menu",
        "POST /order-api/commandes",
    ];
    assert_eq!(honours, expected);
}

#[test]
fn the_environment_overrides_the_rate_limit_or_turns_it_off() {
    let policy = |value| {
        let config = Config::load(None, &Env::of_pairs([("GATEWAY_RATE_LIMIT", value)]));
        let rate = config.unwrap().rate_limit;
        rate.map(|rate| format!("{:?}", RateLimit::new("default", rate)))
    };
    assert!(policy("").unwrap().contains("q=600;w=10"));
    assert!(policy("10/1m").unwrap().contains("q=10;w=60"));
    assert_eq!(policy("off"), None);
}

#[test]
fn an_unknown_key_is_refused_by_its_name() {
    for (section, key) in [
        ("[limits]", "request_bodi"),
        ("[upstreams.orders]", "retrys"),
    ] {
        let text = DEFAULT_FILE.replace(section, &format!("{section}\n{key} = \"1s\""));
        let error = refused(&text);
        assert!(
            error.contains("test.toml") && error.contains(key),
            "{error}"
        );
    }
    assert!(refused("[limit]").contains("limit"));
}

#[test]
fn a_bad_value_is_refused_by_its_name() {
    for (good, bad, named) in [
        (
            "connect_timeout = \"1s\"",
            "connect_timeout = \"1\"",
            "connect_timeout",
        ),
        (
            "connect_timeout = \"1s\"",
            "connect_timeout = \"0s\"",
            "upstreams.clients.connect_timeout",
        ),
        (
            "http://127.0.0.1:8001",
            "ftp://127.0.0.1",
            "upstreams.clients.url",
        ),
        (
            "http://127.0.0.1:8001",
            "http://user:pw@host/",
            "upstreams.clients.url",
        ),
        (
            "request_body = \"1MiB\"",
            "request_body = \"much\"",
            "request_body",
        ),
        ("uri = \"8KiB\"", "uri = \"64KiB\"", "limits.uri"),
        ("head = \"32KiB\"", "head = \"1MiB\"", "limits.head"),
        ("fields = 88", "fields = 97", "limits.fields"),
        (
            "memory = \"64MiB\"",
            "memory = \"8191KiB\"",
            "limits.memory",
        ),
        (
            "memory_per_client = \"6.4MiB\"",
            "memory_per_client = \"255KiB\"",
            "limits.memory_per_client",
        ),
        (
            "response_head = \"64KiB\"",
            "response_head = \"1023B\"",
            "limits.response_head",
        ),
        (
            "response_fields = 100",
            "response_fields = 0",
            "limits.response_fields",
        ),
        (
            "idle_timeout = \"60s\"",
            "idle_timeout = \"0s\"",
            "limits.idle_timeout",
        ),
        (
            "connections = 10000",
            "connections = 0",
            "limits.connections",
        ),
        (
            "rate = \"600/10s\"",
            "rate = \"600\"",
            "limits.rate: \"600\"",
        ),
        (
            "rate_limit = \"100/10m\"",
            "rate_limit = \"off\"",
            "routes.clients[0].rate_limit: \"off\"",
        ),
        (
            "methods = [\"PATCH\"]",
            "methods = [\"PA TCH\"]",
            "routes.orders[11].methods: unknown method",
        ),
        (
            "methods = [\"PATCH\"]",
            "methods = [\"patch\"]",
            "routes.orders[11].methods: unknown method",
        ),
        (
            "path = \"/kitchen/orders\"",
            "path = \"/kitchen/orders?x\"",
            "routes.kitchen[0].path",
        ),
        (
            "to = \"/auth/login\"",
            "to = \"/auth/{who}\"",
            "routes.clients[0].to: {who}",
        ),
        (
            "to = \"/auth/login\"",
            "to = \"/auth/login\", request_body = \"much\"",
            "routes.clients[0].request_body",
        ),
        (
            "to = \"/auth/login\"",
            "to = \"/auth/login\", timeout = \"0s\"",
            "routes.clients[0].timeout",
        ),
        (
            "to = \"/auth/login\"",
            "to = \"/auth/login\", timeout = \"long\"",
            "routes.clients[0].timeout",
        ),
        (
            "to = \"/menu\", priority = \"sheddable\", outage",
            "to = \"/menu\", idempotent = true, outage",
            "routes.orders[0].idempotent",
        ),
        (
            "path = \"/kitchen/orders\"",
            "path = \"/kitchen/{*orders}\"",
            "routes.kitchen[0].to: must end with {*orders}",
        ),
    ] {
        assert!(DEFAULT_FILE.contains(good), "{good}");
        let error = refused(&DEFAULT_FILE.replacen(good, bad, 1));
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn a_file_without_limits_has_the_shipped_ones() {
    let limits_of = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        (config.limits, config.rate_limit, config.cache)
    };
    let shipped = limits_of(DEFAULT_FILE);
    assert_eq!(limits_of(SHORT), shipped);
    assert_eq!(limits_of(&format!("{SHORT}[limits]\nfields = 88")), shipped);
    assert_eq!(shipped.0.answers, AnswerLimits::DEFAULT);
    assert_eq!(shipped.0.memory, MemoryLimits::DEFAULT);
}

/// Each key that such a file leaves out has its default.
const SHORT: &str = r#"
[upstreams.stock]
url = "http://127.0.0.1:1"
outage = "error"

[routes]
stock = [{ path = "/stock/{id}" }]
"#;

#[test]
fn an_upstream_needs_only_its_url_and_a_route_only_its_path() {
    let config = Config::parse("test.toml", SHORT, &Env::of_pairs([])).unwrap();
    let stock = &config.upstreams[0];
    assert_eq!(stock.label.to(Lang::Fr), "Le service « stock »");
    assert_eq!(stock.label.to(Lang::En), "The service “stock”");
    assert_eq!(stock.connect_timeout, Duration::from_secs(1));
    assert_eq!(stock.timeout, Duration::from_secs(5));
    let routes = config.routes.routes();
    let routes: Vec<_> = routes
        .filter_map(|route| match &route.to {
            To::Upstream(to) => Some((route.method.as_str(), to.target.to_string())),
            To::Own(_) | To::Aggregate(..) => None,
        })
        .collect();
    let same = |method| (method, "/stock/{id}".to_owned());
    assert_eq!(routes, ["GET", "POST", "PUT", "PATCH", "DELETE"].map(same));
}

#[test]
fn a_label_is_one_text_or_one_for_each_language() {
    for (label, fr, en) in [
        (r#""Stock""#, "Stock", "Stock"),
        (r#"{ fr = "Le stock", en = "Stock" }"#, "Le stock", "Stock"),
        (r#"{ fr = "Le stock" }"#, "Le stock", "The service “stock”"),
    ] {
        let text = SHORT.replace("outage", &format!("label = {label}\noutage"));
        let config = Config::parse("test.toml", &text, &Env::of_pairs([])).unwrap();
        let found = &config.upstreams[0].label;
        assert_eq!((found.to(Lang::Fr), found.to(Lang::En)), (fr, en));
    }
    for label in ["7", r#"{ de = "Das Lager" }"#] {
        let error = refused(&SHORT.replace("outage", &format!("label = {label}\noutage")));
        assert!(error.contains("label") || error.contains("de"), "{error}");
    }
}

#[test]
fn a_row_has_its_upstreams_outage_policy_unless_it_says_otherwise() {
    let policies = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        let routes = config.routes.routes();
        let policies = routes.filter_map(|route| match &route.to {
            To::Upstream(to) => Some((route.path.to_string(), to.outage.as_str())),
            To::Own(_) | To::Aggregate(..) => None,
        });
        policies.collect::<Vec<_>>()
    };
    let text = SHORT.replace(
        "{ path = \"/stock/{id}\" }",
        r#"
        { path = "/a", methods = ["GET"] },
        { path = "/b", methods = ["GET"], outage = "stale", stale_if_error = "1h" },
        "#,
    );
    let expected = [("/a".to_owned(), "error"), ("/b".to_owned(), "stale")];
    assert_eq!(policies(&text), expected);
    let error = refused(&text.replace("outage = \"error\"\n", ""));
    assert!(
        error.contains("routes.stock[0].outage: required"),
        "{error}"
    );
    let error = refused(&text.replace("\"error\"", "\"sometimes\""));
    assert!(error.contains("sometimes"), "{error}");
}

#[test]
fn a_route_to_an_unknown_upstream_is_refused() {
    let error = refused(&DEFAULT_FILE.replace("\nkitchen = [", "\ncooks = ["));
    let expected = "routes.cooks: no upstream is named cooks";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_repeated_route_is_refused() {
    let twice = DEFAULT_FILE
        .replace("/kitchen/update", "/kitchen/orders")
        .replace(
            "[\"POST\"], to = \"/update\", outage = \"error\" },\n]\ndelivery",
            "[\"GET\"], to = \"/update\", outage = \"error\" },\n]\ndelivery",
        );
    let error = refused(&twice);
    assert!(
        error.contains("/kitchen/orders") && error.contains("GET"),
        "{error}"
    );
}

#[test]
fn a_bad_variable_is_refused_by_its_name() {
    for (name, value) in [
        ("GATEWAY_BIND", "8000"),
        ("GATEWAY_ADMIN_BIND", "localhost"),
        ("GATEWAY_WORKERS", "0"),
        ("GATEWAY_CORS_ORIGINS", "example.com"),
        ("GATEWAY_RATE_LIMIT", "600"),
        ("GATEWAY_RATE_LIMIT", "none"),
        ("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"),
        ("KITCHEN_URL", "kitchen:8003"),
    ] {
        let error = Config::load(None, &Env::of_pairs([(name, value)])).unwrap_err();
        assert_eq!(error.name, name);
    }
}

#[test]
fn the_api_is_documented_unless_it_is_turned_off() {
    let of = |value| Config::load(None, &Env::of_pairs([("GATEWAY_DOCS", value)]));
    let usual = Config::load(None, &Env::of_pairs([])).unwrap();
    let documents = |config: &Config| config.routes.routes().any(|route| &*route.path == "/docs");
    assert!(documents(&usual));
    assert!(!documents(&of("off").unwrap()));
    let refused = of("no").unwrap_err();
    assert_eq!(refused.to_string(), "GATEWAY_DOCS: expected on or off");
}

#[test]
fn no_traces_are_kept_unless_it_is_turned_on() {
    let of = |value| Config::load(None, &Env::of_pairs([("GATEWAY_TRACES", value)]));
    let usual = Config::load(None, &Env::of_pairs([])).unwrap();
    assert!(!usual.keeps_traces && !of("off").unwrap().keeps_traces);
    assert!(of("on").unwrap().keeps_traces);
    let refused = of("yes").unwrap_err();
    assert_eq!(refused.to_string(), "GATEWAY_TRACES: expected on or off");
    let disabled = Env::of_pairs([("GATEWAY_TRACES", "on"), ("OTEL_SDK_DISABLED", "true")]);
    let disabled = Config::load(None, &disabled).unwrap();
    assert!(disabled.keeps_traces && disabled.recording.is_none());
}

#[test]
fn the_rooms_are_served_only_if_they_are_turned_on() {
    let of = |value| Config::load(None, &Env::of_pairs([("GATEWAY_DEMO", value)]));
    let rooms = |config: &Config| config.routes.routes().any(|route| &*route.path == "/demo");
    assert!(!rooms(&Config::load(None, &Env::of_pairs([])).unwrap()));
    assert!(rooms(&of("on").unwrap()));
    let refused = of("yes").unwrap_err();
    assert_eq!(refused.to_string(), "GATEWAY_DEMO: expected on or off");
}

#[test]
fn a_client_has_a_tenth_of_an_upstreams_permits_unless_the_file_says_otherwise() {
    let of_orders = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        let mut upstreams = config.upstreams.iter();
        let orders = upstreams.find(|upstream| &*upstream.name == "orders");
        orders.unwrap().gate.per_client
    };
    let settings = r#"requests = 1000, queue = 200, wait = "250ms""#;
    assert_eq!(of_orders(DEFAULT_FILE), 100);
    for (other, expected) in [("requests = 11", 2), ("requests = 1000, per_client = 7", 7)] {
        assert_eq!(of_orders(&DEFAULT_FILE.replace(settings, other)), expected);
    }
    let nothing = DEFAULT_FILE.replace(settings, "per_client = 0");
    assert!(refused(&nothing).contains("upstreams.orders.concurrency.per_client"));
}

#[test]
fn a_limit_adapts_only_if_the_file_says_so() {
    let floor = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        let mut upstreams = config.upstreams.iter();
        let orders = upstreams.find(|upstream| &*upstream.name == "orders");
        orders.unwrap().gate.floor
    };
    let settings = r#"{ requests = 1000, queue = 200, wait = "250ms" }"#;
    assert_eq!(floor(DEFAULT_FILE), None);
    for (other, expected) in [
        ("\"adaptive\"", 10),
        ("{ adaptive = true, requests = 4 }", 4),
        ("{ adaptive = true, floor = 20 }", 20),
    ] {
        assert_eq!(
            floor(&DEFAULT_FILE.replace(settings, other)),
            Some(expected)
        );
    }
}

#[test]
fn a_client_has_a_tenth_of_the_connections_unless_the_file_says_otherwise() {
    let per_client = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        config.limits.connections_per_client
    };
    let line = "connections_per_client = 1000\n";
    let without = DEFAULT_FILE.replace(line, "");
    assert_eq!(per_client(&without), 1000);
    for (connections, expected) in [(1, 1), (11, 2), (200, 20)] {
        let all = format!("\nconnections = {connections} ");
        let text = without.replace("\nconnections = 10000 ", &all);
        assert_eq!(per_client(&text), expected, "{connections}");
    }
    let text = DEFAULT_FILE.replace(line, "connections_per_client = 7\n");
    assert_eq!(per_client(&text), 7);
    let text = DEFAULT_FILE.replace(line, "connections_per_client = 0\n");
    assert!(refused(&text).contains("limits.connections_per_client"));
}

#[test]
fn a_client_has_a_tenth_of_the_memory_unless_the_file_says_otherwise() {
    let of = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        let memory = config.limits.memory;
        (memory.most, memory.per_client)
    };
    assert_eq!(of(DEFAULT_FILE), (67_108_864, 6_710_886));
    let silent = DEFAULT_FILE.replace("memory_per_client = \"6.4MiB\"\n", "");
    assert_ne!(silent, DEFAULT_FILE);
    assert_eq!(of(&silent), (67_108_864, 6_710_886));
    let silent = silent.replace("memory = \"64MiB\"\n", "");
    assert_eq!(of(&silent), (67_108_864, 6_710_886));
    let own = DEFAULT_FILE.replace(
        "memory_per_client = \"6.4MiB\"",
        "memory_per_client = \"1MiB\"",
    );
    assert_eq!(of(&own), (67_108_864, 1024 * 1024));
}

#[test]
fn a_minimum_rate_has_a_default_and_an_invalid_one_is_refused() {
    let line = "min_rate = \"4KiB/10s\"\n";
    let rate = |text: &str| {
        let config = Config::parse("test.toml", text, &Env::of_pairs([])).unwrap();
        config.limits.min_rate
    };
    assert_eq!(rate(DEFAULT_FILE), rate(&DEFAULT_FILE.replace(line, "")));
    for bad in ["4KiB", "0B/10s", "4KiB/0s", "off"] {
        let text = DEFAULT_FILE.replace(line, &format!("min_rate = \"{bad}\"\n"));
        assert!(refused(&text).contains("min_rate"), "{bad}");
    }
}
