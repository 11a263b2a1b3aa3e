//! The concurrency limit of one upstream: how many requests may be under way, and how many may
//! wait. It may adapt to the upstream ([`Adaptive`](super::adaptive::Adaptive)).
//!
//! 1. A request takes a permit before the upstream is asked, and holds it while the upstream is
//!    waited for. A slow upstream then holds a stated number of connections and no more.
//! 2. An exchange that waits for its client to take the answer moves to the transfers, which are as
//!    many again. A client that reads slowly then holds no permit that another request needs.
//! 3. A WebSocket is a tunnel once it is open: it holds neither a permit nor a transfer. There may be
//!    as many tunnels as permits.
//! 4. One client has a share of each of these and of the queue, so that nobody can take an upstream
//!    from everybody.
//! 5. Priorities share the permits ([`Places`](super::places::Places)). A critical request waits before normal ones, and a
//!    sheddable one does not wait: its degraded answer comes at once.
//!
//! The wait is short and the queue bounded: it is better to tell a client to come back than to let
//! it wait.

mod permits;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use self::permits::Permits;
use super::adaptive::AdaptiveSettings;
use super::shares::{Kind, Shares, Slot};
use crate::fault::{Fault, UpstreamFault};
use crate::resilience::client::Client;
use crate::resilience::priority::{Priorities, Priority};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GateSettings {
    /// The number of permits, of transfers and of tunnels.
    pub(crate) concurrency: usize,
    /// How few permits an overload may leave. `None` if their number is fixed.
    pub(crate) floor: Option<usize>,
    /// How many requests may wait.
    pub(crate) queue: usize,
    /// How long they may wait.
    pub(crate) wait: Duration,
    /// The most permits, transfers and tunnels of one client.
    pub(crate) per_client: usize,
    pub(crate) priorities: Priorities,
}

impl GateSettings {
    pub(super) fn adaptive(&self) -> Option<AdaptiveSettings> {
        let ceiling = self.concurrency;
        self.floor.map(|floor| AdaptiveSettings { floor, ceiling })
    }
}

pub(super) struct Gate {
    settings: GateSettings,
    permits: Permits,
    transfers: AtomicUsize,
    tunnels: AtomicUsize,
    waiting: AtomicUsize,
    /// Critical requests have a queue of their own: normal ones fill the other.
    critical_waiting: AtomicUsize,
    shares: Shares,
    /// Requests that wait for their own client to give a permit back, and what wakes them.
    wanting: AtomicUsize,
    given_back: Notify,
}

/// The right to have one request under way, until it is dropped.
pub(crate) struct Permit {
    gate: Arc<Gate>,
    slot: Slot,
    priority: Priority,
    is_transfer: bool,
}

/// The right to have one tunnel open, until it is dropped.
pub(crate) struct TunnelPermit {
    gate: Arc<Gate>,
    slot: Slot,
}

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPermit {
    /// No permit was free, and none was given back in time.
    Overloaded,
    /// The client has used its share, and none of its own requests ended in time.
    ShareUsed,
}

/// The error for an upstream whose permits are all in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overloaded;

impl From<Overloaded> for Fault {
    fn from(_: Overloaded) -> Self {
        Self::upstream(
            UpstreamFault::Overloaded,
            "not asked: too many requests are under way",
        )
    }
}

impl From<NoPermit> for Fault {
    fn from(reason: NoPermit) -> Self {
        match reason {
            NoPermit::Overloaded => Overloaded.into(),
            NoPermit::ShareUsed => Self::ShareUsed,
        }
    }
}

/// A request that waits.
struct Waiting<'g> {
    gate: &'g Gate,
    queue: &'g AtomicUsize,
    slot: Slot,
}

/// A request that waits for another one of its own client to end.
struct Wanting<'g>(&'g AtomicUsize);

impl Gate {
    pub(super) fn new(settings: GateSettings) -> Arc<Self> {
        let GateSettings {
            concurrency,
            queue,
            per_client,
            ..
        } = settings;
        Arc::new(Self {
            settings,
            permits: Permits::new(settings.floor.unwrap_or(concurrency), settings.priorities),
            transfers: AtomicUsize::new(0),
            tunnels: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            critical_waiting: AtomicUsize::new(0),
            shares: Shares::new(per_client, concurrency, queue),
            wanting: AtomicUsize::new(0),
            given_back: Notify::new(),
        })
    }

    pub(super) fn settings(&self) -> GateSettings {
        self.settings
    }

    /// `client` is `None` for the gateway's own requests.
    pub(super) async fn enter(
        self: &Arc<Self>,
        client: Option<Client>,
        priority: Priority,
    ) -> Result<Permit, NoPermit> {
        let slot = self.shares.slot(client);
        match self.try_enter(slot, priority) {
            Ok(permit) => Ok(permit),
            Err(NoPermit::Overloaded) if priority == Priority::Sheddable => {
                Err(NoPermit::Overloaded)
            }
            // Boxed, or each request would carry the space that waiting needs.
            Err(reason) => Box::pin(self.wait(slot, priority, reason)).await,
        }
    }

    /// Counts another tunnel.
    pub(super) fn tunnel(
        self: &Arc<Self>,
        client: Option<Client>,
    ) -> Result<TunnelPermit, NoPermit> {
        let slot = self.shares.slot(client);
        if !self.shares.take(slot, Kind::Tunnel) {
            return Err(NoPermit::ShareUsed);
        }
        if !count_one(&self.tunnels, self.settings.concurrency) {
            self.shares.give_back(slot, Kind::Tunnel);
            return Err(NoPermit::Overloaded);
        }
        Ok(TunnelPermit {
            gate: Arc::clone(self),
            slot,
        })
    }

