//! Tracks how far a client's body has come, and whose fault it is if it stops.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use actix_web::error::PayloadError;
use prometheus::IntCounter;

use crate::fault::ClientFault;
use crate::http::client_connection::Link;

/// How far a body has come. It is kept outside the body, which the exchange owns: if the exchange
/// fails, this says whose fault it was.
#[derive(Clone, Debug, Default)]
pub(in crate::upstream) struct Progress {
    state: Rc<Cell<State>>,
    /// The client's connection, which is told when the body is wanted.
    pub(super) link: Option<Rc<Link>>,
    /// Counts the body's bytes.
    pub(super) received: Option<IntCounter>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody waits for the client: there is no body, the upstream has yet to take a piece of it,
    /// or has all of it.
    #[default]
    Settled,
    /// The upstream could take more than the client has sent.
    Awaited,
    Failed(ClientFault),
}

impl Progress {
    pub(in crate::upstream) fn of(link: Option<&Rc<Link>>, received: &IntCounter) -> Self {
        Self {
            state: Rc::default(),
            link: link.cloned(),
            received: Some(received.clone()),
        }
    }

    pub(super) fn await_client(&self) {
        self.state.set(State::Awaited);
        if let Some(link) = &self.link {
            link.want_body();
        }
    }

    /// Notes that a piece of the body, or its end, has come.
    pub(super) fn settle(&self) {
        self.state.set(State::Settled);
        if let Some(link) = &self.link {
            link.take_body();
        }
    }

    pub(super) fn fault_of(&self, error: &PayloadError) -> ClientFault {
        // In HTTP/1, the connection cuts off a slow client's body, which looks like one that ends
        // too early.
        let has_stalled = self.link.as_ref().is_some_and(|link| link.has_stalled());
        match error {
            PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                ClientFault::TooSlow
            }
            _ if has_stalled => ClientFault::TooSlow,
            _ => ClientFault::Malformed,
        }
    }

    pub(super) fn fail(&self, fault: ClientFault) {
        self.state.set(State::Failed(fault));
    }

    /// Whether the client is being waited for.
    pub(in crate::upstream) fn is_awaited(&self) -> bool {
        self.state.get() == State::Awaited
    }

    pub(in crate::upstream) fn fault(&self) -> Option<ClientFault> {
        match self.state.get() {
            State::Failed(fault) => Some(fault),
            State::Settled | State::Awaited => None,
        }
    }
}
