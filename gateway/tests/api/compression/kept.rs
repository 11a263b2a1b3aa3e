//! Stored answers are compressed once for all clients.

use actix_web::http::Method;
use service_kit::testing::Client;

use super::{CODINGS, accepting, decoded, get, list, varies_by};
use crate::scripted::{Seen, answering};
use crate::{CONFIG, client};

const JSON: &str = "content-type: application/json\r\netag: \"7\"\r\nvary: Accept-Encoding";

async fn open(body: &str) -> (Client, Seen) {
    open_with("", JSON, body).await
}

async fn open_with(keys: &str, fields: &str, body: &str) -> (Client, Seen) {
    let row = format!(
        "methods = [\"GET\"], to = \"/menu\", outage = \"stale\", fresh = \"1h\", stale_if_error = \"1h\", \
         compress = true{keys} }}, {{ path = \"/things\", methods = [\"POST\"], outage = \"error\" }},"
    );
    let usual = "methods = [\"GET\", \"POST\"], to = \"/inner/things\", outage = \"error\" },";
    let length = body.len();
    let (backend, seen) = answering(format!(
        "HTTP/1.1 200 OK\r\n{fields}\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
    .await;
    (client(&CONFIG.replace(usual, &row), backend), seen)
}

#[actix_web::test]
async fn one_stored_answer_serves_every_coding() {
    let body = list(500);
    let (client, seen) = open(&body).await;
    for coding in CODINGS.iter().cycle().take(6) {
        let answer = accepting(&client, "/things", coding).await;
        assert_eq!(answer.header("content-encoding"), Some(*coding));
        assert_eq!(decoded(coding, &answer.body), body);
        assert_eq!(answer.header("etag"), Some("W/\"7\""));
        assert_eq!(varies_by(&answer), ["accept-encoding"]);
        let plain = client.get("/things").await;
        assert_eq!(
            (plain.text(), plain.header("etag")),
            (&*body, Some("\"7\""))
        );
        assert_eq!(varies_by(&plain), ["accept-encoding"]);
    }
    let asked = seen.only();
    assert!(!asked.contains("accept-encoding"), "{asked}");
}

#[actix_web::test]
async fn a_stored_answer_has_a_length_for_head_too() {
    let (client, _) = open(&list(500)).await;
    let length = accepting(&client, "/things", "gzip").await.body.len();
    let request = client.request(Method::HEAD, "/things");
    let answer = request.header("accept-encoding", "gzip").send().await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("content-length"), Some(&*length.to_string()));
}

#[actix_web::test]
async fn a_client_that_has_the_answer_gets_a_304() {
    let (client, _) = open(&list(500)).await;
    let tag = accepting(&client, "/things", "br").await;
    let tag = tag.header("etag").unwrap();
    let fields = [("accept-encoding", "br"), ("if-none-match", tag)];
    let answer = get(&client, "/things", &fields).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("etag")),
        (304, Some(tag))
    );
    assert!(answer.body.is_empty() && answer.header("content-encoding").is_none());
    assert_eq!(varies_by(&answer), ["accept-encoding"]);
}

#[actix_web::test]
async fn a_very_long_answer_is_compressed_for_each_client() {
    let body = list(20_000);
    let (client, seen) = open(&body).await;
    for coding in CODINGS {
        let answer = accepting(&client, "/things", coding).await;
        assert_eq!(answer.header("content-length"), None);
        assert!(decoded(coding, &answer.body) == body);
    }
    assert_eq!(seen.requests().len(), 1);
}

#[actix_web::test]
async fn an_answer_that_the_upstream_encodes_stays_as_it_is() {
    let (body, fields) = (list(500), format!("{JSON}\r\ncontent-encoding: zstd"));
    let (client, seen) = open_with(", vary = [\"accept-encoding\"]", &fields, &body).await;
    for _ in 0..2 {
        let answer = accepting(&client, "/things", "zstd, gzip").await;
        assert_eq!(answer.header("content-encoding"), Some("zstd"));
        assert_eq!(
            (answer.text(), answer.header("etag")),
            (&*body, Some("\"7\""))
        );
    }
    assert_eq!(seen.requests().len(), 1);
}
