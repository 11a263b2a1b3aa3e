//! What an error of a connection says: who is at fault, and with what.

use std::error::Error as StdError;

use service_kit::program::chain;

use super::answer::Unsound;
use super::connect::ConnectError;
use crate::fault::{Fault, UpstreamFault};

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        let fault = match &error {
            ConnectError::Timeout(_) => UpstreamFault::Timeout,
            ConnectError::Dns(_)
            | ConnectError::NoAddress
            | ConnectError::Refused(_)
            | ConnectError::Name(_)
            | ConnectError::Tls(_)
            | ConnectError::Http(_) => UpstreamFault::Unreachable,
        };
        Self::upstream(fault, chain(&error))
    }
}

impl From<hyper::Error> for Fault {
    fn from(error: hyper::Error) -> Self {
        let cause = chain(&error);
        if is_break(&error) {
            // It did where the answer's head should have been.
            Self::upstream(UpstreamFault::Unreachable, cause)
        } else if error.is_user() {
            // The client's body is to blame, which `Progress` knows, or the task that drives the connection is gone.
            Self::Internal(cause)
        } else {
            Self::upstream(UpstreamFault::InvalidResponse, cause)
        }
    }
}

impl From<Unsound> for Fault {
    fn from(unsound: Unsound) -> Self {
        Self::upstream(UpstreamFault::InvalidResponse, unsound.to_string())
    }
}

/// Whether the connection ended or broke, rather than that something on it was wrong.
pub(super) fn is_break(error: &hyper::Error) -> bool {
    !(error.is_user() || error.is_parse() || spoke_unasked(error))
}

/// Whether the upstream said something before it was asked. hyper has no predicate for it: of the reasons why it
/// gives up a request that it has not begun, it is the one that is neither an I/O error nor an end.
fn spoke_unasked(error: &hyper::Error) -> bool {
    let reason = error.source().and_then(<dyn StdError>::downcast_ref);
    error.is_canceled()
        && reason.is_some_and(|reason: &hyper::Error| {
            !reason.is_incomplete_message() && reason.source().is_none()
        })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use hyper_util::rt::TokioIo;
    use shared_types::problem::Code;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::{ConnectError, Fault};

    #[test]
    fn a_connection_that_cannot_be_made_is_unreachable() {
        let io = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for error in [
            ConnectError::Dns(io()),
            ConnectError::NoAddress,
            ConnectError::Refused(io()),
            ConnectError::Tls(io()),
        ] {
            assert_eq!(Fault::from(error).code(), Code::UpstreamUnreachable);
        }
    }

    #[test]
    fn a_connection_that_is_not_made_in_time_is_a_timeout() {
        let error = ConnectError::Timeout(Duration::from_secs(1));
        assert_eq!(Fault::from(error).code(), Code::UpstreamTimeout);
    }

    #[tokio::test]
    async fn what_an_upstream_says_instead_of_an_answer_decides() {
        for (says, code) in [
            ("", Code::UpstreamUnreachable),
            ("HTTP/1.1 200 OK\r\ncontent-le", Code::UpstreamUnreachable),
            ("SSH-2.0-OpenSSH_9.2\r\n", Code::UpstreamInvalidResponse),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
                Code::UpstreamInvalidResponse,
            ),
        ] {
            assert_eq!(
                Fault::from(failed(says, false).await).code(),
                code,
                "{says}"
            );
        }
    }

    #[tokio::test]
    async fn an_upstream_that_speaks_unasked_is_an_invalid_response_and_one_that_hangs_up_is_not() {
        for (says, code) in [
            ("220 mail.example ESMTP\r\n", Code::UpstreamInvalidResponse),
            ("", Code::UpstreamUnreachable),
        ] {
            assert_eq!(Fault::from(failed(says, true).await).code(), code, "{says}");
        }
    }

    /// Why a request fails whose upstream says this and hangs up, before it is asked or after.
    async fn failed(says: &str, unasked: bool) -> hyper::Error {
        let (mut upstream, gateway) = duplex(1024);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(gateway))
            .await
            .unwrap();
        let sent = sender.try_send_request(http::Request::new(String::new()));
        let talk = async {
            if !unasked {
                upstream.read_u8().await.unwrap();
            }
            upstream.write_all(says.as_bytes()).await.unwrap();
            drop(upstream);
        };
        // What the upstream says comes first, unless it waits for the request.
        let (_, _, sent) = tokio::join!(biased; talk, connection, sent);
        sent.unwrap_err().into_error()
    }
}
