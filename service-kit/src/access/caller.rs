//! The sender of a request, as far as access needs it.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use shared_types::account::Role;
use shared_types::id::ClientId;

/// Who sent a request. Handlers take it as a parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Access is open, or the route is for everyone: nobody was asked for a token.
    #[default]
    Anyone,
    /// Another service of the restaurant.
    Peer,
    /// Someone who has logged in.
    Client { client: ClientId, role: Role },
}

impl Caller {
    /// The client whose own things are all that the caller may see and change. `None` where the
    /// caller may see and change everybody's.
    #[must_use]
    pub fn own(self) -> Option<ClientId> {
        match self {
            Self::Client {
                client,
                role: Role::Client,
            } => Some(client),
            Self::Anyone | Self::Peer | Self::Client { .. } => None,
        }
    }

    /// The role that the caller logged in with, if the caller had to.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Client { role, .. } => Some(role),
            Self::Anyone | Self::Peer => None,
        }
    }
}

/// Whether a service of the restaurant sent the request, for itself or for a client. Then fields
/// that clients may not set are believed. While access is open, everyone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vouched(pub bool);

impl FromRequest for Vouched {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _body: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().copied();
        ready(Ok(known.unwrap_or(Self(true))))
    }
}

impl FromRequest for Caller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _body: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().copied();
        ready(Ok(known.unwrap_or_default()))
    }
}
