//! The errors of common mistakes, word for word.

use service_kit::env::Env;

use super::refused;
use crate::config::Config;

const FILE: &str = r#"[upstreams.stock]
url = "http://127.0.0.1:1"
outage = "error"

[routes]
stock = [
    { path = "/stock/{id}", to = "/items/{id}" },
    { path = "/stock", methods = ["GET"] },
]

[features]
stock = { needs = ["stock"], probe = "GET /stock" }
"#;

#[test]
fn an_error_names_the_line_and_the_key_and_says_what_would_be_right() {
    for (right, wrong, error) in [
        (
            "url = ",
            "ulr = ",
            "test.toml:2: upstreams.stock.ulr: unknown key; did you mean url?",
        ),
        (
            "outage = \"error\"",
            "openapi = \"none.json\"",
            "test.toml:3: upstreams.stock.openapi: none.json: No such file or directory (os error 2)",
        ),
        (
            "outage = \"error\"",
            "colour = \"red\"",
            "test.toml:3: upstreams.stock.colour: unknown key; expected one of url, label, \
             connect_timeout, timeout, outage, probe, openapi, breaker, concurrency, retries, idle_timeout, \
             idempotent, compress",
        ),
        (
            "outage = \"error\"",
            "concurrency = \"adaptiv\"",
            "test.toml:3: upstreams.stock.concurrency: invalid value: string \"adaptiv\", \
             expected \"adaptive\", or a table such as { requests = 100 }",
        ),
        (
            "outage = \"error\"",
            "concurrency = { adaptive = true, flor = 1 }",
            "test.toml:3: upstreams.stock.concurrency.flor: unknown key; did you mean floor?",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nconcurrency = { floor = 5 }",
            "test.toml:4: upstreams.stock.concurrency.floor: only with adaptive = true",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nconcurrency = { adaptive = true, requests = 4, floor = 5 }",
            "test.toml:4: upstreams.stock.concurrency.floor: must be at most `requests`",
        ),
        (
            "methods = [\"GET\"] }",
            "methods = [\"GET\"], priority = \"high\" }",
            "test.toml:8: routes.stock[1].priority: unknown value high; expected one of critical, normal, sheddable",
        ),
        (
            "url = \"http://127.0.0.1:1\"\n",
            "",
            "test.toml:1: upstreams.stock.url: is required: http(s)://host[:port][/path]",
        ),
        (
            "http://127.0.0.1:1",
            "127.0.0.1:1",
            "test.toml:2: upstreams.stock.url: expected http(s)://host[:port][/path] or srv+http://name[/path]",
        ),
        (
            "= \"error\"",
            "= \"eror\"",
            "test.toml:3: upstreams.stock.outage: unknown value eror; did you mean error?",
        ),
        (
            "outage = \"error\"",
            "timeout = \"5\"",
            "test.toml:3: upstreams.stock.timeout: \"5\" is invalid: \
             expected a duration with its unit, such as 250ms or 5s",
        ),
        (
            "{ path = \"/stock\", methods = [\"GET\"] }",
            "\"/stock\"",
            "test.toml:8: routes.stock[1]: invalid type: string \"/stock\", \
             expected a table such as { path = \"/stock\" }",
        ),
        (
            "outage = \"error\"",
            "timeout = 5",
            "test.toml:3: upstreams.stock.timeout: invalid type: integer `5`, \
             expected a duration with its unit, such as 250ms or 5s",
        ),
        (
            "outage = \"error\"",
            "idle_timeout = \"18446744073709551615s\"",
            "test.toml:3: upstreams.stock.idle_timeout: \"18446744073709551615s\" is invalid: \
             must be at most 1y",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/stock\", timeout = \"300000000000000y\", ",
            "test.toml:8: routes.stock[1].timeout: \"300000000000000y\" is invalid: \
             must be at most 1y",
        ),
        (
            "[features]",
            "[limits]\nhead_timeout = \"366days\"\n\n[features]",
            "test.toml:12: limits.head_timeout: \"366days\" is invalid: must be at most 1y",
        ),
        (
            "[features]",
            "[cache]\nfiles = \"kept\"\n\n[features]",
            "test.toml:12: cache.files: unknown key; did you mean file?",
        ),
        (
            "[features]",
            "[cache]\nfile = \"\"\n\n[features]",
            "test.toml:12: cache.file: must name a file, not a folder",
        ),
        (
            "[features]",
            "[cache]\nfile = \"/\"\n\n[features]",
            "test.toml:12: cache.file: must name a file, not a folder",
        ),
        (
            "[features]",
            "[cache]\nfile = \"test.toml\"\n\n[features]",
            "test.toml:12: cache.file: is the configuration itself",
        ),
        (
            "[features]",
            "[limits]\nmin_rate = \"1B/2y\"\n\n[features]",
            "test.toml:12: limits.min_rate: \"1B/2y\" is invalid: must be at most 1y",
        ),
        (
            "outage = \"error\"",
            "breaker = { failures = 0 }",
            "test.toml:3: upstreams.stock.breaker.failures: must be at least 1",
        ),
        (
            "outage = \"error\"\n",
            "",
            "test.toml:6: routes.stock[0].outage: required, for when the upstream is down: \
             error, stale, fallback or defer",
        ),
        (
            "\"/items/{id}\"",
            "\"/items/{it}\"",
            "test.toml:7: routes.stock[0].to: {it} is not in the path",
        ),
        (
            "\"/items/{id}\"",
            "\"items\"",
            "test.toml:7: routes.stock[0].to: must begin with / and hold no query or space",
        ),
        (
            "\"/items/{id}\"",
            "\"/../{id}\"",
            "test.toml:7: routes.stock[0].to: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "\"/items/{id}\"",
            "\"/%2e%2e/{id}\"",
            "test.toml:7: routes.stock[0].to: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "\"/items/{id}\"",
            "\"//{id}\"",
            "test.toml:7: routes.stock[0].to: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "\"/items/{id}\"",
            "\"/b%zz\"",
            "test.toml:7: routes.stock[0].to: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/v1/../x",
            "test.toml:2: upstreams.stock.url: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/%zz",
            "test.toml:2: upstreams.stock.url: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/{x}",
            "test.toml:2: upstreams.stock.url: must hold no parameter, fragment, space or letter beyond ASCII",
        ),
        (
            "http://127.0.0.1:1",
            "http://127.0.0.1:0",
            "test.toml:2: upstreams.stock.url: no upstream has the port 0",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nprobe = \"/../ready\"",
            "test.toml:4: upstreams.stock.probe: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nprobe = \"/%zz\"",
            "test.toml:4: upstreams.stock.probe: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nprobe = \"//x\"",
            "test.toml:4: upstreams.stock.probe: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nprobe = \"/a#b\"",
            "test.toml:4: upstreams.stock.probe: must hold no parameter, fragment, space or letter beyond ASCII",
        ),
        (
            "outage = \"error\"",
            "outage = \"error\"\nprobe = \"/é\"",
            "test.toml:4: upstreams.stock.probe: must hold no parameter, fragment, space or letter beyond ASCII",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/h/{id}/{id}\", ",
            "test.toml:8: routes.stock[1].path: {id} stands twice",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/a/*\", ",
            "test.toml:8: routes.stock[1].path: write {*rest} instead of *",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/a/:id\", ",
            "test.toml:8: routes.stock[1].path: write {id} instead of :id",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/c/../d\", ",
            "test.toml:8: routes.stock[1].path: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/e//f\", ",
            "test.toml:8: routes.stock[1].path: may have no empty segment, no . or .., no escaped / and no broken escape",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/a/{id\", ",
            "test.toml:8: routes.stock[1].path: has a { without its }",
        ),
        (
            "path = \"/stock\", ",
            "path = \"/a/{}\", ",
            "test.toml:8: routes.stock[1].path: {} is not the name of one segment",
        ),
        (
            "path = \"/stock/{id}\", ",
            "",
            "test.toml:7: routes.stock[0].path: is required: a path such as /stock/{id}",
        ),
        (
            "path = \"/stock\"",
            "path = \"/stock/{id}\"",
            "test.toml:8: routes.stock[1].path: GET /stock/{id} stands twice",
        ),
        (
            "path = \"/stock\"",
            "path = \"/stock/{*rest}\"",
            "test.toml:7: routes.stock[0].path: /stock/{id} and /stock/{*rest} match the same \
             requests",
        ),
        (
            "[\"GET\"]",
            "[\"GTE\"]",
            "test.toml:8: routes.stock[1].methods: unknown method GTE; did you mean GET?",
        ),
        (
            "[\"GET\"]",
            "[\"GET\"], outage = \"stale\"",
            "test.toml:8: routes.stock[1].stale_if_error: required and longer than 0: \
             how long a stale answer may be served",
        ),
        (
            "[\"GET\"]",
            "[\"POST\"], outage = \"defer\"",
            "test.toml:8: routes.stock[1].defer: the upstream that keeps the requests is needed",
        ),
        (
            "[\"GET\"]",
            "[\"POST\"], outage = \"defer\", defer = \"stock\"",
            "test.toml:8: routes.stock[1].defer: must be another upstream than the row's own",
        ),
        (
            "[\"GET\"]",
            "[\"POST\"], outage = \"defer\", defer = \"shelf\"",
            "test.toml:8: routes.stock[1].defer: no upstream is named shelf; expected one of stock",
        ),
        (
            "[\"GET\"]",
            "[\"GET\", \"POST\"], outage = \"defer\", defer = \"shelf\"",
            "test.toml:8: routes.stock[1].outage: a GET or HEAD has nothing to deliver later: \
             give it a row of its own",
        ),
        (
            "[\"GET\"]",
            "[\"GET\"], defer = \"stock\"",
            "test.toml:8: routes.stock[1].defer: is only for outage = \"defer\"",
        ),
        (
            "[\"GET\"]",
            "[\"GET\"], upgrade = [\"webscoket\"]",
            "test.toml:8: routes.stock[1].upgrade[0]: unknown value webscoket; did you mean websocket?",
        ),
        (
            "[\"GET\"]",
            "[\"POST\"], upgrade = [\"websocket\"]",
            "test.toml:8: routes.stock[1].upgrade: needs GET among the methods",
        ),
        (
            "[\"GET\"]",
            "[\"GET\"], upgrade = [\"websocket\"], outage = \"stale\", stale_if_error = \"1h\"",
            "test.toml:8: routes.stock[1].upgrade: only with outage = \"error\"",
        ),
        (
            "[\"GET\"]",
            "[\"GET\"], tunnel_timeout = \"1m\"",
            "test.toml:8: routes.stock[1].tunnel_timeout: only with upgrade = [\"websocket\"]",
        ),
        (
            "[\"GET\"]",
            "[\"GET\"], upgrade = [\"websocket\"], tunnel_timeout = \"0s\"",
            "test.toml:8: routes.stock[1].tunnel_timeout: must be longer than 0",
        ),
        (
            "\nstock = [",
            "\nstok = [",
            "test.toml:6: routes.stok: no upstream is named stok; did you mean stock?",
        ),
        (
            "[\"stock\"]",
            "[\"stok\"]",
            "test.toml:12: features.stock.needs: no upstream is named stok; did you mean stock?",
        ),
        (
            "\"GET /stock\"",
            "\"GET /stok\"",
            "test.toml:12: features.stock.probe: must be a request that a route answers: \
             `gateway routes` lists them",
        ),
        (
            "[features]",
            "[limits]\nconnections = 0\n\n[features]",
            "test.toml:12: limits.connections: must be at least 1",
        ),
        (
            "outage = \"error\"",
            "outage = error",
            "test.toml:3: upstreams.stock.outage: string values must be quoted, \
             expected literal string",
        ),
    ] {
        assert!(FILE.contains(right), "{right}");
        assert_eq!(refused(&FILE.replacen(right, wrong, 1)), error);
    }
}

const AGGREGATE: &str = r#"[upstreams.stock]
url = "http://127.0.0.1:1"
outage = "error"

[routes]
stock = [{ path = "/stock/{id}" }]

[aggregates.item]
path = "/item/{id}"
timeout = "1s"

[aggregates.item.events]
path = "/item/{id}/events"
end = { part = "item", key = "state", values = ["sold"] }

[aggregates.item.parts]
item = { upstream = "stock", path = "/items/{id}", required = true }
price = { upstream = "stock", path = "/prices", find = { item = "{id}" } }
"#;

#[test]
fn an_error_in_an_aggregate_names_its_part() {
    assert!(Config::parse("test.toml", AGGREGATE, &Env::of_pairs([])).is_ok());
    for (right, wrong, error) in [
        (
            "[aggregates.item]\npath = \"/item/{id}\"\n",
            "[aggregates.item]\n",
            "8: aggregates.item.path: is required: a path such as /stock/{id}",
        ),
        (
            "path = \"/item/{id}\"",
            "path = \"/item/{*id}\"",
            "9: aggregates.item.path: {*rest} is for the rows of [routes]: write {id}",
        ),
        (
            "path = \"/item/{id}\"",
            "path = \"/item/{id\"",
            "9: aggregates.item.path: has a { without its }",
        ),
        (
            "path = \"/item/{id}/events\"",
            "path = \"/item/{id}\"",
            "13: aggregates.item.events.path: GET /item/{id} stands twice",
        ),
        (
            "path = \"/item/{id}/events\"",
            "path = \"/events\"",
            "13: aggregates.item.events.path: must have the parameters of the aggregate's path, \
             and no others",
        ),
        (
            "\"1s\"",
            "\"0s\"",
            "10: aggregates.item.timeout: must be longer than 0",
        ),
        (
            "timeout = \"1s\"",
            "timeout = 1",
            "10: aggregates.item.timeout: invalid type: integer `1`, \
             expected a duration with its unit, such as 250ms or 5s",
        ),
        (
            "[aggregates.item.events]\n",
            "[aggregates.item.events]\nwatched = 0\n",
            "13: aggregates.item.events.watched: must be at least 1",
        ),
        (
            "[aggregates.item.events]\n",
            "[aggregates.item.events]\nstreams_per_client = 0\n",
            "13: aggregates.item.events.streams_per_client: must be at least 1",
        ),
        (
            "[aggregates.item.events]\n",
            "[aggregates.item.events]\nname = \"a\\nb\"\n",
            "13: aggregates.item.events.name: must be a text of one line",
        ),
        (
            "part = \"item\"",
            "part = \"itme\"",
            "14: aggregates.item.events.end.part: no part is named itme; did you mean item?",
        ),
        (
            "[\"sold\"]",
            "[]",
            "14: aggregates.item.events.end.values: at least one is needed",
        ),
        (
            "upstream = \"stock\", path = \"/prices\"",
            "upstream = \"stok\", path = \"/prices\"",
            "18: aggregates.item.parts.price.upstream: no upstream is named stok; \
             did you mean stock?",
        ),
        (
            "\"/items/{id}\"",
            "\"/items/{it}\"",
            "17: aggregates.item.parts.item.path: {it} is not in the aggregate's path, \
             which has {id}",
        ),
        (
            "\"/prices\"",
            "\"prices\"",
            "18: aggregates.item.parts.price.path: must begin with / and hold no fragment or space",
        ),
        (
            "\"/prices\"",
            "\"/../prices\"",
            "18: aggregates.item.parts.price.path: may have no empty segment, no . or .., \
             no escaped / and no broken escape",
        ),
        (
            "required = true",
            "required = true, otherwise = { upstream = \"shelf\", path = \"/{id}\" }",
            "17: aggregates.item.parts.item.otherwise.upstream: no upstream is named shelf; \
             expected one of stock",
        ),
        (
            "required = true",
            "required = true, otherwise = { upstream = \"stock\", path = \"/sold\" }",
            "17: aggregates.item.parts.item.otherwise.path: must hold a parameter of the \
             aggregate's path",
        ),
        (
            "find = { item",
            "otherwise = { upstream = \"stock\", path = \"/{id}\" }, find = { item",
            "18: aggregates.item.parts.price.otherwise: only for a part that is asked for by its id",
        ),
        (
            "find = { item = \"{id}\" }",
            "find = \"item\"",
            "18: aggregates.item.parts.price.find: invalid type: string \"item\", expected a map",
        ),
        (
            "find = { item = \"{id}\" }",
            "find = { item = \"id\" }",
            "18: aggregates.item.parts.price.find: \
             expected one key and a parameter: { id = \"{id}\" }",
        ),
        (
            "find = { item = \"{id}\" }",
            "find = { item = \"{it}\" }",
            "18: aggregates.item.parts.price.find: {it} is not in the aggregate's path, \
             which has {id}",
        ),
        (
            "find = { item",
            "type = \"object\", find = { item",
            "18: aggregates.item.parts.price.type: not with find: \
             what is found in a list is an object",
        ),
        (
            "find = { item",
            "not_found = \"not_found\", find = { item",
            "18: aggregates.item.parts.price.not_found: only with required = true",
        ),
        (
            "required = true",
            "required = true, not_found = \"not_fund\"",
            "17: aggregates.item.parts.item.not_found: no 404 has the code not_fund; \
             did you mean not_found?",
        ),
        (
            "required = true",
            "requird = true",
            "17: aggregates.item.parts.item.requird: unknown key; did you mean required?",
        ),
        (
            "price = {",
            "meta = {",
            "18: aggregates.item.parts.meta: is the name of what the answer says of its parts",
        ),
        (
            "[aggregates.item.parts]\n",
            "[tracking]\ntimeout = \"1s\"\n\n[aggregates.item.parts]\n",
            "16: tracking: has become [aggregates.NAME]: a path such as /job/{id}, events.path for \
             its stream, and each part as parts.NAME = { upstream = …, path = … }, with \
             required = true for the first one, and with find = { KEY = \"{id}\" } instead of \
             find = \"KEY\"",
        ),
    ] {
        assert!(AGGREGATE.contains(right), "{right}");
        let error = format!("test.toml:{error}");
        assert_eq!(refused(&AGGREGATE.replacen(right, wrong, 1)), error);
    }
    for (path, error) in [
        (
            "/stock/{number}",
            "6: routes.stock[0].path: /stock/{number} and /stock/{id} match the same requests",
        ),
        (
            "/problems/{id}",
            "9: aggregates.other.path: /problems/{id} and /problems/{code} match the same requests",
        ),
        (
            "/status",
            "9: aggregates.other.path: GET /status stands twice",
        ),
    ] {
        let (before, _) = AGGREGATE.split_once("[aggregates.item]").unwrap();
        let part = "{ upstream = \"stock\", path = \"/a\" }";
        let other = format!("[aggregates.other]\npath = \"{path}\"\nparts.a = {part}\n");
        let error = format!("test.toml:{error}");
        assert_eq!(refused(&format!("{before}{other}")), error);
    }
    let (without_parts, _) = AGGREGATE.split_once("[aggregates.item.parts]").unwrap();
    let error = "test.toml:8: aggregates.item.parts: is required";
    assert_eq!(refused(without_parts), error);
    let error = "test.toml:16: aggregates.item.parts: at least one is needed";
    assert_eq!(
        refused(&format!("{without_parts}[aggregates.item.parts]\n")),
        error
    );
}

#[test]
fn a_file_without_a_route_is_refused() {
    for text in ["", "# Later.\n", "[routes]\n", "[limits]\nuri = \"4KiB\"\n"] {
        let error = "test.toml: no route is configured, so every request would be a 404: \
                     add one, such as routes.stock = [{ path = \"/stock\" }]";
        assert_eq!(refused(text), error);
    }
}
