//! The rooms of the restaurant at `/demo`.

use actix_web::http::Method;
use gateway::Config;
use service_kit::env::Env;
use service_kit::testing::Client;

use crate::scripted::unused_address;
use crate::{CONFIG, client, start_with};

const PAGES: [&str; 4] = ["/demo", "/demo/salle", "/demo/cuisine", "/demo/livraison"];

fn with_rooms() -> Client {
    Client::of(start_with(
        CONFIG,
        unused_address(),
        [("GATEWAY_DEMO", "on")],
    ))
}

#[actix_web::test]
async fn the_rooms_are_there_only_if_they_are_turned_on() {
    let usual = client(CONFIG, unused_address());
    for path in PAGES.into_iter().chain(["/demo/main.js"]) {
        let _ = usual.get(path).await.problem(404, "route_not_found");
    }
}

#[actix_web::test]
async fn each_room_and_all_that_it_loads_are_the_gateways_own() {
    let client = with_rooms();
    for path in PAGES {
        let page = client.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let policy = page.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "form-action 'none'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let html = page.text();
        let loaded = html.split('"').filter(|text| text.starts_with("/demo/"));
        let loaded: Vec<_> = loaded.collect();
        assert!(loaded.len() > 10, "{loaded:?}");
        for path in loaded {
            let file = client.get(path).await;
            assert_eq!(file.status, 200, "{path}");
            assert!(!file.body.is_empty(), "{path}");
            assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        }
    }
    let unknown = client.get("/demo/other.js").await;
    let _ = unknown.problem(404, "route_not_found");
}

#[actix_web::test]
async fn a_room_is_recognised_by_its_tag_and_has_no_method_but_get_and_head() {
    let client = with_rooms();
    for path in ["/demo", "/demo/salle", "/demo/main.js"] {
        let whole = client.get(path).await;
        assert_eq!(whole.header("cache-control"), Some("no-cache"));
        let tag = whole.header("etag").unwrap();
        let again = client.request(Method::GET, path);
        let again = again.header("if-none-match", tag).send().await;
        assert_eq!(again.status, 304, "{path}");
        assert!(again.body.is_empty());
        let head = client.request(Method::HEAD, path).send().await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("etag"), Some(tag));
        let post = client.request(Method::POST, path).send().await;
        assert_eq!(post.header("allow"), Some("GET, HEAD, OPTIONS"));
        let _ = post.problem(405, "method_not_allowed");
    }
}

#[actix_web::test]
async fn a_row_of_the_file_with_a_path_of_the_rooms_is_refused_and_not_shadowed() {
    let file = |path: &str| {
        let row = format!("{{ path = \"{path}\", methods = [\"GET\"] }}");
        format!(
            "upstreams.rooms = {{ url = \"http://127.0.0.1:1\", outage = \"error\" }}\n\
             routes.rooms = [{row}]\n"
        )
    };
    for path in ["/demo", "/demo/{room}"] {
        let load = |value| {
            let env = Env::of_pairs([("GATEWAY_DEMO", value)]);
            Config::parse("rooms.toml", &file(path), &env)
        };
        assert!(load("off").is_ok(), "{path}");
        let refused = load("on").unwrap_err().to_string();
        assert!(refused.contains(path), "{refused}");
    }
}
