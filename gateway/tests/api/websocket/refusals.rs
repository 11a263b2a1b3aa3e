//! Handshakes that open nothing.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::{self, handshake::derive_accept_key};

use super::{KEY, config, echo, handshake, handshake_with, open_with, upstream};
use crate::scripted::{json, raw, read_head, serving, value};
use crate::{CONFIG, start};

#[actix_web::test]
async fn a_row_without_upgrade_answers_501() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    let refused = open_with(gateway, &[("accept-language", "en")]).await;
    let Err(tungstenite::Error::Http(answer)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(answer.status(), 501);
    let body = String::from_utf8(answer.body().clone().unwrap()).unwrap();
    assert!(body.contains("upgrade_not_supported"), "{body}");
    assert_eq!(answer.headers()["connection"], "close");
    assert!(seen.requests().is_empty());
}

#[actix_web::test]
async fn the_upstreams_own_refusal_is_relayed_and_ends_the_connection() {
    let (backend, seen) = json("426 Upgrade Required", "{\"try\":13}").await;
    let gateway = start(&config(), backend);
    let after = "GET /things HTTP/1.1\r\nhost: x\r\n\r\n";
    let request = format!("{}{after}", handshake());
    let answer = raw(gateway, request.as_bytes(), "").await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("{\"try\":13}"), "{answer}");
    let asked = seen.only();
    assert_eq!(value(&asked, "upgrade"), "websocket");
    assert_eq!(value(&asked, "sec-websocket-version"), "13");
}

#[actix_web::test]
async fn a_handshake_without_a_valid_key_is_a_bad_request() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(&config(), backend);
    for key in [
        String::new(),
        "sec-websocket-key: short\r\n".to_owned(),
        format!("sec-websocket-key: {KEY}\r\nsec-websocket-key: {KEY}\r\n"),
        // It would not reach the upstream.
        format!("sec-websocket-key: {KEY}\r\nconnection: Sec-WebSocket-Key\r\n"),
    ] {
        let answer = raw(gateway, handshake_with(&key).as_bytes(), "").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert!(seen.requests().is_empty());
}

#[actix_web::test]
async fn a_switch_that_is_not_the_clients_is_an_invalid_answer() {
    let accept = derive_accept_key(KEY.as_bytes());
    let usual =
        format!("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}");
    for head in [
        usual.replace(&accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOp="),
        usual.replace("sec-websocket-accept", "x-accept"),
        usual.replace("upgrade: websocket", "upgrade: h2c"),
        usual.replace("upgrade: websocket", "upgrade: websocket\r\nupgrade: x"),
        usual.replace("connection: upgrade", "connection: close"),
    ] {
        let head: Arc<str> = format!("HTTP/1.1 101 x\r\n{head}\r\n\r\n").into();
        let backend = serving(move |mut stream| {
            let head = Arc::clone(&head);
            async move {
                read_head(&mut stream).await.unwrap();
                stream.write_all(head.as_bytes()).await.unwrap();
                read_head(&mut stream).await;
            }
        })
        .await;
        let gateway = start(&config(), backend);
        let answer = raw(gateway, handshake().as_bytes(), "").await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        assert!(answer.contains("upstream_invalid_response"), "{answer}");
    }
}

#[actix_web::test]
async fn a_handshake_is_subject_to_the_gateways_limits_like_any_request() {
    let (backend, seen) = upstream(echo).await;
    let limited = config().replace("rate = \"off\"", "rate = \"1/1m\"");
    let gateway = start(&limited, backend);
    let _open = open_with(gateway, &[]).await.unwrap();
    let refused = open_with(gateway, &[]).await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 429));
    let share = "retries = 0\nconcurrency = { requests = 9, per_client = 2 }";
    let gateway = start(&config().replace("retries = 0", share), backend);
    let asked = seen.lock().unwrap().len();
    let _open = open_with(gateway, &[]).await.unwrap();
    let _another = open_with(gateway, &[]).await.unwrap();
    let refused = open_with(gateway, &[]).await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 429));
    // The one that was refused did not reach the upstream.
    assert_eq!(seen.lock().unwrap().len(), asked + 2);
}

#[actix_web::test]
async fn an_upstream_that_is_away_is_told_as_for_any_request() {
    let gateway = start(&config(), crate::scripted::unused_address());
    let Err(tungstenite::Error::Http(answer)) = open_with(gateway, &[]).await else {
        panic!("it is away")
    };
    assert_eq!(answer.status(), 502);
}
