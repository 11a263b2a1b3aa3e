//! The connections to the upstreams: one pool per upstream and worker, so that threads share
//! nothing and an upstream that hangs takes no connection from another.
//!
//! The number of open connections is not limited here. A task for each pool watches the idle ones,
//! and closes a connection at once when the upstream closes it or sends unasked bytes.

mod idle;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::{Instant, sleep};

use self::idle::Idle;
use crate::settings::UpstreamSettings;
use crate::settings::limits::{AnswerLimits, Limits};
use crate::upstream::connection::connect::{ConnectError, Connection, Connector};
use crate::upstream::connection::sweep::Sweep;
use crate::upstream::connection::tls::TlsConfig;
use crate::upstream::running::Upstream;

/// How often to look for idle connections that have grown old, while there are any.
const SWEEP: Duration = Duration::from_secs(1);

/// The pools of one worker: one for each upstream that it has asked, by the number of its pools.
pub(crate) struct Pools {
    pools: RefCell<BTreeMap<usize, Rc<Pool>>>,
    limits: AnswerLimits,
    tls: TlsConfig,
}

pub(crate) struct Pool {
    connector: Connector,
    /// The `Host` for this upstream.
    host: HeaderValue,
    /// The upstream's `idle_timeout`.
    idle_timeout: Duration,
    limits: AnswerLimits,
    idle: RefCell<Idle<Connection>>,
    /// Looks after the answers that wait for their clients.
    sweep: Rc<Sweep>,
    is_watched: Cell<bool>,
    /// Wakes the task that watches the idle connections.
    watcher: RefCell<Waker>,
}

/// A connection that one exchange has to itself. Dropping it closes the connection, because the
/// rest of a broken exchange cannot be told from the next one.
pub(in crate::upstream) struct Lease {
    pub(in crate::upstream) connection: Connection,
    pool: Rc<Pool>,
}

impl Pools {
    pub(crate) fn new(limits: &Limits, tls: &TlsConfig) -> Self {
        Self {
            pools: RefCell::default(),
            limits: limits.answers,
            tls: tls.clone(),
        }
    }

    /// The upstream's pool, made when the upstream is first asked.
    pub(crate) fn of(&self, upstream: &Upstream) -> Rc<Pool> {
        let mut pools = self.pools.borrow_mut();
        let make = || Rc::new(Pool::new(&upstream.settings, self.limits, &self.tls));
        Rc::clone(pools.entry(upstream.pool).or_insert_with(make))
    }

    /// The pools of a worker for a new configuration, with those of `upstreams` that it has
    /// already. The others close with the last exchange that uses them.
    pub(crate) fn succeeding(
        &self,
        upstreams: &[Arc<Upstream>],
        limits: &Limits,
        tls: &TlsConfig,
    ) -> Self {
        let new = Self::new(limits, tls);
        if new.limits == self.limits {
            let pools = self.pools.borrow();
            let known = upstreams.iter().filter_map(|upstream| {
                let pool = pools.get(&upstream.pool)?;
                Some((upstream.pool, Rc::clone(pool)))
            });
            new.pools.borrow_mut().extend(known);
        }
        new
    }
}

impl Pool {
    fn new(upstream: &UpstreamSettings, limits: AnswerLimits, tls: &TlsConfig) -> Self {
        Self {
            connector: Connector::new(upstream, tls),
            host: upstream.url.host_field(),
            idle_timeout: upstream.idle_timeout,
            limits,
            idle: RefCell::default(),
            sweep: Rc::default(),
            is_watched: Cell::default(),
            watcher: RefCell::new(Waker::noop().clone()),
        }
    }

    pub(in crate::upstream) fn host(&self) -> &[u8] {
        self.host.as_bytes()
    }

    /// Takes an idle connection, if there is one.
    pub(in crate::upstream) fn take(self: &Rc<Self>) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        let mut nobody = Context::from_waker(Waker::noop());
        let connection = idle.take(Instant::now(), |idle| idle.is_quiet(&mut nobody))?;
        Some(self.lease(connection))
    }

    /// Finds out whether the upstream accepts a connection, and keeps it for the next exchange.
    pub(in crate::upstream) async fn meet(self: &Rc<Self>) -> Result<(), ConnectError> {
        if !self.has_idle() {
            self.connect().await?.give_back(None);
        }
        Ok(())
    }

    fn has_idle(&self) -> bool {
        let watcher = self.watcher.borrow();
        let mut watcher = Context::from_waker(&watcher);
        let mut idle = self.idle.borrow_mut();
        idle.sweep(Instant::now(), |idle| idle.is_quiet(&mut watcher))
    }

    /// Opens a new connection.
    pub(in crate::upstream) async fn connect(self: &Rc<Self>) -> Result<Lease, ConnectError> {
        let connection = self.connector.connect().await?;
        if !self.is_watched.replace(true) {
            actix_web::rt::spawn(Rc::clone(self).watch());
        }
        Ok(self.lease(connection))
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

    fn lease(self: &Rc<Self>, connection: Connection) -> Lease {
        Lease {
            connection,
            pool: Rc::clone(self),
        }
    }
}

impl Lease {
    pub(in crate::upstream) fn sweep(&self) -> &Rc<Sweep> {
        &self.pool.sweep
    }

    /// The limits on the head of an answer.
    pub(in crate::upstream) fn limits(&self) -> AnswerLimits {
        self.pool.limits
    }

    /// Ends the lease after a complete exchange. If nothing more has come on it, the connection is
    /// kept for the next one: for `idle_timeout` or the upstream's own time, whichever is shorter.
    pub(in crate::upstream) fn give_back(mut self, said: Option<Duration>) {
        self.connection.rest();
        let watcher = self.pool.watcher.borrow();
        if self.connection.is_quiet(&mut Context::from_waker(&watcher)) {
            let made = self.connection.made;
            let time = self.pool.idle_timeout;
            let time = said.map_or(time, |said| said.min(time));
            let mut idle = self.pool.idle.borrow_mut();
            idle.put(self.connection, made, Instant::now(), time);
        }
    }
}

#[cfg(test)]
mod tests;
