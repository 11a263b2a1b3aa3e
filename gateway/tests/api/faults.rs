//! An upstream that cannot answer: the right status and code, in the client's language, and nothing
//! internal.

use actix_web::http::Method;
use service_kit::testing::Answer;
use shared_types::problem::Problem;
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{answering, read_head, serving, silent, unused_address};
use crate::{CONFIG, client, patient};

/// Neither the upstream's address nor the cause is in the answer.
#[track_caller]
fn says_nothing_internal(answer: &Answer, backend: std::net::SocketAddr) {
    let body = String::from_utf8_lossy(&answer.body).to_lowercase();
    for internal in [
        &backend.port().to_string(),
        "127.0.0.1",
        "os error",
        "refused",
        "/inner",
    ] {
        assert!(!body.contains(internal), "{internal} in {body}");
    }
}

#[actix_web::test]
async fn an_unreachable_upstream_is_a_502() {
    let backend = unused_address();
    let answer = client(CONFIG, backend).get("/things").await;
    let problem = answer.problem(502, "upstream_unreachable");
    assert_eq!(problem.service.as_deref(), Some("backend"));
    assert_eq!(problem.instance, "/things");
    assert!(
        problem.detail.starts_with("Le service est injoignable"),
        "{}",
        problem.detail
    );
    says_nothing_internal(&answer, backend);
}

#[actix_web::test]
async fn an_upstream_that_drops_the_connection_is_a_502() {
    let backend = serving(|stream| async move { drop(stream) }).await;
    let answer = client(CONFIG, backend).get("/things").await;
    let _ = answer.problem(502, "upstream_unreachable");
}

#[actix_web::test]
async fn an_upstream_that_drops_the_connection_within_the_head_is_a_502() {
    let backend = serving(|mut stream| async move {
        read_head(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-le")
            .await
            .unwrap();
    })
    .await;
    let answer = client(CONFIG, backend).get("/things").await;
    let _ = answer.problem(502, "upstream_unreachable");
}

#[actix_web::test]
async fn an_upstream_that_does_not_speak_http_is_a_502() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
    ] {
        let (backend, _seen) = answering(garbage).await;
        let answer = client(CONFIG, backend).get("/things").await;
        let _ = answer.problem(502, "upstream_invalid_response");
        says_nothing_internal(&answer, backend);
    }
}

#[actix_web::test]
async fn an_upstream_that_switches_protocols_unasked_is_a_502() {
    let (backend, _seen) = answering(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nbytes of x",
    )
    .await;
    let answer = client(CONFIG, backend).get("/things").await;
    let _ = answer.problem(502, "upstream_invalid_response");
}

#[actix_web::test]
async fn an_endless_head_is_a_502() {
    for piece in ["x", "x: y\r\n"] {
        let backend = serving(move |mut stream| async move {
            read_head(&mut stream).await;
            let mut piece = piece.repeat(1000);
            piece.insert_str(0, "HTTP/1.1 200 OK\r\nx: ");
            while stream.write_all(piece.as_bytes()).await.is_ok() {
                piece.replace_range(..piece.find("x: ").unwrap_or_default(), "");
            }
        })
        .await;
        let answer = client(&patient(), backend).get("/things").await;
        let _ = answer.problem(502, "upstream_invalid_response");
    }
}

#[actix_web::test]
async fn a_silent_upstream_is_a_504() {
    let backend = silent().await;
    let answer = client(CONFIG, backend).get("/things").await;
    let problem = answer.problem(504, "upstream_timeout");
    assert!(
        problem
            .detail
            .starts_with("Le service n'a pas répondu à temps"),
        "{}",
        problem.detail
    );
    says_nothing_internal(&answer, backend);
}

/// RFC 9110 §9.2.2.
#[actix_web::test]
async fn a_client_is_not_told_to_repeat_a_request_that_may_have_been_carried_out() {
    let dropping = serving(|mut stream| async move {
        read_head(&mut stream).await;
    });
    let (talking_nonsense, _seen) = answering("SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    for (backend, repeated) in [
        (dropping.await, false),
        (silent().await, false),
        (talking_nonsense, false),
        (unused_address(), true),
    ] {
        for (method, path, may_be_repeated) in [
            (Method::POST, "/things", repeated),
            (Method::DELETE, "/things/1", true),
        ] {
            let request = client(CONFIG, backend).request(method.clone(), path);
            let answer = request.header("Accept-Language", "en").send().await;
            let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
            let says_so = problem.detail.ends_with("Try again in a few seconds.");
            assert_eq!(says_so, may_be_repeated, "{method} {}", problem.detail);
            let warns = problem.detail.ends_with("Check before you repeat it.");
            assert_eq!(warns, !may_be_repeated, "{method} {}", problem.detail);
        }
    }
}

#[actix_web::test]
async fn a_fault_is_told_in_the_language_the_client_prefers() {
    let request = client(CONFIG, unused_address()).request(Method::GET, "/things");
    let answer = request
        .header("Accept-Language", "de, en;q=0.9, fr;q=0.8")
        .send()
        .await;
    assert_eq!(answer.header("content-language"), Some("en"));
    let problem = answer.problem(502, "upstream_unreachable");
    assert_eq!(problem.title, "Service unreachable");
    assert!(
        problem.detail.starts_with("The service cannot be reached"),
        "{}",
        problem.detail
    );
}

#[actix_web::test]
async fn an_upstream_that_is_available_again_is_used_at_once() {
    let backend = unused_address();
    let gateway = client(CONFIG, backend);
    let _ = gateway
        .get("/things")
        .await
        .problem(502, "upstream_unreachable");
    let listener = tokio::net::TcpListener::bind(backend).await.unwrap();
    actix_web::rt::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            .await
            .unwrap();
    });
    let _ = gateway.get("/things").await.ok(200);
}

#[actix_web::test]
async fn a_write_that_may_have_succeeded_is_not_to_be_repeated_blindly() {
    let request = client(CONFIG, silent().await).request(Method::POST, "/things");
    let answer = request
        .header("Accept-Language", "en")
        .send_json("{}")
        .await;
    let problem = answer.problem(504, "upstream_timeout");
    assert!(
        problem.detail.ends_with("Check before you repeat it."),
        "{}",
        problem.detail
    );
}
