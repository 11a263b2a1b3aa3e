//! The upstream is told of the client and of a message's way; only trusted claims are believed.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use actix_web::http::Method;
use service_kit::testing::Client;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use crate::scripted::{answering, json, raw, serving, value};
use crate::{CONFIG, client, patient, start, start_with};

/// The address of every test's client, which acts as a proxy here.
const TRUSTED: [(&str, &str); 1] = [("GATEWAY_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")];

#[actix_web::test]
async fn the_upstream_is_told_who_asked_without_the_clients_claims() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = client(CONFIG, backend).request(Method::GET, "/things?secret=1");
    let _ = request
        .header("X-Forwarded-For", "6.6.6.6")
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Proto", "https")
        .header("Forwarded", "for=6.6.6.6")
        .header("Host", "restaurant.example:8000")
        .send()
        .await
        .ok(200);
    let seen = seen.only();
    for line in [
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-host: restaurant.example:8000\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-uri: /things\r\n",
        "forwarded: for=127.0.0.1;host=\"restaurant.example:8000\";proto=http\r\n",
        &format!("host: {backend}\r\n"),
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    for alien in ["6.6.6.6", "evil", "https"] {
        assert!(!seen.contains(alien), "{alien} in {seen}");
    }
}

/// Claims that some server or framework believes, in spellings that could be mistaken for each
/// other.
const CLAIMS: [&str; 22] = [
    "X-Real-IP",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
    "X-Forwarded-User",
    "Front-End-Https",
    "True-Client-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "CF-Connecting-IP",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Original-Host",
    "X-Host",
    "Client-Cert",
    "Remote-User",
    "X_Forwarded_For",
    "X_FORWARDED-proto",
    "x_real_ip",
    "Content_Length",
];

#[actix_web::test]
async fn no_claim_about_the_client_is_sent_on() {
    for trusted in [&TRUSTED[..], &[]] {
        let (backend, seen) = json("200 OK", "{}").await;
        let gateway = match trusted {
            [] => start(CONFIG, backend),
            _ => start_with(CONFIG, backend, TRUSTED),
        };
        let claims: String = CLAIMS.map(|name| format!("{name}: 66.6\r\n")).concat();
        let request = format!(
            "GET /things HTTP/1.1\r\nhost: a\r\n{claims}x-token: mine\r\napi_key: mine\r\nconnection: close\r\n\r\n"
        );
        let answer = raw(gateway, request.as_bytes(), "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let seen = seen.only();
        assert!(!seen.contains("66.6"), "{seen}");
        for line in ["x-token: mine\r\n", "api_key: mine\r\n"] {
            assert!(seen.contains(line), "{line} in {seen}");
        }
    }
}

#[actix_web::test]
async fn a_trusted_proxys_fields_are_sent_on_without_its_clients_inventions() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = Client::of(start_with(CONFIG, backend, TRUSTED));
    let _ = gateway
        .request(Method::GET, "/things")
        .header("X-Forwarded-For", "6.6.6.6, 2001:db8::7")
        .header("X-Forwarded-For", "10.0.0.2")
        .header("X-Forwarded-Host", "restaurant.example")
        .header("X-Forwarded-Proto", "https")
        .header("Host", "inner")
        .send()
        .await
        .ok(200);
    let seen = seen.only();
    for line in [
        "x-forwarded-for: 2001:db8::7, 10.0.0.2, 127.0.0.1\r\n",
        "x-forwarded-host: restaurant.example\r\n",
        "x-forwarded-proto: https\r\n",
        "forwarded: for=\"[2001:db8::7]\";host=restaurant.example;proto=https, for=10.0.0.2, \
         for=127.0.0.1;host=inner;proto=http\r\n",
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    assert!(!seen.contains("6.6.6.6"), "{seen}");
}

#[actix_web::test]
async fn a_trusted_proxy_may_send_forwarded_and_two_that_differ_do_not_count() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = Client::of(start_with(CONFIG, backend, TRUSTED));
    let forwarded = "for=6.6.6.6, for=\"203.0.113.7:4711\";proto=https";
    for forged in [None, Some("6.6.6.6")] {
        let request = gateway.request(Method::GET, "/things");
        let mut request = request.header("Forwarded", forwarded);
        if let Some(forged) = forged {
            request = request.header("X-Forwarded-For", forged);
        }
        let _ = request.send().await.ok(200);
    }
    let requests = seen.requests();
    let told = |request: usize, name| value(&requests[request], name);
    assert_eq!(told(0, "x-forwarded-for"), "203.0.113.7, 127.0.0.1");
    assert_eq!(told(0, "x-forwarded-proto"), "https");
    assert_eq!(told(1, "x-forwarded-for"), "127.0.0.1");
    assert_eq!(told(1, "x-forwarded-proto"), "http");
}

#[actix_web::test]
async fn via_names_the_gateway_last_in_both_directions() {
    let answer = "HTTP/1.1 200 OK\r\nvia: 1.1 inner\r\ncontent-length: 2\r\n\r\n{}";
    let (backend, seen) = answering(answer).await;
    let request = b"GET /things HTTP/1.0\r\nhost: x\r\nvia: 2.0 outer, 1.1 other\r\n\r\n";
    let answer = raw(start(CONFIG, backend), request, "").await;
    let seen = seen.only();
    let way = ["via: 2.0 outer, 1.1 other\r\n", "via: 1.0 passe-plat\r\n"];
    let [outer, own] = way.map(|line| seen.find(line));
    assert!(outer.is_some() && outer < own, "{seen}");
    let way = "via: 1.1 inner\r\nvia: 1.1 passe-plat\r\n";
    assert!(answer.contains(way), "{answer}");
    assert!(!answer.contains(&backend.port().to_string()), "{answer}");
}

#[actix_web::test]
async fn an_answer_by_http_1_0_says_so() {
    let (backend, _seen) = answering("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let answer = client(CONFIG, backend).get("/things").await;
    assert_eq!(answer.header("via"), Some("1.0 passe-plat"));
}

#[actix_web::test]
async fn the_gateways_own_answers_have_no_via() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let answer = client(CONFIG, backend).get("/live").await;
    assert_eq!(answer.header("via"), None);
}

#[actix_web::test]
async fn a_gateway_that_is_its_own_upstream_ends_the_loop_with_a_508() {
    let itself: Arc<OnceLock<SocketAddr>> = Arc::default();
    let target = Arc::clone(&itself);
    let relay = serving(move |mut stream| {
        let gateway = *target.get().unwrap();
        async move {
            let mut gateway = TcpStream::connect(gateway).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut gateway).await;
        }
    })
    .await;
    let config = patient().replace("/inner/things", "/things");
    let gateway = start(&config, relay);
    itself.set(gateway).unwrap();
    let answer = Client::of(gateway).get("/things").await;
    let problem = answer.problem(508, "loop_detected");
    assert_eq!(problem.service, None);
    assert_eq!(problem.instance, "/things");
    let ways = answer.headers.get_all("via");
    // The request went round five times, and was sent on once more before that was known.
    assert_eq!(ways.count(), 6);
}
