//! The errors of common mistakes, word for word.

use super::refused;

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
            "colour = \"red\"",
            "test.toml:3: upstreams.stock.colour: unknown key; expected one of url, label, \
             connect_timeout, timeout, outage, probe, breaker, concurrency, retries, idle_timeout, \
             idempotent",
        ),
        (
            "url = \"http://127.0.0.1:1\"\n",
            "",
            "test.toml:1: upstreams.stock.url: is required: http(s)://host[:port][/path]",
        ),
        (
            "http://127.0.0.1:1",
            "127.0.0.1:1",
            "test.toml:2: upstreams.stock.url: expected http(s)://host[:port][/path]",
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
             error, stale or fallback",
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

#[test]
fn a_file_without_a_route_is_refused() {
    for text in ["", "# Later.\n", "[routes]\n", "[limits]\nuri = \"4KiB\"\n"] {
        let error = "test.toml: no route is configured, so every request would be a 404: \
                     add one, such as routes.stock = [{ path = \"/stock\" }]";
        assert_eq!(refused(text), error);
    }
}
