//! Clients that take their answers slowly, or not at all.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures_util::future::join_all;
use futures_util::stream::iter;
use h2::RecvStream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::sleep;

use super::connections::{ended, impatient};
use super::{CLIENT_WINDOW, LIMITS, SOON, connect_taking, connect_with, get, post, read, serve};
use crate::resilience::min_rate::MinRate;
use crate::settings::limits::Limits;

/// More than a client here takes at once.
const LARGE: usize = 60_000;

/// Answers with three pieces, each larger than a client here takes at once.
fn large() -> actix_web::Resource {
    web::resource("/large").to(|| async {
        let pieces = [LARGE / 3; 3].map(|size| Ok::<_, Infallible>(vec![b'x'; size].into()));
        HttpResponse::Ok().streaming(iter(pieces))
    })
}

/// Reads an answer slowly, twice within `stall`.
async fn read_slowly(mut body: RecvStream, stall: Duration) -> Result<usize, h2::Error> {
    let mut taken = 0;
    while let Some(chunk) = body.data().await {
        let count = chunk?.len();
        tokio::time::sleep(stall / 2).await;
        body.flow_control().release_capacity(count)?;
        taken += count;
    }
    Ok(taken)
}

#[actix_web::test]
async fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    tokio::time::pause();
    let mut client = connect_taking(2000, LIMITS, large()).await;
    let body = client.ask(get("/large")).await.into_body();
    assert_eq!(
        read_slowly(body, LIMITS.stall_timeout).await.unwrap(),
        LARGE
    );
}

#[actix_web::test]
async fn a_client_that_takes_crumbs_of_its_answer_is_given_up() {
    tokio::time::pause();
    let mut client = connect_taking(100, LIMITS, large()).await;
    let body = client.ask(get("/large")).await.into_body();
    let end = read_slowly(body, LIMITS.stall_timeout).await;
    assert!(end.unwrap_err().is_reset());
}

#[actix_web::test]
async fn a_client_that_opens_no_window_for_its_answer_is_given_up() {
    tokio::time::pause();
    let limits = Limits {
        stall_timeout: SOON / 4,
        ..LIMITS
    };
    let mut client = connect_taking(0, limits, large()).await;
    let body = client.ask(get("/large")).await.into_body();
    assert!(read(body).await.unwrap_err().is_reset());
}

#[actix_web::test]
async fn the_rest_of_an_answer_is_sent_before_the_end() {
    for ends in ["draining", "idle"] {
        tokio::time::pause();
        let limits = if ends == "idle" { impatient() } else { LIMITS };
        let whole = || async { HttpResponse::Ok().body(vec![b'x'; LARGE]) };
        let services = web::resource("/whole").to(whole);
        let mut client = connect_taking(2000, limits, services).await;
        let body = client.ask(get("/whole")).await.into_body();
        if ends == "draining" {
            client.draining.begin();
        }
        let taken = read_slowly(body, limits.stall_timeout).await;
        assert_eq!(taken.unwrap(), LARGE, "{ends}");
        ended(client.connection).await.unwrap();
        let _ = ended(client.served).await;
        tokio::time::resume();
    }
}

#[actix_web::test]
async fn a_client_that_takes_nothing_of_the_rest_does_not_delay_the_end() {
    tokio::time::pause();
    let limits = Limits {
        stall_timeout: SOON / 4,
        ..LIMITS
    };
    let whole = || async { HttpResponse::Ok().body(vec![b'x'; LARGE]) };
    let mut client = connect_taking(2000, limits, web::resource("/whole").to(whole)).await;
    let body = client.ask(get("/whole")).await.into_body();
    client.draining.begin();
    ended(client.served).await.unwrap();
    assert!(read(body).await.is_err());
}

/// Each pause is far shorter than `stall_timeout`; 100 bytes a second are asked for, and 10 come.
#[actix_web::test]
async fn a_body_that_trickles_is_given_up() {
    tokio::time::pause();
    let limits = Limits {
        stall_timeout: SOON / 4,
        min_rate: MinRate::new(100, Duration::from_secs(1)),
        ..LIMITS
    };
    let upload = |body: web::Payload| async move {
        match body.to_bytes().await {
            Ok(_) => HttpResponse::Ok().finish(),
            Err(error) => HttpResponse::RequestTimeout().body(error.to_string()),
        }
    };
    let mut client = connect_with(limits, web::resource("/upload").to(upload)).await;
    let (answer, mut body) = client.begin(post("/upload"), false).await;
    let trickle = async {
        while body.send_data("x".into(), false).is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let status = async { answer.await.unwrap().status() };
    let status = tokio::select! {
        status = status => status,
        () = trickle => panic!("the answer comes before the stream is reset"),
    };
    assert_eq!(status, 408);
}

/// A network that carries `rate` bytes a second from the gateway to its client, and all that the
/// client sends.
async fn slow_network(rate: usize) -> (DuplexStream, DuplexStream) {
    let (client, near) = duplex(1 << 20);
    // The gateway's side takes little that has not been carried yet.
    let (far, gateway) = duplex(rate);
    let ((mut from_client, mut to_client), (mut from_gateway, mut to_gateway)) =
        (tokio::io::split(near), tokio::io::split(far));
    actix_web::rt::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_gateway).await;
    });
    actix_web::rt::spawn(async move {
        let mut bytes = vec![0; rate];
        while let Ok(count @ 1..) = from_gateway.read(&mut bytes).await {
            sleep(Duration::from_secs_f64(count as f64 / rate as f64)).await;
            if to_client.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    });
    (client, gateway)
}

/// A client behind a network of this rate asks for four answers at once, from a server that wants
/// 2,000 bytes a second taken. Gives how much of each it got, or how it ended.
async fn four_answers_over(rate: usize) -> Vec<Result<usize, h2::Error>> {
    let limits = Limits {
        stall_timeout: Duration::from_secs(2),
        min_rate: MinRate::new(2000, Duration::from_secs(1)),
        ..LIMITS
    };
    let (client, gateway) = slow_network(rate).await;
    let (_served, _draining) = serve(gateway, limits, large()).await;
    let (requests, connection) = h2::client::Builder::new()
        // So that an answer is not given away as a whole at once.
        .initial_window_size(2000)
        .initial_connection_window_size(16 * CLIENT_WINDOW)
        .handshake::<_, actix_web::web::Bytes>(client)
        .await
        .unwrap();
    actix_web::rt::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let answers = [(); 4].map(|()| requests.send_request(get("/large"), true).unwrap().0);
    let read = |answer: h2::client::ResponseFuture| async {
        read_slowly(answer.await?.into_body(), Duration::ZERO).await
    };
    join_all(answers.map(read)).await
}

/// The connection takes twice the minimum, and so each of its four answers half of it.
#[actix_web::test]
async fn answers_that_share_a_slow_connection_are_not_cut_for_each_other() {
    tokio::time::pause();
    for taken in four_answers_over(4000).await {
        assert_eq!(taken.unwrap(), LARGE);
    }
}

#[actix_web::test]
async fn a_connection_that_takes_too_little_is_cut() {
    tokio::time::pause();
    for taken in four_answers_over(1000).await {
        assert!(taken.is_err(), "{taken:?}");
    }
}
