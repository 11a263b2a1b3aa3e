//! The gateway relays most of a message unchanged, and drops and adds some fields.

use actix_web::http::Method;
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{answering, json, raw};
use crate::{CONFIG, client, start};

#[actix_web::test]
async fn a_request_reaches_the_target_with_its_query_unchanged() {
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
async fn a_request_id_is_made_or_copied_and_sent_both_ways() {
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

/// The names of the fields of a request, sorted.
fn names(request: &str) -> Vec<&str> {
    let (head, _body) = request.split_once("\r\n\r\n").unwrap();
    let mut names: Vec<_> = head
        .lines()
        .skip(1)
        .map(|line| line.split_once(": ").unwrap().0)
        .collect();
    names.sort_unstable();
    names
}

#[actix_web::test]
async fn only_the_fields_about_the_client_and_the_way_are_added_to_a_request() {
    const ADDED: [&str; 9] = [
        "forwarded",
        "host",
        "traceparent",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-uri",
        "x-request-id",
    ];
    for (request, own) in [
        ("GET /things HTTP/1.1\r\nhost: x\r\n\r\n", None),
        ("POST /things HTTP/1.1\r\nhost: x\r\n\r\n", None),
        (
            "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
            Some("content-length"),
        ),
        (
            "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
            Some("content-length"),
        ),
        (
            "GET /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            Some("transfer-encoding"),
        ),
    ] {
        let (backend, seen) = json("200 OK", "done").await;
        raw(start(CONFIG, backend), request.as_bytes(), "done").await;
        let seen = seen.only();
        let mut expected = ADDED.to_vec();
        expected.extend(own);
        expected.sort_unstable();
        assert_eq!(names(&seen), expected, "{seen}");
        assert_eq!(seen.contains("{}"), request.contains("{}"), "{seen}");
    }
}

#[actix_web::test]
async fn an_answer_without_a_body_leaves_the_connection_in_step() {
    let config = CONFIG.replace(
        r#"to = "/inner/things", outage = "error" }"#,
        r#"to = "/inner/things", outage = "error" }, { path = "/head", methods = ["HEAD"], to = "/", outage = "error" }"#,
    );
    for (request, answer, expected) in [
        (
            "HEAD /head",
            "200 OK\r\ncontent-length: 5",
            "content-length: 5\r\n",
        ),
        (
            "HEAD /head",
            "200 OK\r\ntransfer-encoding: chunked",
            "200 OK\r\n",
        ),
        ("HEAD /head", "200 OK", "200 OK\r\n"),
        (
            "GET /things",
            "304 Not Modified\r\ncontent-length: 5",
            "content-length: 5\r\n",
        ),
        ("GET /things", "304 Not Modified", "304 Not Modified\r\n"),
        ("GET /things", "204 No Content", "204 No Content\r\n"),
        (
            "GET /things",
            "200 OK\r\ncontent-length: 0",
            "content-length: 0\r\n",
        ),
    ] {
        let backend = crate::scripted::serving(move |mut stream| async move {
            while let Some(head) = crate::scripted::read_head(&mut stream).await {
                let answer = if head.contains("/inner/second") {
                    "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond".to_owned()
                } else {
                    format!("HTTP/1.1 {answer}\r\netag: \"x\"\r\n\r\n")
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await;
        let two = format!(
            "{request} HTTP/1.1\r\nhost: x\r\n\r\nGET /things/second HTTP/1.1\r\nhost: x\r\n\r\n"
        );
        let answers = raw(start(&config, backend), two.as_bytes(), "second").await;
        let parts: Vec<_> = answers.split("\r\n\r\n").collect();
        let [first, second, body] = parts[..] else {
            panic!("{request}, {answer}: {answers:?}")
        };
        let first = format!("{first}\r\n");
        assert!(first.contains(expected), "{answers}");
        assert!(first.contains("etag: \"x\""), "{answers}");
        assert!(!first.contains("transfer-encoding"), "{answers}");
        let lengths = first.matches("content-length").count();
        assert_eq!(
            lengths,
            expected.matches("content-length").count(),
            "{answers}"
        );
        assert!(second.starts_with("HTTP/1.1 200 OK"), "{answers}");
        assert_eq!(body, "second");
    }
}
