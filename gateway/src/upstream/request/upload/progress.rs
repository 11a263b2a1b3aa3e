//! Tracks how far a client's body has come, and whose fault it is if it stops.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use actix_web::error::PayloadError;
use prometheus::IntCounter;

use crate::fault::ClientFault;
use crate::http::client_connection::ClientConnection;

/// How far a body has come. It is kept outside the body, which the exchange owns: if the exchange
/// fails, this says whose fault it was. The default is that of a request without a body.
#[derive(Clone, Debug, Default)]
pub(in crate::upstream) struct Progress(Option<Rc<Shared>>);

#[derive(Debug)]
struct Shared {
    state: Cell<State>,
    /// The client's connection, which is told when the body is wanted.
    client: Option<Rc<ClientConnection>>,
    /// Counts the body's bytes.
    received: IntCounter,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody waits for the client: the upstream has yet to take a piece of the body, or has all of
    /// it.
    #[default]
    Settled,
    /// The upstream could take more than the client has sent.
    Awaited,
    Failed(ClientFault),
}

impl Progress {
    pub(in crate::upstream) fn of(
        client: Option<&Rc<ClientConnection>>,
        received: &IntCounter,
    ) -> Self {
        Self(Some(Rc::new(Shared {
            state: Cell::default(),
            client: client.cloned(),
            received: received.clone(),
        })))
    }

    pub(super) fn client(&self) -> Option<&Rc<ClientConnection>> {
        self.0.as_ref()?.client.as_ref()
    }

    pub(super) fn count(&self, bytes: usize) {
        if let Some(shared) = &self.0 {
            shared.received.inc_by(bytes as u64);
        }
    }

    pub(super) fn await_client(&self) {
        self.set(State::Awaited);
        if let Some(client) = self.client() {
            client.want_body();
        }
    }

    /// Notes that a piece of the body, or its end, has come.
    pub(super) fn settle(&self) {
        self.set(State::Settled);
        if let Some(client) = self.client() {
            client.take_body();
        }
    }

    pub(super) fn fault_of(&self, error: &PayloadError) -> ClientFault {
        // In HTTP/1, the connection cuts off a slow client's body, which looks like one that ends
        // too early.
        let has_stalled = self.client().is_some_and(|client| client.has_stalled());
        match error {
            PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                ClientFault::TooSlow
            }
            _ if has_stalled => ClientFault::TooSlow,
            _ => ClientFault::Malformed,
        }
    }

    pub(super) fn fail(&self, fault: ClientFault) {
        self.set(State::Failed(fault));
    }

    /// Whether the client is being waited for.
    pub(in crate::upstream) fn is_awaited(&self) -> bool {
        self.state() == State::Awaited
    }

    pub(in crate::upstream) fn fault(&self) -> Option<ClientFault> {
        match self.state() {
            State::Failed(fault) => Some(fault),
            State::Settled | State::Awaited => None,
        }
    }

    fn state(&self) -> State {
        let shared = self.0.as_ref();
        shared.map_or(State::Settled, |shared| shared.state.get())
    }

    fn set(&self, state: State) {
        if let Some(shared) = &self.0 {
            shared.state.set(state);
        }
    }
}
