//! Which relayed answers are compressed, and for whom.

use actix_web::http::Method;

use super::{CODINGS, accepting, compressing, decoded, get, list, varies_by};
use crate::scripted::answering;
use crate::{CONFIG, client};

/// An answer of the upstream with these fields.
fn answer(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{fields}\r\n\r\n{body}")
}

const JSON: &str = "content-type: application/json\r\netag: \"7\"\r\naccept-ranges: bytes";

#[actix_web::test]
async fn a_long_text_is_compressed_for_clients_that_accept_it() {
    let body = list(200);
    let (backend, seen) = answering(answer("200 OK", JSON, &body)).await;
    let client = client(&compressing(), backend);
    for coding in CODINGS {
        let answer = accepting(&client, "/things", coding).await;
        assert_eq!(answer.header("content-encoding"), Some(coding));
        assert_eq!(decoded(coding, &answer.body), body);
        assert!(answer.body.len() < body.len() / 5, "{}", answer.body.len());
        assert_eq!(answer.header("etag"), Some("W/\"7\""));
        assert_eq!(answer.header("accept-ranges"), None);
        assert_eq!(varies_by(&answer), ["accept-encoding"]);
    }
    // The upstream may compress too: it learns what the client accepts.
    assert!(seen.requests()[0].contains("\r\naccept-encoding: br\r\n"));
    for refused in ["", "identity", "gzip;q=0", "deflate", "br;q=0.5, identity"] {
        let answer = accepting(&client, "/things", refused).await;
        assert_eq!(answer.header("content-encoding"), None, "{refused}");
        assert_eq!(answer.text(), body);
        assert_eq!(answer.header("etag"), Some("\"7\""));
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
        assert_eq!(varies_by(&answer), ["accept-encoding"], "{refused}");
    }
}

#[actix_web::test]
async fn a_short_answer_that_comes_whole_keeps_a_length() {
    let body = list(40);
    let (backend, _) = answering(answer("200 OK", JSON, &body)).await;
    let answer = accepting(&client(&compressing(), backend), "/things", "br").await;
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(&*length));
    assert_eq!(decoded("br", &answer.body), body);
}

#[actix_web::test]
async fn without_the_key_nothing_changes() {
    let body = list(200);
    let (backend, _) = answering(answer("200 OK", JSON, &body)).await;
    let answer = accepting(&client(CONFIG, backend), "/things", "br, gzip").await;
    assert_eq!(answer.text(), body);
    assert_eq!(answer.header("etag"), Some("\"7\""));
    assert_eq!(answer.header("content-encoding"), None);
    assert!(varies_by(&answer).is_empty());
}

#[actix_web::test]
async fn a_row_may_differ_from_its_upstream() {
    let (backend, _) = answering(answer("200 OK", JSON, &list(200))).await;
    let all = CONFIG.replace("retries = 0", "retries = 0\ncompress = true");
    let but_things = all.replace(
        "to = \"/inner/things\"",
        "to = \"/inner/things\", compress = false",
    );
    let client = client(&but_things, backend);
    let answer = accepting(&client, "/things", "gzip").await;
    assert_eq!(answer.header("content-encoding"), None);
    let answer = accepting(&client, "/things/7", "gzip").await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
}

#[actix_web::test]
async fn other_answers_are_left_alone() {
    let long = list(200);
    let short = "x".repeat(1024);
    for (status, fields, body) in [
        ("200 OK", "content-type: text/plain", &short),
        ("200 OK", "content-type: image/png", &long),
        ("200 OK", "x-no: type", &long),
        ("200 OK", "content-type: text/event-stream", &long),
        (
            "200 OK",
            "content-type: text/plain\r\ncontent-encoding: zstd",
            &long,
        ),
        (
            "200 OK",
            "content-type: text/plain\r\ncache-control: max-age=1, no-transform",
            &long,
        ),
        (
            "200 OK",
            "content-type: text/plain\r\nrepr-digest: sha-256=:AAAA:",
            &long,
        ),
        (
            "206 Partial Content",
            "content-type: text/plain\r\ncontent-range: bytes 0-9/99",
            &long,
        ),
    ] {
        let fields = format!("{fields}\r\netag: \"7\"");
        let (backend, _) = answering(answer(status, &fields, body)).await;
        let answer = accepting(&client(&compressing(), backend), "/things", "gzip").await;
        assert_eq!(answer.text(), body, "{fields}");
        assert_ne!(answer.header("content-encoding"), Some("gzip"), "{fields}");
        assert_eq!(answer.header("etag"), Some("\"7\""), "{fields}");
    }
}

#[actix_web::test]
async fn a_client_may_forbid_it() {
    let body = list(200);
    let (backend, _) = answering(answer("200 OK", JSON, &body)).await;
    let fields = [
        ("accept-encoding", "gzip"),
        ("cache-control", "no-transform"),
    ];
    let answer = get(&client(&compressing(), backend), "/things", &fields).await;
    assert_eq!(
        (answer.header("content-encoding"), answer.text()),
        (None, &*body)
    );
}

#[actix_web::test]
async fn an_error_of_the_upstream_is_compressed_like_any_answer() {
    let problem = format!("{{\"errors\":{}}}", list(100));
    let fields = "content-type: application/problem+json\r\nvary: Accept-Language";
    let (backend, _) = answering(answer("422 Unprocessable Content", fields, &problem)).await;
    let answer = accepting(&client(&compressing(), backend), "/things", "br").await;
    assert_eq!(
        (answer.status.as_u16(), decoded("br", &answer.body)),
        (422, problem)
    );
    assert_eq!(varies_by(&answer), ["accept-language", "accept-encoding"]);
}

#[actix_web::test]
async fn head_describes_the_compressed_answer_and_the_connection_goes_on() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n{JSON}\r\n\r\n");
    let (backend, _) = answering(head).await;
    let client = client(&compressing(), backend);
    for _ in 0..2 {
        let request = client.request(Method::HEAD, "/things");
        let answer = request.header("accept-encoding", "gzip").send().await;
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(answer.header("etag"), Some("W/\"7\""));
        // Its length is not known before it is made (RFC 9110 §9.3.2).
        assert_eq!(answer.header("content-length"), None);
        assert!(answer.body.is_empty());
    }
}

#[actix_web::test]
async fn a_client_that_holds_the_compressed_answer_finds_its_tag_in_the_304() {
    let not_modified = "HTTP/1.1 304 Not Modified\r\netag: \"7\"\r\n\r\n";
    let (backend, _) = answering(not_modified).await;
    let client = client(&compressing(), backend);
    for held in ["W/\"7\"", "\"7\""] {
        let fields = [("accept-encoding", "gzip"), ("if-none-match", held)];
        let answer = get(&client, "/things", &fields).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("etag")),
            (304, Some(held))
        );
        assert_eq!(varies_by(&answer), ["accept-encoding"]);
        assert_eq!(answer.header("content-encoding"), None);
    }
}
