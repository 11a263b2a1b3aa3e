//! A request's body: whether it has arrived, and whether it can be sent twice.
//!
//! A small body is awaited whole before the upstream is asked, and the beginning of a larger one.
//! So a client that sends slowly, or not at all, meanwhile holds neither a permit nor a connection
//! to the upstream.

use actix_web::dev::Payload;
use actix_web::web::Bytes;

use crate::fault::{ClientFault, Fault};
use crate::resilience::guard::Intake;
use crate::resilience::memory::Charge;
use crate::upstream::Outgoing;
use crate::upstream::request::framing::Framing;
use crate::upstream::request::upload::{Gathered, Progress, Stopped, Upload};

/// How much of a body is awaited before the upstream is asked. An order has a few hundred bytes; a
/// larger body streams.
const MOST_AWAITED: usize = 64 * 1024;

/// Whether a body of this length is awaited whole.
pub(in crate::upstream) fn is_awaited_whole(framing: Framing) -> bool {
    matches!(framing, Framing::Length(length) if length <= MOST_AWAITED as u64)
}

pub(in crate::upstream) enum Body {
    None,
    /// The client's body. `None` once it is being sent. Boxed, because most requests have none.
    Stream(Option<Box<Upload>>),
    Kept {
        body: Bytes,
        is_chunked: bool,
        _charge: Charge,
    },
}

impl Body {
    pub(in crate::upstream) fn of(
        outgoing: &Outgoing<'_>,
        framing: Framing,
        payload: Option<Payload>,
        progress: &Progress,
    ) -> Self {
        let Some(payload) = payload else {
            return Self::None;
        };
        let upload = match framing {
            Framing::None | Framing::Length(0) => return Self::None,
            Framing::Length(length) => Upload::sized(payload, length, progress.clone()),
            Framing::Chunked => Upload::chunked(payload, outgoing.max_body, progress.clone()),
        };
        Self::Stream(Some(Box::new(upload)))
    }

    /// Waits for the whole body, or for the beginning of a large one. `limits.stall_timeout` and
    /// `limits.min_rate` bound the wait.
    pub(in crate::upstream) async fn gather(
        &mut self,
        progress: &Progress,
        outgoing: &Outgoing<'_>,
    ) -> Result<(), Fault> {
        let Self::Stream(Some(upload)) = self else {
            return Ok(());
        };
        let is_chunked = upload.is_chunked();
        let charge = outgoing.memory.charge(outgoing.client);
        match upload.gather(MOST_AWAITED, &outgoing.held, charge).await {
            Ok(Gathered::Whole(body, charge)) => {
                *self = Self::Kept {
                    body,
                    is_chunked,
                    _charge: charge,
                }
            }
            Ok(Gathered::Beginning) => {}
            Err(Stopped::Interrupted(_)) => {
                let fault = progress.fault().unwrap_or(ClientFault::Malformed);
                return Err(Fault::Client(fault));
            }
            Err(Stopped::NoRoom(reason)) => return Err(reason.into()),
        }
        Ok(())
    }

    /// How much of the body has arrived before the next try.
    pub(in crate::upstream) fn intake(&self) -> Intake {
        match self {
            Self::None | Self::Kept { .. } => Intake::Whole,
            Self::Stream(_) => Intake::Streaming,
        }
    }

    /// The body for the next try.
    pub(in crate::upstream) fn upload(&mut self) -> Option<Box<Upload>> {
        match self {
            Self::None => None,
            Self::Stream(upload) => upload.take(),
            Self::Kept {
                body, is_chunked, ..
            } => Some(Box::new(Upload::kept(body.clone(), *is_chunked))),
        }
    }

    /// Whether the whole body is here, so that it can be sent again.
    pub(in crate::upstream) fn is_whole(&self) -> bool {
        !matches!(self, Self::Stream(_))
    }
}
