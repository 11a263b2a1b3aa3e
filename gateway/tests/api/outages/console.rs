//! The console's use of the operator's port.

use actix_web::http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{SITE, Site};
use crate::watcher::Watcher;

async fn watch(site: &Site) -> Watcher {
    Watcher::of(site.operator_addr, "/events", "").await
}

#[actix_web::test]
async fn an_open_page_is_greeted_and_told_of_each_request() {
    let site = Site::open(SITE).await;
    let mut watcher = watch(&site).await;
    let hello = watcher.event("hello").await;
    assert_eq!(hello["upstreams"][0]["label"]["fr"], "Le service");
    assert_eq!(hello["features"][0]["needs"], json!(["backend"]));
    // From here on, requests are noted.
    let _ = watcher.event("snapshot").await;
    let answer = site.public.get("/things").await;
    let id = answer.header("x-request-id").unwrap();
    let snapshot = loop {
        let snapshot = watcher.event("snapshot").await;
        if snapshot["requests"] != json!([]) {
            break snapshot;
        }
    };
    let request = &snapshot["requests"][0];
    assert_eq!(request["requestId"], id);
    assert_eq!(
        (&request["route"], &request["status"]),
        (&json!("/things"), &json!(200))
    );
    assert_eq!(request["degraded"], json!(null));
    assert_eq!(snapshot["traffic"]["requests"], 1);
    assert_eq!(snapshot["upstreams"]["backend"]["requests"], 1);
    assert!(snapshot["routes"][0]["p50Ms"].as_f64().unwrap() > 0.0);
}

#[actix_web::test]
async fn a_drill_and_its_effects_are_shown() {
    let site = Site::open(SITE).await;
    let mut watcher = watch(&site).await;
    let _ = watcher.event("snapshot").await;
    let order = json!({"mode": "down", "for": "1m"});
    let drill = site.operator.request(Method::PUT, "/drills/backend");
    let _ = drill.send_json(order).await.ok(200);
    let refused = site.public.get("/things").await;
    let _ = refused.problem(503, "upstream_unavailable");
    let snapshot = loop {
        let snapshot = watcher.event("snapshot").await;
        if snapshot["requests"] != json!([]) {
            break snapshot;
        }
    };
    assert_eq!(snapshot["drills"][0]["target"], "backend");
    assert_eq!(snapshot["requests"][0]["code"], "upstream_unavailable");
    assert_eq!(snapshot["traffic"]["errors"], 1);
}

#[actix_web::test]
async fn the_public_api_has_its_own_prefix() {
    let site = Site::open(SITE).await;
    let answer = site.operator.get("/public/things?a=%2F").await;
    assert!(
        site.backend
            .last()
            .starts_with("GET /things?a=%2F HTTP/1.1\r\n")
    );
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert!(
        site.backend
            .last()
            .contains(&format!("x-request-id: {id}\r\n"))
    );
    let problem = site.operator.get("/public/nothing").await;
    assert_eq!(problem.problem(404, "route_not_found").instance, "/nothing");
}

#[actix_web::test]
async fn a_page_of_another_origin_changes_nothing() {
    let site = Site::open(SITE).await;
    let own = format!("http://{}", site.operator_addr);
    let asked = |origin: &str| {
        let request = site.operator.request(Method::DELETE, "/drills/backend");
        request.header("origin", origin).send()
    };
    assert_eq!(asked(&own).await.status, 204);
    for origin in ["https://evil.example", "null", "http://localhost"] {
        let _ = asked(origin).await.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_name_that_anyone_could_register_is_refused() {
    let site = Site::open(SITE).await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/status"),
        (Method::GET, "/public/things"),
        (Method::DELETE, "/drills/backend"),
    ] {
        let asked = |host: &str| {
            let request = site.operator.request(method.clone(), path);
            request.header("host", host).send()
        };
        let _ = asked("evil.example:9000").await.problem(403, "forbidden");
        assert!(asked("localhost:9000").await.status.is_success(), "{path}");
    }
}

#[actix_web::test]
async fn a_target_that_names_another_host_is_refused_whatever_the_host_field_says() {
    let site = Site::open(SITE).await;
    let own = site.operator_addr;
    let asked = async |target: &str, origin: &str| {
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: {own}\r\norigin: {origin}\r\nconnection: close\r\n\
             content-length: 0\r\n\r\n"
        );
        let mut stream = TcpStream::connect(own).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let (page, path) = (format!("http://{own}"), "/public/things");
    assert_ne!(asked(&format!("{page}{path}"), &page).await, "403");
    for (target, origin) in [
        ("http://evil.example", page.as_str()),
        ("http://evil.example", "http://evil.example"),
        ("http://localhost:1", page.as_str()),
        ("http://localhost:1", "http://localhost:1"),
    ] {
        let status = asked(&format!("{target}{path}"), origin).await;
        assert_eq!(status, "403", "{target} {origin}");
    }
}

#[actix_web::test]
async fn an_upstreams_answer_cannot_run_with_the_operators_rights() {
    let site = Site::open(SITE).await;
    let answer = site.operator.get("/public/things").await;
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[actix_web::test]
async fn an_upstream_does_not_speak_for_the_operators_origin() {
    let site = Site::open(SITE).await;
    let head = "200 OK\r\nset-cookie: passe-plat-operator=x; path=/\r\nset-cookie: a=b\r\n\
                clear-site-data: \"*\"\r\nx-own: 1";
    site.backend.says(head, "[]");
    let answer = site.operator.get("/public/things").await;
    assert_eq!(answer.header("x-own"), Some("1"));
    for name in ["set-cookie", "clear-site-data"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[actix_web::test]
async fn the_page_allows_only_its_own_files() {
    let site = Site::open(SITE).await;
    let page = site.operator.get("/").await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(site.operator.get("/main.js").await.status, 200);
    let _ = site
        .operator
        .get("/nothing.js")
        .await
        .problem(404, "route_not_found");
}
