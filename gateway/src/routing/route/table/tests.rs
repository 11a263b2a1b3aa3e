//! Shows which row a path finds, and that no other spelling of a path gets around a row.

use actix_web::http::Method;
use service_kit::env::Env;

use super::{Found, RouteTable};
use crate::config::Config;

fn table() -> RouteTable {
    Config::load(None, &Env::of_pairs([])).unwrap().routes
}

#[test]
fn a_row_is_found_with_its_parameters() {
    let table = table();
    let found = table.find(&Method::GET, "/order-api/commandes/42");
    let Found::Route { route, parameters } = found else {
        panic!("{found:?}")
    };
    assert_eq!(&*route.path, "/order-api/commandes/{id}");
    assert_eq!(parameters.get("id"), Some("42"));
}

#[test]
fn a_known_path_with_another_method_lists_the_allowed_ones() {
    let table = table();
    let found = table.find(&Method::PUT, "/order-api/menu");
    let Found::OtherMethods(allow) = found else {
        panic!("{found:?}")
    };
    assert_eq!(allow, "GET, POST, HEAD, OPTIONS");
}

#[test]
fn a_method_without_a_path_gets_all_methods() {
    let table = table();
    for (method, path) in [
        (Method::OPTIONS, "*"),
        (Method::TRACE, "/nowhere"),
        (Method::CONNECT, ""),
    ] {
        let found = table.find(&method, path);
        let Found::OtherMethods(allow) = found else {
            panic!("{found:?}")
        };
        assert_eq!(allow, "GET, POST, DELETE, PATCH, HEAD, OPTIONS");
    }
}

/// The path of the row that is found.
fn row_of<'t>(table: &'t RouteTable, path: &str) -> Option<&'t str> {
    match table.find(&Method::GET, path) {
        Found::Route { route, .. } => Some(&route.path),
        Found::OtherMethods(_) | Found::Nothing => None,
    }
}

const PREFIXES: &str = r#"
[upstreams.stock]
url = "http://127.0.0.1:1"
outage = "error"

[routes]
stock = [
    { path = "/stock/{*rest}", to = "/{*rest}" },
    { path = "/stock/login" },
    { path = "/stock/old/{*rest}" },
    { path = "/stock/items/{id}/price" },
]
"#;

#[test]
fn a_prefix_matches_what_no_other_row_does() {
    let table = Config::parse("test.toml", PREFIXES, &Env::of_pairs([])).unwrap();
    let table = table.routes;
    for (path, row) in [
        ("/stock/a", Some("/stock/{*rest}")),
        ("/stock/a/b%20c", Some("/stock/{*rest}")),
        ("/stock/loginx", Some("/stock/{*rest}")),
        ("/stock/items/7", Some("/stock/{*rest}")),
        ("/stock/login", Some("/stock/login")),
        ("/stock/old/a", Some("/stock/old/{*rest}")),
        ("/stock/items/7/price", Some("/stock/items/{id}/price")),
        ("/stock", None),
        ("/stock/", None),
        ("/stockings", None),
    ] {
        assert_eq!(row_of(&table, path), row, "{path}");
    }
}

#[test]
fn another_spelling_of_a_rows_path_does_not_get_around_it_by_a_prefix() {
    let table = Config::parse("test.toml", PREFIXES, &Env::of_pairs([])).unwrap();
    for path in [
        "/stock/logi%6e",
        "/stock/login;x",
        "/stock/login%3bx",
        "/stock/%6fld/a",
        "/stock/items/7/pric%65",
        "/stoc%6b/login",
    ] {
        assert_eq!(row_of(&table.routes, path), None, "{path}");
    }
}

const TENANTS: &str = r#"
[upstreams]
admin = { url = "http://127.0.0.1:1", outage = "error" }
tenant = { url = "http://127.0.0.1:2", outage = "error" }

[routes]
admin = [
    { path = "/admin/{*rest}", methods = ["GET"] },
    { path = "/x/lit/k", methods = ["GET"] },
    { path = "/p/lit/{*rest}", methods = ["GET"] },
    { path = "/orders/{id}/bill", methods = ["GET"] },
]
tenant = [
    { path = "/{t}/items" },
    { path = "/x/{id}/k" },
    { path = "/p/{id}/k" },
    { path = "/{a}/{b}/deep" },
    { path = "/orders/{id}" },
    { path = "/orders/{id}/{line}" },
]
"#;

#[test]
fn another_spelling_of_a_rows_path_does_not_get_around_it_by_a_parameter() {
    let table = Config::parse("test.toml", TENANTS, &Env::of_pairs([])).unwrap();
    let table = table.routes;
    let found = table.find(&Method::DELETE, "/admin/items");
    assert!(matches!(found, Found::OtherMethods(_)), "{found:?}");
    for path in [
        "/%61dmin/items",
        "/p/l%69t/k",
        "/x/l%69t/k",
        "/admin;a/items",
        "/x/lit;a/k",
        "/%61dmin/b/deep",
        "/p/l%69t/deep",
        "/orders/7/bil%6c",
        "/orders/7%2Fbill",
    ] {
        let found = table.find(&Method::DELETE, path);
        assert!(matches!(found, Found::Nothing), "{path}: {found:?}");
    }
}

#[test]
fn an_id_may_hold_escapes_that_spell_no_other_rows_path() {
    let table = Config::parse("test.toml", TENANTS, &Env::of_pairs([])).unwrap();
    for (path, row) in [
        ("/%62dmin/items", "/{t}/items"),
        ("/x;a/items", "/{t}/items"),
        ("/x/l%20t/k", "/x/{id}/k"),
        ("/x/a;lit/k", "/x/{id}/k"),
        ("/p/%FF/k", "/p/{id}/k"),
        ("/orders/a%2Fb", "/orders/{id}"),
        ("/orders/a%2Fb/c", "/orders/{id}/{line}"),
        ("/orders/bil%6c", "/orders/{id}"),
    ] {
        assert_eq!(row_of(&table.routes, path), Some(row), "{path}");
    }
}

#[test]
fn only_the_exact_path_is_found() {
    let table = table();
    for path in [
        "/order-api",
        "/order-api/menu/",
        "//order-api/menu",
        "/ORDER-API/menu",
        "/order-api%2Fmenu",
        "/order-api/%6denu",
        "/order-api/menu;x",
        "/order-api/commandes/",
        "/order-api/commandes/1/2",
        "/order-api/./menu",
        "*",
        "",
    ] {
        assert!(
            matches!(table.find(&Method::GET, path), Found::Nothing),
            "{path}"
        );
    }
}
