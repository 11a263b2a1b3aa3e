//! What can go wrong with a request at the gateway, who is at fault, and what the client is told.

use std::error::Error as StdError;

use awc::error::{ConnectError, SendRequestError};
use service_kit::program::chain;
use shared_types::problem::Code;
use shared_types::text::Text;

use actix_web::error::ParseError;

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

    /// The sentence that names the upstream.
    pub(crate) fn detail(self, upstream: &Upstream) -> Text {
        use shared_types::text::Lang::{En, Fr};
        let (fr, en) = (upstream.label.to(Fr), upstream.label.to(En));
        match self {
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

impl From<SendRequestError> for Fault {
    fn from(error: SendRequestError) -> Self {
        let cause = cause_of(&error);
        let fault = match &error {
            SendRequestError::Timeout | SendRequestError::Connect(ConnectError::Timeout) => {
                UpstreamFault::Timeout
            }
            SendRequestError::Response(ParseError::Timeout) => UpstreamFault::Timeout,
            SendRequestError::Connect(_) | SendRequestError::Send(_) => UpstreamFault::Unreachable,
            // The connection broke where the answer's head should have been.
            SendRequestError::Response(ParseError::Io(_) | ParseError::Incomplete) => {
                UpstreamFault::Unreachable
            }
            SendRequestError::Response(_) | SendRequestError::H2(_) => {
                UpstreamFault::InvalidResponse
            }
            _ => return Self::Internal(cause),
        };
        Self::Upstream { fault, cause }
    }
}

/// Most of awc's errors show what they wrap without naming it as their source.
fn cause_of(error: &(dyn StdError + 'static)) -> String {
    chain(error)
}

#[cfg(test)]
mod tests {
    use std::io;

    use actix_web::error::ParseError;
    use awc::error::{ConnectError, SendRequestError};
    use shared_types::problem::Code;

    use super::Fault;

    fn code(error: SendRequestError) -> Code {
        Fault::from(error).code()
    }

    #[test]
    fn a_refused_or_dropped_connection_is_unreachable() {
        let io = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for error in [
            SendRequestError::Connect(ConnectError::Io(io())),
            SendRequestError::Connect(ConnectError::NoRecords),
            SendRequestError::Connect(ConnectError::Disconnected),
            SendRequestError::Send(io()),
            SendRequestError::Response(ParseError::Incomplete),
        ] {
            assert_eq!(code(error), Code::UpstreamUnreachable);
        }
    }

    #[test]
    fn slowness_is_a_timeout_even_while_connecting() {
        for error in [
            SendRequestError::Timeout,
            SendRequestError::Connect(ConnectError::Timeout),
        ] {
            assert_eq!(code(error), Code::UpstreamTimeout);
        }
    }

    #[test]
    fn what_is_not_http_is_an_invalid_response() {
        let error = SendRequestError::Response(ParseError::Header);
        assert_eq!(code(error), Code::UpstreamInvalidResponse);
    }
}
