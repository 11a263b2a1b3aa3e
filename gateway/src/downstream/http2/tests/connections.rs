//! Requests and connections that end early.

use std::rc::Rc;
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use h2::Reason;
use tokio::io::duplex;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::{Client, LIMITS, SOON, connect, connect_with, endless, get, nothing, read, serve};
use crate::settings::limits::Limits;

/// Limits that keep an idle connection only for a moment.
pub(super) fn impatient() -> Limits {
    Limits {
        idle_timeout: Duration::from_millis(1),
        ..LIMITS
    }
}

/// Limits that wait only a moment for the first request.
fn hasty() -> Limits {
    Limits {
        head_timeout: Duration::from_millis(1),
        ..LIMITS
    }
}

/// Reports when it is dropped.
struct Guard(UnboundedSender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// Services that never end: `/silent` gives no answer, `/endless` one without an end.
fn witness() -> (actix_web::Scope, UnboundedReceiver<&'static str>) {
    let (tell, told) = unbounded_channel();
    let silent = tell.clone();
    let silent = web::resource("/silent").to(move || {
        let tell = silent.clone();
        async move {
            tell.send("asked").unwrap();
            let _guard = Guard(tell);
            std::future::pending::<HttpResponse>().await
        }
    });
    let endless = web::resource("/endless").to(move || {
        let tell = tell.clone();
        async move {
            tell.send("asked").unwrap();
            let guard = Guard(tell);
            let mut first = Some(Bytes::from_static(b"first"));
            HttpResponse::Ok().streaming(endless(move || {
                let _ = &guard;
                first.take()
            }))
        }
    });
    (web::scope("/long").service(silent).service(endless), told)
}

async fn next(told: &mut UnboundedReceiver<&'static str>) -> &'static str {
    timeout(SOON, told.recv()).await.unwrap().unwrap()
}

pub(super) async fn ended<T>(task: actix_web::rt::task::JoinHandle<T>) -> T {
    timeout(SOON, task).await.unwrap().unwrap()
}

#[actix_web::test]
async fn a_request_that_the_client_resets_is_given_up() {
    for path in ["/long/silent", "/long/endless"] {
        let (services, mut told) = witness();
        let mut client = connect(services).await;
        let (answer, mut request) = client.begin(get(path), true).await;
        assert_eq!(next(&mut told).await, "asked");
        request.send_reset(Reason::CANCEL);
        assert_eq!(next(&mut told).await, "dropped", "{path}");
        drop(answer);
        assert_eq!(client.fetch(get("/")).await.0, 200);
    }
}

#[actix_web::test]
async fn requests_are_given_up_with_their_connection() {
    for path in ["/long/silent", "/long/endless"] {
        let (services, mut told) = witness();
        let mut client = connect(services).await;
        let _request = client.begin(get(path), true).await;
        assert_eq!(next(&mut told).await, "asked");
        client.connection.abort();
        assert_eq!(next(&mut told).await, "dropped", "{path}");
    }
}

#[actix_web::test]
async fn requests_are_given_up_with_the_server() {
    let (services, mut told) = witness();
    let mut client = connect(services).await;
    let _request = client.begin(get("/long/silent"), true).await;
    assert_eq!(next(&mut told).await, "asked");
    client.served.abort();
    assert_eq!(next(&mut told).await, "dropped");
}

#[actix_web::test]
async fn an_idle_connection_is_ended_by_the_protocol() {
    let mut client = connect_with(impatient(), nothing()).await;
    assert_eq!(client.fetch(get("/")).await.0, 200);
    ended(client.connection).await.unwrap();
    // The client may have closed first.
    let _ = ended(client.served).await;
}

#[actix_web::test]
async fn a_connection_without_a_first_request_is_ended_by_the_protocol() {
    let client = connect_with(hasty(), nothing()).await;
    ended(client.connection).await.unwrap();
    let _ = ended(client.served).await;
}

#[actix_web::test]
async fn a_connection_with_a_request_is_not_idle() {
    let (services, mut told) = witness();
    let mut client = connect_with(impatient(), services).await;
    let _request = client.begin(get("/long/silent"), true).await;
    assert_eq!(next(&mut told).await, "asked");
    tokio::time::pause();
    // Time passes in which nobody has anything to do and an idle connection would be ended.
    let kept = timeout(10 * impatient().idle_timeout, &mut client.served).await;
    assert!(kept.is_err());
}

#[actix_web::test]
async fn a_client_that_does_not_take_its_answer_is_given_up() {
    let (tell, mut told) = unbounded_channel();
    let endless = web::resource("/endless").to(move || {
        let guard = Guard(tell.clone());
        async move {
            HttpResponse::Ok().streaming(endless(move || {
                let _ = &guard;
                Some(Bytes::from_static(&[b'x'; 4096]))
            }))
        }
    });
    let limits = Limits {
        stall_timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let mut client = connect_with(limits, endless).await;
    let body = client.ask(get("/endless")).await.into_body();
    assert_eq!(next(&mut told).await, "dropped");
    assert!(read(body).await.unwrap_err().is_reset());
    assert_eq!(client.fetch(get("/")).await.0, 200);
}

#[actix_web::test]
async fn a_silent_client_is_left() {
    tokio::time::pause();
    let (silent, theirs) = duplex(1024);
    let (served, _draining) = serve(theirs, hasty(), nothing()).await;
    ended(served).await.unwrap();
    drop(silent);
}

#[actix_web::test]
async fn a_stop_finishes_requests_in_flight_and_accepts_no_more() {
    let release = Rc::new(Notify::new());
    let wait = Rc::clone(&release);
    let slow = move || {
        let wait = Rc::clone(&wait);
        async move {
            wait.notified().await;
            HttpResponse::Ok().body("done")
        }
    };
    let mut client: Client = connect(web::resource("/slow").to(slow)).await;
    let (answer, _) = client.begin(get("/slow"), true).await;
    assert_eq!(client.fetch(get("/")).await.0, 200);
    client.draining.begin();
    // The client is told, and sends no more requests.
    let refused = async {
        while let Ok(mut ready) = client.requests.clone().ready().await {
            let Ok((answer, _)) = ready.send_request(get("/"), true) else {
                break;
            };
            if answer.await.is_err() {
                break;
            }
        }
    };
    timeout(SOON, refused).await.unwrap();
    release.notify_one();
    let answer = timeout(SOON, answer).await.unwrap().unwrap();
    assert_eq!(read(answer.into_body()).await.unwrap(), "done");
    ended(client.connection).await.unwrap();
    let _ = ended(client.served).await;
}
