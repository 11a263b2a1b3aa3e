//! An answer is stored as it came, or not at all.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::{BodyStream, BoxBody};
use actix_web::web::Bytes;
use futures_util::stream::iter;

use super::{Asked, Taken, take};
use crate::answer::cache::storing::Unfit;
use crate::answer::cache::tests::policy;
use crate::fault::Fault;
use crate::fault::NoRoom;
use crate::resilience::memory::MemoryLimits;
use crate::resilience::memory::{Charge, Memory};

const MOST: u64 = 10;

fn charge(most: usize) -> Charge {
    let limits = MemoryLimits {
        most,
        per_client: most,
    };
    Memory::new(limits).charge(None)
}

async fn taken(answer: HttpResponse) -> Taken {
    taken_within(1024, answer).await
}

/// With a budget of this many bytes.
async fn taken_within(budget: usize, answer: HttpResponse) -> Taken {
    let asked = Asked {
        at: Instant::now(),
        generation: 0,
        epoch: 0,
    };
    take(answer, &policy(), (MOST, charge(budget)), asked).await
}

#[actix_web::test]
async fn a_shareable_success_is_stored_as_it_came() {
    let answer = HttpResponse::Ok()
        .insert_header(("etag", "\"1\""))
        .insert_header(("age", "7"))
        .insert_header(("cache-control", "max-age=50"))
        .body("menu");
    let Taken::Copy(copy) = taken(answer).await else {
        panic!("not stored")
    };
    assert_eq!(copy.body, "menu");
    assert_eq!(copy.reuse.age.as_secs(), 7);
    assert_eq!(copy.reuse.fresh.as_secs(), 42);
    assert!(copy.has_age);
    assert!(copy.fields.iter().any(|(name, _)| name == "etag"));
    assert!(!copy.fields.iter().any(|(name, _)| name == "age"));
    assert!(copy.age(copy.taken) < Duration::from_secs(8));
}

#[actix_web::test]
async fn a_private_answer_or_a_failure_is_not_stored() {
    let own = HttpResponse::Ok()
        .insert_header(("cache-control", "private"))
        .body("menu");
    assert!(matches!(taken(own).await, Taken::Unfit(Unfit::Private)));
    let none = HttpResponse::NotFound().finish();
    let Taken::Unfit(Unfit::Status(404)) = taken(none).await else {
        panic!("stored")
    };
    let failed = HttpResponse::InternalServerError().finish();
    assert!(matches!(taken(failed).await, Taken::Failed(_, 500)));
}

#[actix_web::test]
async fn an_answer_that_is_too_large_is_not_stored() {
    let pieces = ["0123", "4567", "89ab", "cdef"];
    let streamed =
        iter(pieces.map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes()))));
    for body in [
        BoxBody::new("0123456789abcdef"),
        BoxBody::new(BodyStream::new(streamed)),
    ] {
        let Taken::Unfit(Unfit::TooLarge(MOST)) = taken(HttpResponse::Ok().body(body)).await else {
            panic!("stored")
        };
    }
}

#[actix_web::test]
async fn an_answer_that_breaks_off_is_not_stored() {
    let pieces = iter([
        Ok(Bytes::from_static(b"0123")),
        Err(std::io::Error::other("cut")),
    ]);
    let body = BoxBody::new(BodyStream::new(pieces));
    let answer = HttpResponse::Ok().body(body);
    assert!(matches!(taken(answer).await, Taken::Broken(_)));
}

#[actix_web::test]
async fn an_answer_without_room_is_not_stored_and_not_the_upstreams_fault() {
    let pieces = ["0123", "4567"];
    let streamed =
        iter(pieces.map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes()))));
    for body in [
        BoxBody::new("01234567"),
        BoxBody::new(BodyStream::new(streamed)),
    ] {
        let taken = taken_within(7, HttpResponse::Ok().body(body)).await;
        let Taken::Broken(Fault::NoRoom(NoRoom::Budget)) = taken else {
            panic!("stored")
        };
    }
}
