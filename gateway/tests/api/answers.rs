//! Answers that only a forgiving reader takes for HTTP: the parts that reach the client, and the
//! next answer.

use std::cell::Cell;
use std::rc::Rc;

use service_kit::testing::Client;
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{answering, raw, read_head, serving};
use crate::{client, patient, start};

#[actix_web::test]
async fn an_ambiguous_answer_is_a_502() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-folded: a\r\n b\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n x-first: a\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nx: a\rb: c\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 600 Beyond\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 999 Beyond\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 099 Below\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        let (backend, _seen) = answering(answer).await;
        let got = client(&patient(), backend).get("/things").await;
        assert_eq!(got.status, 502, "{answer}");
        let _ = got.problem(502, "upstream_invalid_response");
    }
}

#[actix_web::test]
async fn equal_lengths_are_relayed_as_one() {
    for lengths in [
        "content-length: 2\r\ncontent-length: 2",
        "content-length: 2, 2",
        "content-length: 02",
    ] {
        let (backend, _seen) = answering(format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n{{}}")).await;
        let answer = client(&patient(), backend).get("/things").await;
        assert_eq!(&answer.body[..], b"{}", "{lengths}");
        let told: Vec<_> = answer.headers.get_all("content-length").collect();
        assert_eq!(told, ["2"], "{lengths}");
    }
}

#[actix_web::test]
async fn the_length_of_an_absent_body_is_relayed_once_or_not_at_all() {
    for (method, status) in [("HEAD", "200 OK"), ("GET", "304 Not Modified")] {
        for (lengths, relayed) in [
            ("content-length: 5\r\ncontent-length: 5", true),
            ("content-length: 5, 5", true),
            ("content-length: 5\r\ncontent-length: 6", false),
            ("content-length: five", false),
            ("content-length: 5\r\ntransfer-encoding: chunked", false),
        ] {
            let (backend, _seen) =
                answering(format!("HTTP/1.1 {status}\r\n{lengths}\r\n\r\n")).await;
            let request =
                format!("{method} /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let answer = raw(start(&patient(), backend), request.as_bytes(), "").await;
            let expected = if relayed { status } else { "502 Bad Gateway" };
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {expected}\r\n")),
                "{method}, {lengths}: {answer}"
            );
            if relayed {
                assert_eq!(
                    answer.matches("content-length: 5\r\n").count(),
                    1,
                    "{answer}"
                );
            }
            assert_eq!(answer.matches("content-length").count(), 1, "{answer}");
        }
    }
}

#[actix_web::test]
async fn bare_line_feeds_are_accepted_and_not_relayed() {
    let (backend, _seen) = answering("HTTP/1.1 200 OK\nx-mine: 1\ncontent-length: 2\n\n{}").await;
    let request = b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = raw(start(&patient(), backend), request, "{}").await;
    assert!(answer.contains("\r\nx-mine: 1\r\n"), "{answer}");
    assert_eq!(
        answer.matches('\n').count(),
        answer.matches("\r\n").count(),
        "{answer}"
    );
}

#[actix_web::test]
async fn a_205_is_relayed_with_its_framing() {
    for (framing, body) in [
        ("content-length: 0", ""),
        ("content-length: 2", "{}"),
        ("transfer-encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"),
    ] {
        let answer = format!("HTTP/1.1 205 Reset Content\r\n{framing}\r\n\r\n{body}");
        let (backend, _seen) = answering(answer).await;
        let gateway = client(&patient(), backend);
        for _ in 0..2 {
            let answer = gateway.get("/things").await;
            assert_eq!(answer.status, 205);
            let expected = if body.is_empty() { "" } else { "{}" };
            assert_eq!(&answer.body[..], expected.as_bytes(), "{framing}");
        }
    }
}

/// An upstream that leaves every connection open, and the number of its connections.
async fn keeping(first: &'static str) -> (std::net::SocketAddr, Rc<Cell<usize>>) {
    let connections = Rc::new(Cell::new(0));
    let count = Rc::clone(&connections);
    let backend = serving(move |mut stream| {
        count.set(count.get() + 1);
        async move {
            while let Some(head) = read_head(&mut stream).await {
                let answer = if head.contains("/inner/second") {
                    "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n\"second\""
                } else {
                    first
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    (backend, connections)
}

#[actix_web::test]
async fn a_connection_that_may_be_out_of_step_is_not_used_again() {
    for (method, answer) in [
        // The upstream announces the close, and does not close.
        (
            "GET",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nconnection: keep-alive, Close\r\ncontent-length: 2\r\n\r\n{}",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
        ),
        ("GET", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        // More follows, or may follow.
        (
            "GET",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmine",
        ),
        (
            "GET",
            "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n",
        ),
        (
            "GET",
            "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
        ),
        (
            "GET",
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmine",
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n12345",
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    ] {
        let (backend, connections) = keeping(answer).await;
        let gateway = start(&patient(), backend);
        // Written by hand: a client library would wait for the body of a 304.
        let request = format!("{method} /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let first = raw(gateway, request.as_bytes(), "").await;
        let status = answer.split("\r\n").next().unwrap().replace("1.0", "1.1");
        assert!(first.starts_with(&status), "{answer}: {first}");
        let second = Client::of(gateway).get("/things/second").await.ok(200);
        assert_eq!(second, "second", "{answer}");
        assert_eq!(connections.get(), 2, "{answer}");
    }
}
