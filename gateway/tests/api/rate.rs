//! A client that sends too much is refused for a while, and told for how long.

use actix_web::http::Method;
use service_kit::testing::{Answer, Client, eventually};

use crate::scripted::{json, raw, unused_address};
use crate::{CONFIG, client, start_with};

/// Nothing of the quota comes back during a test.
const SLOW: [(&str, &str); 1] = [("GATEWAY_RATE_LIMIT", "2/1h")];

/// The usual routes, and a login with its own limit.
fn with_login() -> String {
    let login = r#"{ path = "/login", methods = ["POST"], to = "/inner/login", rate_limit = "2/1h", outage = "error" },"#;
    CONFIG
        .replace("backend = [", &format!("backend = [\n    {login}"))
        .replace("rate = \"off\"", "rate = \"600/10s\"")
}

#[track_caller]
fn assert_refused(answer: &Answer, policy: &str, retry_after: u64) {
    let problem = answer.problem(429, "rate_limited");
    let limit = problem.limit.unwrap();
    let key = match policy.starts_with("\"route\"") {
        true => "rate_limit",
        false => "limits.rate",
    };
    let quota = policy
        .split("q=")
        .nth(1)
        .and_then(|rest| rest.split(';').next());
    let value = format!("{}/1h", quota.unwrap());
    assert_eq!((limit.name.as_str(), limit.value), (key, value));
    let told: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    // Some time has passed since the quota was used up.
    assert!((retry_after - 60..=retry_after).contains(&told), "{told}");
    let (name, _) = policy.split_once(';').unwrap();
    assert_eq!(answer.header("ratelimit-policy"), Some(policy));
    assert_eq!(
        answer.header("ratelimit"),
        Some(format!("{name};r=0;t={told}").as_str())
    );
}

#[actix_web::test]
async fn a_request_beyond_the_quota_is_a_429_that_no_upstream_sees() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = Client::of(start_with(CONFIG, backend, SLOW));
    for _ in 0..2 {
        let answer = gateway.get("/things").await;
        let _ = answer.ok(200);
        assert_eq!(answer.header("ratelimit"), None);
    }
    for answer in [
        gateway.get("/things").await,
        gateway.post("/things", "{}").await,
        gateway.get("/nothing").await,
        gateway.delete("/things").await,
        gateway.get("/").await,
    ] {
        assert_refused(&answer, "\"default\";q=2;w=3600", 1800);
    }
    assert_eq!(seen.requests().len(), 2);
}

#[actix_web::test]
async fn the_429_speaks_the_clients_language() {
    let gateway = Client::of(start_with(CONFIG, unused_address(), SLOW));
    for (lang, title) in [("fr", "Trop de requêtes"), ("en", "Too many requests")] {
        let answer = eventually("a 429", async || {
            let request = gateway.request(Method::GET, "/nothing");
            let answer = request.header("Accept-Language", lang).send().await;
            (answer.status == 429).then_some(answer)
        })
        .await;
        assert_eq!(answer.problem(429, "rate_limited").title, title);
        assert_eq!(answer.header("content-language"), Some(lang));
    }
}