    fn try_enter(self: &Arc<Self>, slot: Slot, priority: Priority) -> Result<Permit, NoPermit> {
        if !self.shares.take(slot, Kind::Permit) {
            return Err(NoPermit::ShareUsed);
        }
        if !self.permits.take(priority) {
            self.give_back_share(slot);
            return Err(NoPermit::Overloaded);
        }
        Ok(self.permit(slot, priority))
    }

    /// Waits for the client's own share first, then for a permit, both within one `wait`.
    async fn wait(
        self: &Arc<Self>,
        slot: Slot,
        priority: Priority,
        reason: NoPermit,
    ) -> Result<Permit, NoPermit> {
        let _waiting = Waiting::join(self, (slot, priority), reason)?;
        let end = Instant::now() + self.settings.wait;
        let share = timeout_at(end, self.take_share(slot));
        share.await.map_err(|_elapsed| NoPermit::ShareUsed)?;
        // From here on, dropping `share` gives the share back.
        let share = Share { gate: self, slot };
        if !self.permits.wait(priority, end).await {
            return Err(NoPermit::Overloaded);
        }
        std::mem::forget(share);
        Ok(self.permit(slot, priority))
    }

    /// Allows this many permits from now on.
    pub(super) fn set_limit(&self, limit: usize) {
        self.permits.set_limit(limit);
    }

    /// The number of permits now.
    pub(super) fn limit(&self) -> usize {
        self.permits.limit()
    }

    async fn take_share(&self, slot: Slot) {
        let _wanting = Wanting::join(&self.wanting);
        loop {
            let mut given_back = std::pin::pin!(self.given_back.notified());
            // Enabled before the check: what is given back in between would otherwise wake nobody.
            given_back.as_mut().enable();
            if self.shares.take(slot, Kind::Permit) {
                return;
            }
            given_back.await;
        }
    }

    fn permit(self: &Arc<Self>, slot: Slot, priority: Priority) -> Permit {
        Permit {
            gate: Arc::clone(self),
            slot,
            priority,
            is_transfer: false,
        }
    }

    fn give_back_share(&self, slot: Slot) {
        self.shares.give_back(slot, Kind::Permit);
        if self.wanting.load(Ordering::SeqCst) > 0 {
            self.given_back.notify_waiters();
        }
    }

    fn give_back_permit(&self, slot: Slot, priority: Priority) {
        self.permits.give_back(priority);
        self.give_back_share(slot);
    }

    /// The number of permits in use.
    pub(super) fn in_flight(&self) -> usize {
        self.permits.held()
    }

    pub(super) fn transfers(&self) -> usize {
        self.transfers.load(Ordering::Relaxed)
    }
}

impl Permit {
    /// Gives the permit back and counts among the transfers: from now on, the client is waited for.
    /// If the transfers, or the client's share of them, are used up, it keeps the permit, which is
    /// one of the client's own share. So the number of connections to the upstream stays bounded.
    pub(crate) fn become_transfer(&mut self) {
        let Gate {
            settings,
            transfers,
            shares,
            ..
        } = &*self.gate;
        if self.is_transfer || !shares.take(self.slot, Kind::Transfer) {
            return;
        }
        if !count_one(transfers, settings.concurrency) {
            shares.give_back(self.slot, Kind::Transfer);
            return;
        }
        self.is_transfer = true;
        self.gate.give_back_permit(self.slot, self.priority);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_transfer {
            self.gate.transfers.fetch_sub(1, Ordering::Relaxed);
            self.gate.shares.give_back(self.slot, Kind::Transfer);
        } else {
            self.gate.give_back_permit(self.slot, self.priority);
        }
    }
}

impl Drop for TunnelPermit {
    fn drop(&mut self) {
        self.gate.tunnels.fetch_sub(1, Ordering::Relaxed);
        self.gate.shares.give_back(self.slot, Kind::Tunnel);
    }
}

/// Counts one more, up to `most`.
fn count_one(counter: &AtomicUsize, most: usize) -> bool {
    let counted = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
        (count < most).then_some(count + 1)
    });
    counted.is_ok()
}

/// A permit's share, while the permit itself is waited for.
struct Share<'g> {
    gate: &'g Gate,
    slot: Slot,
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.gate.give_back_share(self.slot);
    }
}

impl<'g> Waiting<'g> {
    /// `reason` is the error for a request that finds the queue full.
    fn join(
        gate: &'g Gate,
        (slot, priority): (Slot, Priority),
        reason: NoPermit,
    ) -> Result<Self, NoPermit> {
        let queue = match priority {
            Priority::Critical => &gate.critical_waiting,
            Priority::Normal | Priority::Sheddable => &gate.waiting,
        };
        if !gate.shares.take(slot, Kind::Waiting) {
            return Err(NoPermit::ShareUsed);
        }
        if !count_one(queue, gate.settings.queue) {
            gate.shares.give_back(slot, Kind::Waiting);
            return Err(reason);
        }
        Ok(Self { gate, queue, slot })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.queue.fetch_sub(1, Ordering::Relaxed);
        self.gate.shares.give_back(self.slot, Kind::Waiting);
    }
}

impl<'g> Wanting<'g> {
    fn join(wanting: &'g AtomicUsize) -> Self {
        wanting.fetch_add(1, Ordering::SeqCst);
        Self(wanting)
    }
}

impl Drop for Wanting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
