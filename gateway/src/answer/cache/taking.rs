//! Reads an upstream's answer, to store it.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures_util::future::poll_fn;
use service_kit::program::chain;

use super::copy::{encoded, stored_fields};
use super::storing::{Arrived, Unfit, judge};
use super::{Copy, Missed};
use crate::fault::{Fault, UpstreamFault};
use crate::resilience::memory::Charge;
use crate::routing::route::CachePolicy;

pub(super) enum Taken {
    Copy(Copy),
    /// The upstream's own answer about its failure.
    Failed(HttpResponse, u16),
    /// The answer is for no other client.
    Unfit(Unfit),
    /// The answer broke off.
    Broken(Fault),
}

impl Taken {
    /// The outcome for all requests that waited for it. An answer about a failure goes to `own`.
    pub(super) fn landed(self, own: &RefCell<Option<HttpResponse>>) -> Result<Arc<Copy>, Missed> {
        match self {
            Self::Copy(copy) => Ok(Arc::new(copy)),
            Self::Failed(answer, status) => {
                own.replace(Some(answer));
                Err(Missed::Failed(status))
            }
            Self::Unfit(unfit) => Err(Missed::Unfit(unfit)),
            Self::Broken(fault) => Err(Missed::Fault(fault)),
        }
    }
}

/// The state of the target and the row when an answer was asked for, and the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) at: Instant,
    pub(super) generation: u64,
    pub(super) epoch: u64,
}

/// Reads an answer, unless it is no success, may not be stored, or has more than `most` bytes.
pub(super) async fn take(
    answer: HttpResponse,
    policy: &CachePolicy,
    (most, mut charge): (u64, Charge),
    asked: Asked,
) -> Taken {
    if answer.status().is_server_error() {
        let status = answer.status().as_u16();
        return Taken::Failed(answer, status);
    }
    let taken = Instant::now();
    let arrived = Arrived {
        status: answer.status(),
        fields: answer.headers(),
        now: SystemTime::now(),
        delay: taken.saturating_duration_since(asked.at),
    };
    let reuse = match judge(&arrived, policy) {
        Ok(reuse) => reuse,
        Err(unfit) => return Taken::Unfit(unfit),
    };
    let (head, body) = answer.into_parts();
    let body = match whole(body, most, &mut charge).await {
        Ok(Some(body)) => body,
        Ok(None) => return Taken::Unfit(Unfit::TooLarge(most)),
        Err(fault) => return Taken::Broken(fault),
    };
    // An answer that takes all of the row's room twice would not be stored at all.
    let is_encoded = policy.compress && body.len() as u64 <= most / 2;
    let encoded = is_encoded.then(|| encoded(head.status(), head.headers(), &body));
    Taken::Copy(Copy {
        status: head.status(),
        has_age: head.headers().contains_key(header::AGE),
        fields: stored_fields(head.headers()),
        body,
        encoded: encoded.flatten(),
        taken,
        reuse,
        generation: asked.generation,
        epoch: asked.epoch,
    })
}

/// The whole body, without spare memory. `None` if it has more than `most` bytes.
async fn whole(mut body: BoxBody, most: u64, charge: &mut Charge) -> Result<Option<Bytes>, Fault> {
    let mut charged = 0;
    let mut whole = match body.size() {
        BodySize::Sized(size) if size > most => return Ok(None),
        BodySize::Sized(size) => {
            let size = usize::try_from(size).unwrap_or(0);
            charge.take(size)?;
            charged = size;
            BytesMut::with_capacity(size)
        }
        BodySize::None | BodySize::Stream => BytesMut::new(),
    };
    while let Some(piece) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        match piece {
            Ok(piece) => {
                whole.extend_from_slice(&piece);
                if let Some(more @ 1..) = whole.len().checked_sub(charged) {
                    charge.take(more)?;
                    charged += more;
                }
            }
            Err(error) => {
                let cause = chain(error.as_ref());
                return Err(Fault::upstream(UpstreamFault::Dropped, cause));
            }
        }
        if whole.len() as u64 > most {
            return Ok(None);
        }
    }
    Ok(Some(Bytes::copy_from_slice(&whole)))
}

#[cfg(test)]
mod tests;
