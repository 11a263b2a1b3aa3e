//! Why a request is refused before it reaches the handler.

use shared_types::problem::Code;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not valid HTTP (RFC 9112). The text says why, for the log.
    Malformed(&'static str),
    /// The header fields are larger, or more, than the limit.
    HeadTooLarge,
    /// The target is longer than the limit.
    UriTooLong,
    /// A version of HTTP that this connection does not speak (RFC 9110 §15.6.6).
    Version,
    /// It asks for a WebSocket, which the gateway does not open.
    Upgrade,
    /// It expects something other than `100-continue` (RFC 9110 §10.1.1).
    Expectation,
    /// The head did not arrive in time (RFC 9110 §15.5.9).
    TooSlow,
}

impl Refusal {
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Malformed(_) => Code::BadRequest,
            Self::HeadTooLarge => Code::HeadersTooLarge,
            Self::UriTooLong => Code::UriTooLong,
            Self::Version => Code::HttpVersionNotSupported,
            Self::Upgrade => Code::UpgradeNotSupported,
            Self::Expectation => Code::ExpectationFailed,
            Self::TooSlow => Code::RequestTimeout,
        }
    }

    /// Whether the rest of the head may still come, with the `Origin` of the page that asks.
    pub(crate) fn comes_before_the_end(self) -> bool {
        matches!(self, Self::HeadTooLarge | Self::UriTooLong)
    }

    /// For the log.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            Self::Malformed(what) => what,
            Self::HeadTooLarge => "the header fields are over the limit",
            Self::UriTooLong => "the target is over the limit",
            Self::Version => "an unsupported HTTP version",
            Self::Upgrade => "a WebSocket",
            Self::Expectation => "an unknown expectation",
            Self::TooSlow => "the head did not arrive in time",
        }
    }
}
