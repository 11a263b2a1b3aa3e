//! A request's body, and whether it can be sent twice.

use std::pin::pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;

use super::Outgoing;
use super::deadline::{Deadline, Passed};
use super::framing::Framing;
use super::repeat::Repeat;
use super::upload::{Progress, Upload};
use crate::fault::{ClientFault, Fault};
use crate::guard::Intake;

/// What is kept of a body for the sake of a second try. An order has a few hundred bytes; whatever is larger streams.
const MOST_KEPT: u64 = 64 * 1024;

pub(super) enum Body {
    None,
    /// Of the client. Gone once it is on its way.
    Stream(Option<Upload>),
    Kept(Bytes),
}

impl Body {
    pub(super) fn of(
        outgoing: &Outgoing<'_>,
        framing: Framing,
        payload: Option<Payload>,
        progress: &Progress,
    ) -> Self {
        let Some(payload) = payload else {
            return Self::None;
        };
        Self::Stream(Some(match framing {
            Framing::None | Framing::Length(0) => return Self::None,
            Framing::Length(length) => Upload::sized(payload, length, progress.clone()),
            Framing::Chunked => Upload::chunked(payload, outgoing.max_body, progress.clone()),
        }))
    }

    /// Whether the request could be sent again, had it its body still.
    pub(super) fn is_worth_keeping(
        &self,
        outgoing: &Outgoing<'_>,
        framing: Framing,
        repeat: Repeat,
    ) -> bool {
        matches!(framing, Framing::Length(1..=MOST_KEPT))
            && outgoing.upstream.retries > 0
            && repeat == Repeat::Harmless
    }

    /// Takes the whole body in.
    pub(super) async fn keep(
        self,
        deadline: &Deadline,
        progress: &Progress,
    ) -> Result<Self, Fault> {
        let Self::Stream(Some(upload)) = self else {
            return Ok(self);
        };
        match deadline.hold(pin!(upload.collect())).await {
            Ok(Ok(body)) => Ok(Self::Kept(body)),
            Ok(Err(_interrupted)) => {
                let fault = progress.fault().unwrap_or(ClientFault::Malformed);
                Err(Fault::Client(fault))
            }
            Err(Passed) => Err(Fault::Client(ClientFault::TooSlow)),
        }
    }

    /// How much of it is here before the next try.
    pub(super) fn intake(&self) -> Intake {
        match self {
            Self::None | Self::Kept(_) => Intake::Whole,
            Self::Stream(_) => Intake::Streaming,
        }
    }

    /// For the next try.
    pub(super) fn upload(&mut self) -> Upload {
        match self {
            Self::None => Upload::none(),
            Self::Stream(upload) => upload.take().unwrap_or_else(Upload::none),
            Self::Kept(body) => Upload::kept(body.clone()),
        }
    }

    /// Whether the body is there for another try.
    pub(super) fn is_whole(&self) -> bool {
        !matches!(self, Self::Stream(_))
    }
}
