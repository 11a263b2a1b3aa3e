//! Translates the errors of a connection into faults: who is at fault, and with what.

use service_kit::program::chain;

use crate::fault::{Fault, UpstreamFault};
use crate::upstream::connection::connect::ConnectError;
use crate::upstream::exchange::Failure;
use crate::upstream::exchange::sending::Unsent;

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        let fault = match &error {
            ConnectError::Timeout(_) => UpstreamFault::ConnectTimeout,
            ConnectError::Lookup(_)
            | ConnectError::Refused(_)
            | ConnectError::Name(_)
            | ConnectError::Tls(_) => UpstreamFault::Unreachable,
        };
        Self::upstream(fault, chain(&error))
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let cause = chain(&failure);
        match failure {
            // The client's body is to blame; `Progress` knows how.
            Failure::Unsent(Unsent::Body(_)) => Self::Internal(cause),
            Failure::Unsent(Unsent::Untouched(_)) => {
                Self::upstream(UpstreamFault::Unreachable, cause)
            }
            // The connection ended where the answer's head should have been.
            Failure::Ended | Failure::Broke(_) => Self::upstream(UpstreamFault::Dropped, cause),
            Failure::Unsound(_) | Failure::Chunks => {
                Self::upstream(UpstreamFault::InvalidResponse, cause)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use shared_types::problem::Code;

    use super::{ConnectError, Fault};
    use crate::upstream::replicas::LookupError;

    #[test]
    fn a_failed_connection_makes_the_upstream_unreachable() {
        let io = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for error in [
            LookupError::Dns(io()).into(),
            LookupError::NoAddress.into(),
            ConnectError::Refused(io()),
            ConnectError::Tls(io()),
        ] {
            assert_eq!(Fault::from(error).code(), Code::UpstreamUnreachable);
        }
    }

    #[test]
    fn a_connection_that_takes_too_long_is_a_timeout() {
        let error = ConnectError::Timeout(Duration::from_secs(1));
        assert_eq!(Fault::from(error).code(), Code::UpstreamTimeout);
    }
}