#[actix_web::test]
async fn a_client_that_waits_as_told_is_admitted_again() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let limit = [("GATEWAY_RATE_LIMIT", "2/1s")];
    let gateway = Client::of(start_with(CONFIG, backend, limit));
    let refused = eventually("a 429", async || {
        let answer = gateway.get("/things").await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    eventually("a second chance", async || {
        (gateway.get("/things").await.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_login_has_a_limit_of_its_own_and_says_what_is_left() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = client(&with_login(), backend);
    for left in [1, 0] {
        let answer = gateway.post("/login", "{}").await;
        let _ = answer.ok(200);
        let standing = format!("\"route\";r={left};t=1800");
        assert_eq!(answer.header("ratelimit"), Some(standing.as_str()));
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"route\";q=2;w=3600"));
    }
    let answer = gateway.post("/login", "{}").await;
    assert_refused(&answer, "\"route\";q=2;w=3600", 1800);
    let _ = gateway.get("/things").await.ok(200);
    assert_eq!(seen.requests().len(), 3);
}

#[actix_web::test]
async fn the_general_limit_applies_to_a_login_too() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let limit = [("GATEWAY_RATE_LIMIT", "1/1h")];
    let gateway = Client::of(start_with(&with_login(), backend, limit));
    let _ = gateway.post("/login", "{}").await.ok(200);
    let answer = gateway.post("/login", "{}").await;
    assert_refused(&answer, "\"default\";q=1;w=3600", 3600);
}

#[actix_web::test]
async fn off_turns_off_every_limit() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let limit = [("GATEWAY_RATE_LIMIT", "off")];
    let gateway = Client::of(start_with(&with_login(), backend, limit));
    for _ in 0..10 {
        let answer = gateway.post("/login", "{}").await;
        let _ = answer.ok(200);
        assert_eq!(answer.header("ratelimit"), None);
    }
}

#[actix_web::test]
async fn workers_count_together() {
    let (backend, seen) = json("200 OK", "{}").await;
    let limit = [("GATEWAY_RATE_LIMIT", "5/1h"), ("GATEWAY_WORKERS", "2")];
    let gateway = start_with(CONFIG, backend, limit);
    // Each on its own connection, which the workers take in turn.
    for _ in 0..20 {
        raw(gateway, b"GET /things HTTP/1.0\r\nhost: x\r\n\r\n", "").await;
    }
    assert_eq!(seen.requests().len(), 5);
}

#[actix_web::test]
async fn preflights_and_probes_are_free() {
    let gateway = Client::of(start_with(CONFIG, unused_address(), SLOW));
    let preflight = || {
        let request = gateway.request(Method::OPTIONS, "/things");
        request
            .header("Origin", "http://localhost:5173")
            .header("Access-Control-Request-Method", "POST")
    };
    // Before the quota is used up, and after.
    for status in [200, 200, 429] {
        for _ in 0..3 {
            assert_eq!(preflight().send().await.status, 204);
            assert_eq!(gateway.get("/live").await.status, 200);
            assert_eq!(gateway.get("/ready").await.status, 200);
        }
        assert_eq!(gateway.get("/").await.status, status);
    }
}

#[actix_web::test]
async fn a_page_of_another_origin_can_read_how_long_to_wait() {
    let gateway = Client::of(start_with(CONFIG, unused_address(), SLOW));
    let answer = eventually("a 429", async || {
        let request = gateway.request(Method::GET, "/");
        let answer = request.header("Origin", "http://localhost:5173");
        Some(answer.send().await).filter(|answer| answer.status == 429)
    })
    .await;
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for name in ["Retry-After", "RateLimit", "RateLimit-Policy"] {
        assert!(exposed.split(", ").any(|field| field == name), "{exposed}");
    }
}

#[actix_web::test]
async fn a_refused_request_with_a_body_ends_the_connection_and_one_without_does_not() {
    let gateway = start_with(CONFIG, unused_address(), SLOW);
    for _ in 0..2 {
        raw(gateway, b"GET / HTTP/1.0\r\nhost: x\r\n\r\n", "").await;
    }
    let next = "GET /live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let without = format!("GET /things HTTP/1.1\r\nhost: x\r\n\r\n{next}");
    let answers = raw(gateway, without.as_bytes(), "").await;
    assert!(answers.starts_with("HTTP/1.1 429"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200"), "{answers}");
    // The rest of an unread body cannot be told from a next request.
    for body in [
        "content-length: 4\r\n\r\nbody",
        "content-length: 4000\r\n\r\n",
    ] {
        let with = format!("POST /things HTTP/1.1\r\nhost: x\r\n{body}{next}");
        let answer = raw(gateway, with.as_bytes(), "").await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}
