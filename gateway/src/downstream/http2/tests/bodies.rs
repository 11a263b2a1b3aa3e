//! Bodies: one that breaks off never counts as complete, and nobody sends more than the other side
//! takes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{BodyStream, SizedStream};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::once;
use h2::Reason;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::super::{SEND_BUFFER, STREAM_WINDOW};
use super::{CLIENT_WINDOW, LIMITS, SOON, connect, connect_with, endless, get, post, read};
use crate::settings::limits::Limits;

/// A service that reads the body apart from its request, so that only the body tells how it ends.
fn reader(tell: UnboundedSender<Option<bool>>) -> actix_web::Resource {
    web::resource("/read").to(move |mut body: web::Payload| {
        let tell = tell.clone();
        async move {
            actix_web::rt::spawn(async move {
                while let Some(chunk) = body.next().await {
                    tell.send(Some(chunk.is_ok())).unwrap();
                    if chunk.is_err() {
                        return;
                    }
                }
                tell.send(None).unwrap();
            });
            std::future::pending::<HttpResponse>().await
        }
    })
}

async fn next(told: &mut UnboundedReceiver<Option<bool>>) -> Option<bool> {
    timeout(SOON, told.recv()).await.unwrap().unwrap()
}

#[actix_web::test]
async fn a_body_that_the_client_cuts_off_is_an_error_not_an_end() {
    for reason in [Reason::CANCEL, Reason::NO_ERROR] {
        let (tell, mut told) = unbounded_channel();
        let mut client = connect(reader(tell)).await;
        let (_answer, mut body) = client.begin(post("/read"), false).await;
        body.send_data("half".into(), false).unwrap();
        assert_eq!(next(&mut told).await, Some(true));
        body.send_reset(reason);
        assert_eq!(next(&mut told).await, Some(false), "{reason:?}");
    }
}

#[actix_web::test]
async fn a_body_lost_with_its_connection_is_an_error_not_an_end() {
    let (tell, mut told) = unbounded_channel();
    let mut client = connect(reader(tell)).await;
    let (_answer, mut body) = client.begin(post("/read"), false).await;
    body.send_data("half".into(), false).unwrap();
    assert_eq!(next(&mut told).await, Some(true));
    client.connection.abort();
    assert_eq!(next(&mut told).await, Some(false));
}

#[actix_web::test]
async fn a_body_that_the_client_holds_back_is_an_error_not_an_end() {
    let (tell, mut told) = unbounded_channel();
    let limits = Limits {
        stall_timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let mut client = connect_with(limits, reader(tell)).await;
    let (_answer, mut body) = client.begin(post("/read"), false).await;
    body.send_data("half".into(), false).unwrap();
    assert_eq!(next(&mut told).await, Some(true));
    assert_eq!(next(&mut told).await, Some(false));
}

#[actix_web::test]
async fn a_body_of_another_length_than_announced_is_an_error_not_an_end() {
    for sent in ["half", "more than announced"] {
        let (tell, mut told) = unbounded_channel();
        let mut client = connect(reader(tell)).await;
        let mut request = post("/read");
        let length = "6".parse().unwrap();
        request.headers_mut().insert("content-length", length);
        let (answer, mut body) = client.begin(request, false).await;
        body.send_data(sent.into(), true).unwrap();
        assert_eq!(next(&mut told).await, Some(false), "{sent}");
        let reset = timeout(SOON, answer).await.unwrap().unwrap_err();
        assert_eq!(reset.reason(), Some(Reason::PROTOCOL_ERROR));
    }
}

#[actix_web::test]
async fn an_answer_that_breaks_off_is_a_reset_not_an_end() {
    for kind in ["streamed", "sized", "short"] {
        let first_arrived = Rc::new(Notify::new());
        let wait = Rc::clone(&first_arrived);
        let answer = move || {
            let wait = Rc::clone(&wait);
            async move {
                let rest = once(async move {
                    wait.notified().await;
                    Err::<Bytes, _>(std::io::Error::other("cut"))
                });
                let half = once(ready(Ok(Bytes::from_static(b"half"))));
                let body = half.chain(rest.filter(move |_| ready(kind != "short")));
                if kind == "streamed" {
                    HttpResponse::Ok().body(BodyStream::new(Box::pin(body)))
                } else {
                    HttpResponse::Ok().body(SizedStream::new(9, Box::pin(body)))
                }
            }
        };
        let mut client = connect(web::resource("/broken").to(answer)).await;
        let mut body = client.ask(get("/broken")).await.into_body();
        let half = timeout(SOON, body.data()).await.unwrap().unwrap().unwrap();
        assert_eq!(&half[..], b"half");
        first_arrived.notify_one();
        let end = read(body).await.unwrap_err();
        assert!(end.is_reset() && end.is_remote(), "{kind}: {end}");
    }
}

#[actix_web::test]
async fn an_answer_is_produced_no_faster_than_it_is_taken() {
    const CHUNK: usize = 16 * 1024;
    let made = Rc::new(Cell::new(0));
    let count = Rc::clone(&made);
    let answer = move || {
        let count = Rc::clone(&count);
        async move {
            HttpResponse::Ok().streaming(endless(move || {
                count.set(count.get() + CHUNK);
                Some(Bytes::from(vec![b'x'; CHUNK]))
            }))
        }
    };
    let mut client = connect(web::resource("/endless").to(answer)).await;
    let mut body = client.ask(get("/endless")).await.into_body();
    // Each is a round trip, in which the endless answer could go on.
    for _ in 0..20 {
        assert_eq!(client.fetch(get("/")).await.0, 200);
    }
    let window = usize::try_from(CLIENT_WINDOW).unwrap();
    let bound = window + SEND_BUFFER + 2 * CHUNK;
    assert!((window..=bound).contains(&made.get()), "{}", made.get());
    while made.get() <= bound {
        let chunk = timeout(SOON, body.data()).await.unwrap().unwrap().unwrap();
        body.flow_control().release_capacity(chunk.len()).unwrap();
    }
}

#[actix_web::test]
async fn a_client_may_send_no_further_than_it_is_read() {
    let ignore = |body: web::Payload| async move {
        std::future::pending::<()>().await;
        drop(body);
        HttpResponse::Ok().finish()
    };
    let mut client = connect(web::resource("/ignore").to(ignore)).await;
    // Waits until the settings have arrived.
    assert_eq!(client.fetch(get("/")).await.0, 200);
    let (_answer, mut body) = client.begin(post("/ignore"), false).await;
    let window = usize::try_from(STREAM_WINDOW).unwrap();
    body.reserve_capacity(window + 1);
    let mut sent = 0;
    while sent < window {
        let more = std::future::poll_fn(|context| body.poll_capacity(context));
        let more = timeout(SOON, more).await.unwrap().unwrap().unwrap();
        body.send_data(vec![b'x'; more].into(), false).unwrap();
        sent += more;
        body.reserve_capacity(window + 1 - sent);
    }
    for _ in 0..20 {
        assert_eq!(client.fetch(get("/")).await.0, 200);
    }
    assert_eq!((sent, body.capacity()), (window, 0));
}
