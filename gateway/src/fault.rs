//! What can go wrong with a request at the gateway, who is at fault, and what the client is told.

use actix_web::http::Method;
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::config::Upstream;

/// Why an upstream gave no answer that could be relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamFault {
    /// It refused the connection, dropped it, or its name or certificate led nowhere.
    Unreachable,
    /// It answered something that is not HTTP.
    InvalidResponse,
    /// It was too slow to be connected to or to answer.
    Timeout,
}

/// Why a client's request could not be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientFault {
    /// The body is larger than the limit.
    TooLarge,
    /// The body's framing is broken.
    Malformed,
    /// The body did not arrive within the deadline.
    TooSlow,
}

#[derive(Debug)]
pub(crate) enum Fault {
    Upstream {
        fault: UpstreamFault,
        /// For the log only.
        cause: String,
    },
    Client(ClientFault),
    /// The request keeps coming back: an upstream's URL leads to this gateway again.
    Loop,
    /// No fault of either side.
    Internal(String),
}

impl Fault {
    pub(crate) fn upstream(fault: UpstreamFault, cause: impl Into<String>) -> Self {
        Self::Upstream {
            fault,
            cause: cause.into(),
        }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Upstream { fault, .. } => fault.code(),
            Self::Client(ClientFault::TooLarge) => Code::PayloadTooLarge,
            Self::Client(ClientFault::Malformed) => Code::BadRequest,
            Self::Client(ClientFault::TooSlow) => Code::RequestTimeout,
            Self::Loop => Code::LoopDetected,
            Self::Internal(_) => Code::InternalError,
        }
    }
}

impl UpstreamFault {
    fn code(self) -> Code {
        match self {
            Self::Unreachable => Code::UpstreamUnreachable,
            Self::InvalidResponse => Code::UpstreamInvalidResponse,
            Self::Timeout => Code::UpstreamTimeout,
        }
    }

    /// The sentence that names the upstream. Who sent a request that must not be repeated blindly (RFC 9110 §9.2.2) is
    /// not told to try again where the upstream may have done it.
    pub(crate) fn detail(self, upstream: &Upstream, method: &Method) -> Text {
        use shared_types::text::Lang::{En, Fr};
        let (fr, en) = (upstream.label.to(Fr), upstream.label.to(En));
        match self {
            Self::Timeout | Self::InvalidResponse if !method.is_idempotent() => Text::formatted(
                format!(
                    "{fr} n'a pas confirmé la demande, qui a peut-être abouti. Vérifiez avant de la renouveler."
                ),
                format!(
                    "{en} did not confirm the request, which may have succeeded. Check before you repeat it."
                ),
            ),
            Self::Unreachable => Text::formatted(
                format!("{fr} est injoignable. Réessayez dans quelques secondes."),
                format!("{en} cannot be reached. Try again in a few seconds."),
            ),
            Self::InvalidResponse => Text::formatted(
                format!("{fr} a donné une réponse invalide. Réessayez dans quelques secondes."),
                format!("{en} gave an invalid answer. Try again in a few seconds."),
            ),
            Self::Timeout => Text::formatted(
                format!("{fr} n'a pas répondu à temps. Réessayez dans quelques secondes."),
                format!("{en} did not answer in time. Try again in a few seconds."),
            ),
        }
    }
}
