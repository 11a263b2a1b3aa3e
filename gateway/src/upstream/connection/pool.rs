//! The connections to the upstreams: one pool per replica and worker, so that threads share
//! nothing and a replica that hangs takes no connection from another.
//!
//! The number of open connections is not limited here. A task for each pool watches the idle ones,
//! and closes a connection at once when the upstream closes it or sends unasked bytes.

mod idle;

use std::cell::{Cell, RefCell};
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use self::idle::Idle;
use crate::settings::UpstreamSettings;
use crate::settings::limits::AnswerLimits;
use crate::upstream::connection::connect::{ConnectError, Connection, Connector};
use crate::upstream::connection::sweep::Sweep;
use crate::upstream::connection::tls::TlsConfig;
use crate::upstream::replicas::{Replica, Replicas};

/// How often to look for idle connections that have grown old, while there are any.
const SWEEP: Duration = Duration::from_secs(1);

/// How connections to an upstream are made and kept.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) tls: TlsConfig,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) limits: AnswerLimits,
}

impl Plan {
    pub(super) fn new(settings: &UpstreamSettings, limits: AnswerLimits, tls: &TlsConfig) -> Self {
        Self {
            tls: tls.clone().filter(|_| settings.url.is_https()),
            connect_timeout: settings.connect_timeout,
            idle_timeout: settings.idle_timeout,
            limits,
        }
    }
}

pub(in crate::upstream) struct Pool {
    replica: Arc<Replica>,
    siblings: Arc<Replicas>,
    connector: Connector,
    /// The `Host` for this replica.
    host: HeaderValue,
    /// The upstream's `idle_timeout`.
    idle_timeout: Duration,
    limits: AnswerLimits,
    idle: RefCell<Idle<Connection>>,
    /// Looks after the answers that wait for their clients.
    sweep: Rc<Sweep>,
    is_watched: Cell<bool>,
    /// Whether the replica has left: its connections are not kept any more.
    is_gone: Cell<bool>,
    /// Wakes the task that watches the idle connections.
    watcher: RefCell<Waker>,
}

/// A connection that one exchange has to itself. Dropping it closes the connection, because the
/// rest of a broken exchange cannot be told from the next one.
pub(in crate::upstream) struct Lease {
    pub(in crate::upstream) connection: Connection,
    pool: InUse,
}

/// A TCP connection on which nothing was said yet.
pub(super) struct Dialed {
    stream: TcpStream,
    pool: InUse,
}

/// Counts one exchange in flight at the replica.
pub(in crate::upstream) struct InUse(Rc<Pool>);

impl Pool {
    pub(super) fn new(replica: &Arc<Replica>, siblings: &Arc<Replicas>, plan: &Plan) -> Self {
        let endpoint = &replica.endpoint;
        Self {
            replica: Arc::clone(replica),
            siblings: Arc::clone(siblings),
            connector: Connector::new(replica.address, endpoint.host(), &plan.tls),
            host: endpoint.host_field(),
            idle_timeout: plan.idle_timeout,
            limits: plan.limits,
            idle: RefCell::default(),
            sweep: Rc::default(),
            is_watched: Cell::default(),
            is_gone: Cell::default(),
            watcher: RefCell::new(Waker::noop().clone()),
        }
    }

    pub(in crate::upstream) fn replica(&self) -> &Arc<Replica> {
        &self.replica
    }

    /// The replicas that it is one of.
    pub(in crate::upstream) fn siblings(&self) -> &Arc<Replicas> {
        &self.siblings
    }

    /// Takes an idle connection, if there is one.
    pub(in crate::upstream) fn take(self: &Rc<Self>) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        let mut nobody = Context::from_waker(Waker::noop());
        let connection = idle.take(Instant::now(), |idle| idle.is_quiet(&mut nobody))?;
        let pool = InUse::of(self);
        Some(Lease { connection, pool })
    }

    pub(super) fn has_idle(&self) -> bool {
        let watcher = self.watcher.borrow();
        let mut watcher = Context::from_waker(&watcher);
        let mut idle = self.idle.borrow_mut();
        idle.sweep(Instant::now(), |idle| idle.is_quiet(&mut watcher))
    }

    /// Makes a TCP connection. The caller sets the limit on the time.
    pub(super) async fn dial(self: &Rc<Self>) -> Result<Dialed, ConnectError> {
        let pool = InUse::of(self);
        let stream = self.connector.dial().await?;
        Ok(Dialed { stream, pool })
    }

    /// Closes the idle connections, and keeps none from now on.
    pub(super) fn leave(&self) {
        self.is_gone.set(true);
        self.idle.take();
    }

    /// Watches the idle connections. Ends when there is none; the next new connection starts it
    /// again.
    async fn watch(self: Rc<Self>) {
        loop {
            let mut sweep = pin!(sleep(SWEEP));
            let has_any = poll_fn(|context| {
                self.watcher.borrow_mut().clone_from(context.waker());
                let mut idle = self.idle.borrow_mut();
                let has_any = idle.sweep(Instant::now(), |idle| idle.is_quiet(context));
                match sweep.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(has_any),
                    Poll::Pending => Poll::Pending,
                }
            });
            if !has_any.await {
                self.is_watched.set(false);
                return;
            }
        }
    }
}

impl Dialed {
    pub(super) fn pool(&self) -> &Rc<Pool> {
        &self.pool.0
    }

    /// Makes it a connection for an exchange.
    pub(super) async fn finish(self) -> Result<Lease, ConnectError> {
        let Self { stream, pool } = self;
        let connection = pool.0.connector.finish(stream).await?;
        if !pool.0.is_watched.replace(true) {
            actix_web::rt::spawn(Rc::clone(&pool.0).watch());
        }
        Ok(Lease { connection, pool })
    }
}

impl InUse {
    fn of(pool: &Rc<Pool>) -> Self {
        pool.replica.state.began();
        Self(Rc::clone(pool))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.replica.state.ended();
    }
}

impl Lease {
    /// The connection, and what goes on counting it at the replica.
    pub(in crate::upstream) fn into_parts(self) -> (Connection, InUse) {
        (self.connection, self.pool)
    }

    pub(in crate::upstream) fn sweep(&self) -> &Rc<Sweep> {
        &self.pool().sweep
    }

    pub(in crate::upstream) fn pool(&self) -> &Rc<Pool> {
        &self.pool.0
    }

    /// The `Host` of a request on it.
    pub(in crate::upstream) fn host(&self) -> &[u8] {
        self.pool().host.as_bytes()
    }

    /// The limits on the head of an answer.
    pub(in crate::upstream) fn limits(&self) -> AnswerLimits {
        self.pool().limits
    }

    /// Ends the lease after a complete exchange. If nothing more has come on it, the connection is
    /// kept for the next one: for `idle_timeout` or the upstream's own time, whichever is shorter.
    pub(in crate::upstream) fn give_back(mut self, said: Option<Duration>) {
        self.connection.rest();
        let pool = Rc::clone(self.pool());
        let watcher = pool.watcher.borrow();
        let is_quiet = self.connection.is_quiet(&mut Context::from_waker(&watcher));
        if is_quiet && !pool.is_gone.get() {
            let made = self.connection.made;
            let time = pool.idle_timeout;
            let time = said.map_or(time, |said| said.min(time));
            let mut idle = pool.idle.borrow_mut();
            idle.put(self.connection, made, Instant::now(), time);
        }
    }
}

#[cfg(test)]
mod tests;
