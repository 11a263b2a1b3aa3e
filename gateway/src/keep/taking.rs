//! What of an upstream's answers is kept, and what is not.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::future::poll_fn;
use service_kit::program::chain;

use super::{Copy, Missed};
use crate::fault::{Fault, UpstreamFault};
use crate::route::Kept;

pub(super) enum Taken {
    Copy(Copy),
    /// The answer as it is.
    Not(HttpResponse, Missed),
    /// It broke off.
    Broken(Fault),
}

/// Takes an answer in, unless it is no success, somebody's own, or has more than `most` bytes.
pub(super) async fn take(answer: HttpResponse, kept: &Kept, most: u64) -> Taken {
    if answer.status().is_server_error() {
        let status = answer.status().as_u16();
        return Taken::Not(answer, Missed::Failed(status));
    }
    if !may_be_kept(&answer, kept) {
        return Taken::Not(answer, Missed::Private);
    }
    let (head, mut body) = answer.into_parts();
    if matches!(body.size(), BodySize::Sized(size) if size > most) {
        return Taken::Not(head.set_body(body), Missed::Private);
    }
    let mut whole = BytesMut::new();
    while let Some(piece) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        match piece {
            Ok(piece) => whole.extend_from_slice(&piece),
            Err(error) => {
                let cause = chain(error.as_ref());
                return Taken::Broken(Fault::upstream(UpstreamFault::Dropped, cause));
            }
        }
        if whole.len() as u64 > most {
            let body = BoxBody::new(Rest {
                begun: Some(whole.freeze()),
                rest: body,
            });
            return Taken::Not(head.set_body(body), Missed::Private);
        }
    }
    let fields = head.headers().iter();
    let fields = fields.filter(|(name, _)| **name != header::AGE);
    Taken::Copy(Copy {
        status: head.status(),
        fields: fields
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        body: whole.freeze(),
        taken: Instant::now(),
        age_then: age(head.headers()),
        fresh: kept.fresh,
        stale_if_error: kept.stale_if_error,
    })
}

/// Whether the answer is everyone's (RFC 9111 §3). How long it is fresh is for the row to say, and not for the upstream.
fn may_be_kept(answer: &HttpResponse, kept: &Kept) -> bool {
    let fields = answer.headers();
    let tokens = |name| {
        let values = fields.get_all(name).filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    let is_private = tokens(header::CACHE_CONTROL).any(|directive| {
        let name = directive.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("private")
    });
    // By more than the row knows of.
    let varies = tokens(header::VARY).any(|name| {
        let known = kept
            .vary
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_str()));
        !known && !name.is_empty()
    });
    answer.status() == StatusCode::OK
        && !is_private
        && !varies
        && !fields.contains_key(header::SET_COOKIE)
}

fn age(fields: &HeaderMap) -> Duration {
    let age = fields.get(header::AGE).and_then(|age| age.to_str().ok());
    Duration::from_secs(age.and_then(|age| age.parse().ok()).unwrap_or(0))
}

/// A body of which a part has been read already.
struct Rest {
    begun: Option<Bytes>,
    rest: BoxBody,
}

impl MessageBody for Rest {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match self.begun.take() {
            Some(begun) => Poll::Ready(Some(Ok(begun))),
            None => Pin::new(&mut self.rest).poll_next(context),
        }
    }
}

#[cfg(test)]
mod tests;
