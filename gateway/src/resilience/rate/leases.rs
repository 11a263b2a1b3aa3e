//! Requests of a shared quota that this gateway may admit by itself: taken from the shared count
//! ahead of time, a few for each client, so that most requests need not ask the shared store.
//!
//! What is leased is already counted, so all gateways together never admit more than the quota. A
//! lease is one request in [`PARTS`] of the quota: what some gateways hold unused, others lack, and
//! that stays below 1 % for two of them. This module takes `now` and does no I/O.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::quota::Rate;
use crate::resilience::by_client::ByClient;
use crate::resilience::client::Client;

/// A lease is this part of the quota, and at least one request.
const PARTS: u32 = 200;

/// The clients that are remembered, with about 64 bytes for each. One that is forgotten asks again.
const SLOTS: usize = 16_384;

/// How long a request waits for an answer about its client's lease before another one asks too.
const ASKING: Duration = Duration::from_millis(10);

/// What each client may still do without asking.
pub(crate) struct Leases {
    clients: ByClient<Mutex<Slot>, SLOTS>,
    size: u32,
    period: Duration,
    /// The time in which one request comes back.
    interval: Duration,
}

/// The state of the last client that used this slot.
#[derive(Default)]
struct Slot {
    client: Option<Client>,
    state: State,
    /// When a lease was asked for, until it is there.
    asked: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Empty,
    /// This many requests are counted already, to be used until then. The whole quota has `left`.
    Leased {
        requests: u32,
        left: u32,
        until: Instant,
    },
    /// No gateway admits a request until then.
    Exhausted { until: Instant },
}

/// What to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Decided(Decision),
    /// Ask the shared count for this many requests, and tell [`Leases::note`] the answer.
    Ask {
        requests: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// `left` requests remain of the shared quota, as far as this gateway knows.
    Admitted {
        left: u32,
    },
    Refused {
        wait: Duration,
    },
}

/// The answer of the shared count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// At least one request is counted. `left` requests remain after these.
    Granted { requests: u32, left: u32 },
    /// The next request comes back after this time.
    Exhausted { wait: Duration },
}

impl Leases {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            clients: ByClient::new(),
            size: (rate.requests() / PARTS).max(1),
            period: rate.period(),
            interval: rate.interval(),
        }
    }

    /// Decides about one request of this client.
    pub(crate) fn claim(&self, client: Client, now: Instant) -> Claim {
        let mut slot = self.slot(client);
        if let Some(decision) = slot.known(now) {
            return Claim::Decided(decision);
        }
        let is_asking = slot
            .asked
            .is_some_and(|since| now.saturating_duration_since(since) < ASKING);
        match slot.state {
            // One request finds out whether any came back. A flood does not ask for each of its own.
            State::Exhausted { .. } if is_asking => Claim::Decided(Decision::Refused {
                wait: self.interval,
            }),
            // Requests at the same time ask for themselves alone, so that a crowd leases no crowd.
            _ if is_asking => Claim::Ask { requests: 1 },
            _ => {
                slot.asked = Some(now);
                Claim::Ask {
                    requests: self.size,
                }
            }
        }
    }

    /// What is known without asking. `None` if nothing is.
    pub(crate) fn known(&self, client: Client, now: Instant) -> Option<Decision> {
        self.slot(client).known(now)
    }

    /// Decides about the request that asked, and keeps the rest of what was granted.
    pub(crate) fn note(&self, client: Client, grant: Grant, now: Instant) -> Decision {
        let mut slot = self.slot(client);
        slot.asked = None;
        match grant {
            Grant::Granted { requests, left } => {
                let more = requests.saturating_sub(1);
                let held = match slot.state {
                    State::Leased {
                        requests, until, ..
                    } if now < until => requests,
                    _ => 0,
                };
                let requests = held.saturating_add(more);
                slot.state = State::Leased {
                    requests,
                    left,
                    until: now + self.period,
                };
                let left = left.saturating_add(requests);
                Decision::Admitted { left }
            }
            // Another request has leased some meanwhile.
            Grant::Exhausted { wait } => slot.known(now).unwrap_or_else(|| {
                // Nothing takes longer to come back than the whole quota.
                let wait = wait.min(self.period);
                slot.state = State::Exhausted { until: now + wait };
                Decision::Refused { wait }
            }),
        }
    }

    /// The client's slot, emptied if another client had it.
    fn slot(&self, client: Client) -> MutexGuard<'_, Slot> {
        let slot = self.clients.of(&client).lock();
        let mut slot = slot.unwrap_or_else(PoisonError::into_inner);
        if slot.client != Some(client) {
            *slot = Slot {
                client: Some(client),
                ..Slot::default()
            };
        }
        slot
    }
}

impl Slot {
    /// Takes one of the leased requests, or refuses.
    fn known(&mut self, now: Instant) -> Option<Decision> {
        match &mut self.state {
            State::Exhausted { until } if now < *until => {
                Some(Decision::Refused { wait: *until - now })
            }
            State::Leased {
                requests: requests @ 1..,
                left,
                until,
            } if now < *until => {
                *requests -= 1;
                Some(Decision::Admitted {
                    left: left.saturating_add(*requests),
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
