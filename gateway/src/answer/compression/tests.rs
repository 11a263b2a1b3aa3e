//! The compressed answers, and the memory that their encoders take.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BodyStream, BoxBody, MessageBody as _, to_bytes};
use actix_web::http::Version;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use futures_util::stream;

use super::{AT_ONCE, apply};
use crate::http::content_coding::Coding;
use crate::resilience::memory::{Memory, MemoryLimits};

fn memory(most: usize) -> Arc<Memory> {
    Memory::new(MemoryLimits {
        most,
        per_client: most,
    })
}

fn streamed(pieces: Vec<Result<Bytes, std::io::Error>>) -> BoxBody {
    BoxBody::new(BodyStream::new(stream::iter(pieces)))
}

fn compressed(body: BoxBody, memory: &Arc<Memory>) -> HttpResponse {
    let request = TestRequest::get()
        .version(Version::HTTP_11)
        .insert_header((ACCEPT_ENCODING, "gzip"))
        .to_http_request();
    let answer = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain"))
        .finish();
    apply(answer.set_body(body), &request, || memory.charge(None))
}

fn is_encoded(answer: &HttpResponse) -> bool {
    answer.headers().contains_key(CONTENT_ENCODING)
}

#[actix_web::test]
async fn an_encoder_is_charged_for_as_long_as_the_body_streams() {
    let memory = memory(Coding::Gzip.memory());
    let body = || streamed(vec![Ok(Bytes::from_static(b"text"))]);
    let first = compressed(body(), &memory);
    assert!(is_encoded(&first));
    assert_eq!(memory.held(), Coding::Gzip.memory());
    let second = compressed(body(), &memory);
    assert!(!is_encoded(&second), "there is no room for a second one");
    assert_eq!(to_bytes(second.into_body()).await.unwrap(), "text");
    to_bytes(first.into_body()).await.unwrap();
    assert_eq!(memory.held(), 0);
    let left = compressed(body(), &memory);
    assert_eq!(memory.held(), Coding::Gzip.memory());
    drop(left);
    assert_eq!(memory.held(), 0, "its client has left");
}

#[actix_web::test]
async fn a_short_whole_body_takes_no_charge_and_keeps_a_length() {
    let memory = memory(0);
    let text = "text ".repeat(1_000);
    let answer = compressed(BoxBody::new(text.clone()), &memory);
    assert!(is_encoded(&answer));
    assert!(matches!(answer.body().size(), BodySize::Sized(size) if size < text.len() as u64));
    let long = "text ".repeat(1 + AT_ONCE as usize / 5);
    assert!(!is_encoded(&compressed(BoxBody::new(long), &memory)));
}

#[actix_web::test]
async fn a_body_that_would_grow_stays_as_it_is() {
    let noise: Vec<u8> = (0..2_000).map(|_| rand::random()).collect();
    let answer = compressed(BoxBody::new(noise.clone()), &memory(0));
    assert!(!is_encoded(&answer));
    assert_eq!(to_bytes(answer.into_body()).await.unwrap(), noise);
}

#[actix_web::test]
async fn an_error_of_the_body_is_passed_on() {
    let broken = || std::io::Error::other("the upstream's body broke off");
    let pieces = vec![Ok(Bytes::from_static(b"half")), Err(broken())];
    let answer = compressed(streamed(pieces), &memory(1 << 20));
    let error = to_bytes(answer.into_body()).await.unwrap_err();
    assert_eq!(error.to_string(), broken().to_string());
}
