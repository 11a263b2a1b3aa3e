//! When a request is sent again, and when it must not be.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::http::Method;
use service_kit::testing::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;

use crate::scripted::{raw, read_head, serving};
use crate::{CONFIG, client, patient, start};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// The request lines that came on each connection.
type Brought = Rc<RefCell<Vec<Vec<String>>>>;

/// An upstream that answers the first `answered` requests of each connection and closes it on the
/// next, after `last_words`.
async fn forgetful(answered: usize, last_words: &'static str) -> (SocketAddr, Brought) {
    let brought = Brought::default();
    let connections = Rc::clone(&brought);
    let backend = serving(move |mut stream| {
        let brought = Rc::clone(&connections);
        let connection = brought.borrow().len();
        brought.borrow_mut().push(Vec::new());
        async move {
            while let Some(head) = read_head(&mut stream).await {
                let line = head.lines().next().unwrap().to_owned();
                let requests = {
                    let requests = &mut brought.borrow_mut()[connection];
                    requests.push(line);
                    requests.len()
                };
                if requests > answered {
                    stream.write_all(last_words.as_bytes()).await.unwrap();
                    // With an unread body this is a reset, otherwise an end.
                    return;
                }
                let is_head = head.starts_with("HEAD");
                let answer = OK.strip_suffix(b"{}").filter(|_| is_head).unwrap_or(OK);
                stream.write_all(answer).await.unwrap();
            }
        }
    })
    .await;
    (backend, brought)
}

#[actix_web::test]
async fn a_request_that_may_have_changed_something_is_never_sent_again() {
    for request in [
        "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
        "POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
        "DELETE /things/1 HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /things HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
        "GET /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let (backend, brought) = forgetful(1, "").await;
        let gateway = start(&patient(), backend);
        let _ = Client::of(gateway).get("/things").await.ok(200);
        let answer = raw(gateway, request.as_bytes(), "requestId").await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{request}: {answer}");
        assert!(answer.contains("upstream_unreachable"), "{answer}");
        let counts: Vec<_> = brought.borrow().iter().map(Vec::len).collect();
        assert_eq!(counts, [2], "{request}");
    }
}

#[actix_web::test]
async fn a_safe_request_on_a_closing_connection_is_sent_again() {
    for method in ["GET", "HEAD"] {
        let (backend, brought) = forgetful(1, "").await;
        let gateway = client(&patient(), backend);
        for id in 1..=3 {
            let path = format!("/things/{id}?q");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = gateway.request(method, &path).header("X-Mine", "1");
            assert_eq!(request.send().await.status, 200);
        }
        let line = |id| format!("{method} /inner/{id}?q HTTP/1.1");
        let expected = [
            vec![line(1), line(2)],
            vec![line(2), line(3)],
            vec![line(3)],
        ];
        assert_eq!(*brought.borrow(), expected);
    }
}

#[actix_web::test]
async fn a_reset_is_handled_like_a_close() {
    let answered = Rc::new(Cell::new(0));
    let count = Rc::clone(&answered);
    let backend = serving(move |mut stream| {
        let count = Rc::clone(&count);
        async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(OK).await.unwrap();
            count.set(count.get() + 1);
            // Part of the next request is left unread, which turns the close into a reset.
            let _ = stream.read_u8().await;
        }
    })
    .await;
    let gateway = client(&patient(), backend);
    for requests in 1..=5 {
        let _ = gateway.get("/things").await.ok(200);
        assert_eq!(answered.get(), requests);
    }
}

#[actix_web::test]
async fn a_new_connection_that_breaks_too_is_a_502() {
    let (backend, brought) = forgetful(0, "").await;
    let answer = client(&patient(), backend).get("/things").await;
    let _ = answer.problem(502, "upstream_unreachable");
    assert_eq!(brought.borrow().len(), 1);

    // Only the first connection answers, once.
    let connections = Rc::new(Cell::new(0));
    let heads = Rc::new(Cell::new(0));
    let (connected, read) = (Rc::clone(&connections), Rc::clone(&heads));
    let backend = serving(move |mut stream| {
        connected.set(connected.get() + 1);
        let (is_first, read) = (connected.get() == 1, Rc::clone(&read));
        async move {
            read_head(&mut stream).await.unwrap();
            read.set(read.get() + 1);
            if is_first {
                stream.write_all(OK).await.unwrap();
                read_head(&mut stream).await.unwrap();
                read.set(read.get() + 1);
            }
        }
    })
    .await;
    let gateway = client(&patient(), backend);
    let _ = gateway.get("/things").await.ok(200);
    let answer = gateway.get("/things").await;
    let _ = answer.problem(502, "upstream_unreachable");
    assert_eq!((connections.get(), heads.get()), (2, 3));
}

#[actix_web::test]
async fn a_request_whose_answer_has_begun_is_not_sent_again() {
    for (last_words, code) in [
        ("HTTP/1.1 2", "upstream_unreachable"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "upstream_unreachable"),
        ("nonsense\r\n\r\n", "upstream_invalid_response"),
    ] {
        let (backend, brought) = forgetful(1, last_words).await;
        let gateway = client(&patient(), backend);
        let _ = gateway.get("/things").await.ok(200);
        let _ = gateway.get("/things").await.problem(502, code);
        assert_eq!(brought.borrow().len(), 1, "{last_words}");
    }
}

#[actix_web::test]
async fn several_stale_connections_cost_no_request() {
    let met = Rc::new(Barrier::new(3));
    let connections = Rc::new(Cell::new(0));
    let count = Rc::clone(&connections);
    let backend = serving(move |mut stream| {
        count.set(count.get() + 1);
        let met = Rc::clone(&met);
        async move {
            read_head(&mut stream).await.unwrap();
            // Three at a time, so that none uses another's connection.
            met.wait().await;
            stream.write_all(OK).await.unwrap();
            read_head(&mut stream).await;
        }
    })
    .await;
    let gateway = client(&patient(), backend);
    for opened in [3, 6, 9] {
        let get = || async { gateway.get("/things").await.ok(200) };
        tokio::join!(get(), get(), get());
        assert_eq!(connections.get(), opened);
    }
}

#[actix_web::test]
async fn a_repeated_request_keeps_the_deadline_of_the_first() {
    let connections = Rc::new(Cell::new(0));
    let count = Rc::clone(&connections);
    let backend = serving(move |mut stream| {
        count.set(count.get() + 1);
        let answers = count.get() == 1;
        async move {
            read_head(&mut stream).await.unwrap();
            if answers {
                stream.write_all(OK).await.unwrap();
                read_head(&mut stream).await.unwrap();
            } else {
                std::future::pending::<()>().await;
            }
        }
    })
    .await;
    let gateway = client(CONFIG, backend);
    let _ = gateway.get("/things").await.ok(200);
    let answer = gateway.get("/things").await;
    let _ = answer.problem(504, "upstream_timeout");
    assert_eq!(connections.get(), 2);
}
