//! Which answers are kept.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodyStream, BoxBody, to_bytes};
use actix_web::web::Bytes;
use futures_util::stream::iter;
use service_kit::env::Env;

use super::{Taken, take};
use crate::config::Config;
use crate::keep::Missed;
use crate::route::{Kept, Outage, To};

const MOST: u64 = 10;

/// A row's that varies by `Accept-Language`.
fn kept() -> std::sync::Arc<Kept> {
    let text = include_str!("../../../gateway.toml").replacen(
        "shared = true",
        "shared = true, vary = [\"accept-language\"]",
        1,
    );
    let config = Config::parse("test.toml", &text, &Env::of_pairs([])).unwrap();
    let of = |to: &To| match to {
        To::Upstream(to) => match &to.outage {
            Outage::Stale(kept) => Some(kept.clone()),
            Outage::Error | Outage::Fallback(_) => None,
        },
        To::Own(_) | To::Tracking(_) => None,
    };
    config
        .routes
        .routes()
        .find_map(|route| of(&route.to))
        .unwrap()
}

async fn taken(answer: HttpResponse) -> Taken {
    take(answer, &kept(), MOST).await
}

#[actix_web::test]
async fn a_success_that_is_everyone_s_is_kept_as_it_came() {
    let answer = HttpResponse::Ok()
        .insert_header(("etag", "\"1\""))
        .insert_header(("age", "7"))
        .insert_header(("vary", "Accept-Language"))
        .insert_header(("cache-control", "max-age=5"))
        .body("menu");
    let Taken::Copy(copy) = taken(answer).await else {
        panic!("not kept")
    };
    assert_eq!(copy.body, "menu");
    assert_eq!(copy.age_then, Duration::from_secs(7));
    assert!(copy.fields.iter().any(|(name, _)| name == "etag"));
    assert!(!copy.fields.iter().any(|(name, _)| name == "age"));
}

#[actix_web::test]
async fn what_is_somebody_s_own_is_not_kept() {
    for (name, value) in [
        ("cache-control", "max-age=5, private"),
        ("cache-control", "No-Store"),
        ("cache-control", "private=\"set-cookie\""),
        ("set-cookie", "a=b"),
        ("vary", "Accept-Language, Cookie"),
        ("vary", "*"),
    ] {
        let answer = HttpResponse::Ok().insert_header((name, value)).body("menu");
        let Taken::Not(answer, Missed::Private) = taken(answer).await else {
            panic!("kept: {name}: {value}")
        };
        assert_eq!(to_bytes(answer.into_body()).await.unwrap(), "menu");
    }
}

#[actix_web::test]
async fn what_is_no_success_is_not_kept() {
    for answer in [
        HttpResponse::NotFound(),
        HttpResponse::PartialContent(),
        HttpResponse::NotModified(),
    ] {
        let mut answer = answer;
        assert!(matches!(
            taken(answer.finish()).await,
            Taken::Not(_, Missed::Private)
        ));
    }
    let failed = HttpResponse::InternalServerError().finish();
    let Taken::Not(_, Missed::Failed(500)) = taken(failed).await else {
        panic!("kept")
    };
}

#[actix_web::test]
async fn what_is_too_large_goes_through_whole() {
    let pieces = ["0123", "4567", "89ab", "cdef"];
    let streamed =
        iter(pieces.map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes()))));
    for body in [
        BoxBody::new("0123456789abcdef"),
        BoxBody::new(BodyStream::new(streamed)),
    ] {
        let Taken::Not(answer, Missed::Private) = taken(HttpResponse::Ok().body(body)).await else {
            panic!("kept")
        };
        let whole = to_bytes(answer.into_body()).await.unwrap();
        assert_eq!(whole, "0123456789abcdef");
    }
}

#[actix_web::test]
async fn what_breaks_off_is_not_kept() {
    let pieces = iter([
        Ok(Bytes::from_static(b"0123")),
        Err(std::io::Error::other("cut")),
    ]);
    let body = BoxBody::new(BodyStream::new(pieces));
    let answer = HttpResponse::Ok().body(body);
    assert!(matches!(taken(answer).await, Taken::Broken(_)));
}
