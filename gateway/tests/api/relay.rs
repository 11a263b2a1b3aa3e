//! What goes through unchanged, what does not go through, and what is added.

use actix_web::http::Method;

use crate::scripted::{answering, json, raw};
use crate::{CONFIG, client, start};

#[actix_web::test]
async fn a_request_reaches_the_path_there_with_its_query_untouched() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = client(CONFIG, backend);
    let _ = gateway.get("/things/4%202?a=%2F&&b=+&a=2").await.ok(200);
    assert!(
        seen.only()
            .starts_with("GET /inner/4%202?a=%2F&&b=+&a=2 HTTP/1.1\r\n")
    );
}

#[actix_web::test]
async fn authorization_and_every_end_to_end_field_are_relayed_byte_for_byte() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = client(CONFIG, backend).request(Method::GET, "/things");
    let _ = request
        .header("Authorization", "Bearer a.b~c+/==")
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .header("Accept-Encoding", "br")
        .send()
        .await
        .ok(200);
    let seen = seen.only();
    for line in [
        "authorization: Bearer a.b~c+/==\r\n",
        "x-twice: 1\r\nx-twice: 2\r\n",
        "accept-encoding: br\r\n",
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
}

#[actix_web::test]
async fn hop_by_hop_fields_go_neither_way() {
    let (backend, seen) = answering(
        "HTTP/1.1 200 OK\r\nconnection: x-private\r\nx-private: 1\r\nkeep-alive: timeout=9\r\n\
         proxy-authenticate: Basic\r\nx-public: 1\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let gateway = start(CONFIG, backend);
    let request = "GET /things HTTP/1.1\r\nhost: gateway\r\nconnection: close, x-mine\r\nx-mine: 1\r\n\
                   te: trailers\r\nproxy-authorization: Basic eA==\r\nupgrade: h2c\r\nx-yours: 1\r\n\r\n";
    let answer = raw(gateway, request.as_bytes(), "").await;
    let seen = seen.only();
    for field in [
        "x-mine",
        "\r\nte:",
        "proxy-authorization",
        "upgrade",
        "connection: close",
    ] {
        assert!(!seen.contains(field), "{field} in {seen}");
    }
    assert!(seen.contains("x-yours: 1"), "{seen}");
    for field in ["x-private", "timeout=9", "proxy-authenticate"] {
        assert!(!answer.contains(field), "{field} in {answer}");
    }
    assert!(answer.contains("x-public: 1"), "{answer}");
}

#[actix_web::test]
async fn the_upstream_is_told_who_asked_and_believes_no_client_about_it() {
    let (backend, seen) = json("200 OK", "{}").await;
    let request = client(CONFIG, backend).request(Method::GET, "/things?secret=1");
    let _ = request
        .header("X-Forwarded-For", "6.6.6.6")
        .header("X-Forwarded-Proto", "https")
        .header("Forwarded", "for=6.6.6.6")
        .header("Host", "restaurant.example")
        .send()
        .await
        .ok(200);
    let seen = seen.only();
    for line in [
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-host: restaurant.example\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-uri: /things\r\n",
        &format!("host: {backend}\r\n"),
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    assert!(!seen.contains("6.6.6.6"), "{seen}");
}

#[actix_web::test]
async fn an_upstreams_own_errors_are_relayed_as_they_are() {
    for status in [
        "401 Unauthorized",
        "404 Not Found",
        "409 Conflict",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        let (backend, _seen) = json(status, r#"{"mine":true}"#).await;
        let answer = client(CONFIG, backend).get("/things").await;
        assert_eq!(answer.status.to_string(), status);
        assert_eq!(&answer.body[..], br#"{"mine":true}"#);
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[actix_web::test]
async fn an_upstreams_fields_are_relayed_repeated_ones_in_order() {
    let (backend, _seen) = answering(
        "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\netag: \"x\"\r\nvary: Accept\r\n\
         vary: Cookie\r\nwww-authenticate: Bearer\r\nretry-after: 7\r\ncontent-encoding: br\r\n\
         content-length: 2\r\n\r\nxy",
    )
    .await;
    let answer = client(CONFIG, backend).get("/things").await;
    let all = |name: &str| -> Vec<String> {
        let values = answer.headers.get_all(name);
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(all("vary")[..2], ["Accept", "Cookie"]);
    assert_eq!(answer.header("etag"), Some("\"x\""));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("content-encoding"), Some("br"));
}

#[actix_web::test]
async fn a_redirect_is_relayed_and_not_followed() {
    let (backend, seen) =
        answering("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n").await;
    let answer = client(CONFIG, backend).get("/things").await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("/elsewhere"));
    assert_eq!(seen.requests().len(), 1);
}

#[actix_web::test]
async fn a_body_arrives_whole_with_its_length() {
    let (backend, seen) = json("201 Created", "{}").await;
    let _ = client(CONFIG, backend)
        .post("/things", r#"{"nom":"é"}"#)
        .await
        .ok(201);
    let seen = seen.only();
    assert!(seen.contains("content-length: 12\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"nom\":\"é\"}"), "{seen}");
}

#[actix_web::test]
async fn a_request_id_is_made_or_taken_over_and_goes_both_ways() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = client(CONFIG, backend);
    let made = gateway
        .get("/things")
        .await
        .header("x-request-id")
        .unwrap()
        .to_owned();
    let request = gateway
        .request(Method::GET, "/things")
        .header("X-Request-Id", "mine-1");
    assert_eq!(request.send().await.header("x-request-id"), Some("mine-1"));
    let requests = seen.requests();
    assert!(
        requests[0].contains(&format!("x-request-id: {made}\r\n")),
        "{requests:?}"
    );
    assert!(
        requests[1].contains("x-request-id: mine-1\r\n"),
        "{requests:?}"
    );
}

#[actix_web::test]
async fn connections_to_an_upstream_are_used_again() {
    let accepted = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = std::rc::Rc::clone(&accepted);
    let backend = crate::scripted::serving(move |mut stream| {
        count.set(count.get() + 1);
        async move {
            use tokio::io::AsyncWriteExt as _;
            while crate::scripted::read_head(&mut stream).await.is_some() {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                    .await
                    .unwrap();
            }
        }
    })
    .await;
    let gateway = client(CONFIG, backend);
    for _ in 0..5 {
        let _ = gateway.get("/things").await.ok(200);
    }
    assert_eq!(accepted.get(), 1);
}
