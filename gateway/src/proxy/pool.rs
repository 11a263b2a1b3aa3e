//! The connections to the upstreams: one pool per upstream and worker, so that nothing is shared between threads
//! and an upstream that hangs takes no connection from another.
//!
//! How many are open at once is not limited here. No timer closes the idle ones: the next exchange does, or else
//! the upstream.

mod idle;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use http::HeaderValue;

use self::idle::Idle;
use super::connect::{ConnectError, Connection, Connector};
use super::tls::TlsConfig;
use crate::config::Upstream;

/// The pools of one worker, in the order of the upstreams.
pub(crate) struct Pools(Vec<Rc<Pool>>);

pub(crate) struct Pool {
    connector: Connector,
    /// What `Host` says to this upstream.
    host: HeaderValue,
    idle: RefCell<Idle<Connection>>,
}

/// A connection that one exchange has to itself. Dropping it closes the connection: what is left of a broken
/// exchange cannot be told from the next one.
pub(super) struct Lease {
    pub(super) connection: Connection,
    pool: Rc<Pool>,
    is_retired: bool,
}

impl Pools {
    pub(crate) fn new(upstreams: &[Upstream], tls: &TlsConfig) -> Self {
        let pool = |upstream| Rc::new(Pool::new(upstream, tls));
        Self(upstreams.iter().map(pool).collect())
    }

    pub(crate) fn of(&self, upstream: usize) -> Option<&Rc<Pool>> {
        self.0.get(upstream)
    }
}

impl Pool {
    fn new(upstream: &Upstream, tls: &TlsConfig) -> Self {
        Self {
            connector: Connector::new(upstream, tls),
            host: upstream.url.host_field(),
            idle: RefCell::default(),
        }
    }

    pub(super) fn host(&self) -> HeaderValue {
        self.host.clone()
    }

    /// An idle connection, where there is one.
    pub(super) fn take(self: &Rc<Self>) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        let connection = idle.take(Instant::now(), Connection::is_ready)?;
        Some(self.lease(connection))
    }

    /// A new connection.
    pub(super) async fn connect(self: &Rc<Self>) -> Result<Lease, ConnectError> {
        Ok(self.lease(self.connector.connect().await?))
    }

    fn lease(self: &Rc<Self>, connection: Connection) -> Lease {
        Lease {
            connection,
            pool: Rc::clone(self),
            is_retired: false,
        }
    }
}

impl Lease {
    /// Makes this exchange the last one of its connection.
    pub(super) fn retire(&mut self) {
        self.is_retired = true;
    }

    /// Ends the lease after a whole answer. The connection is kept for the next exchange, unless the upstream wants
    /// it closed or has not taken the whole request.
    pub(super) fn give_back(self) {
        if !self.is_retired && self.connection.is_ready() {
            let made = self.connection.made;
            let mut idle = self.pool.idle.borrow_mut();
            idle.put(self.connection, made, Instant::now());
        }
    }
}
