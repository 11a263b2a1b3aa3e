//! Clients that take their answers slowly, or not at all.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures_util::stream::iter;
use h2::RecvStream;

use super::connections::{ended, impatient};
use super::{LIMITS, SOON, connect_taking, get, read};
use crate::config::limits::Limits;

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
