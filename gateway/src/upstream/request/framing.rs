//! How a client delimits its body (RFC 9112 §6.3).

use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};

use crate::fault::ClientFault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Framing {
    None,
    Length(u64),
    Chunked,
}

impl Framing {
    pub(in crate::upstream) fn of(headers: &HeaderMap) -> Result<Self, ClientFault> {
        if headers.contains_key(TRANSFER_ENCODING) {
            return Ok(Self::Chunked);
        }
        let Some(length) = headers.get(CONTENT_LENGTH) else {
            return Ok(Self::None);
        };
        let length = length.to_str().ok().and_then(|length| length.parse().ok());
        length.map(Self::Length).ok_or(ClientFault::Malformed)
    }

    /// Whether there is only a head to send.
    pub(in crate::upstream) fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Length(0))
    }
}
