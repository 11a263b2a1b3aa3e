//! How many requests one client may send: a quota for each address, shared by all workers.
//!
//! Counted by the generic cell rate algorithm. A client may send its whole quota at once and gets
//! it back evenly, so nobody gains by waiting for a new minute. A client takes 8 bytes; counting
//! takes a hash, a reading of the clock and a compare-and-swap. There is no lock, no allocation and
//! no cleaning up.

mod fields;
pub(crate) mod leases;
mod quota;
mod table;

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use governor::RateLimiter;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use shared_types::problem::ReachedLimit;

use super::client::Client;
use fields::Policy;
pub(crate) use quota::Rate;
use table::Table;

/// One quota for each client.
pub(crate) struct RateLimit<C: Clock = DefaultClock> {
    rate: Rate,
    limiter: RateLimiter<Client, Table, C, StateInformationMiddleware>,
    policy: Policy,
}

/// The rest of an admitted client's quota.
#[derive(Debug)]
pub(crate) struct Standing<'l> {
    policy: &'l Policy,
    /// How many more requests would be admitted at once.
    remaining: u32,
}

/// A request beyond the quota.
#[derive(Debug)]
pub(crate) struct Exceeded<'l> {
    policy: &'l Policy,
    wait: Duration,
}

impl RateLimit {
    /// `name` is the limit's name in the answer's fields.
    pub(crate) fn new(name: &'static str, rate: Rate) -> Self {
        Self::with_clock(name, rate, DefaultClock::default())
    }
}

impl<C: Clock> RateLimit<C> {
    fn with_clock(name: &'static str, rate: Rate, clock: C) -> Self {
        Self {
            rate,
            limiter: RateLimiter::new(rate.quota(), Table::new(), clock),
            policy: Policy::new(name, rate),
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Counts a request of this address, unless it is beyond the quota. Refused requests do not
    /// count, so a client that keeps asking gets in as soon as one that waits.
    pub(crate) fn admit(&self, address: IpAddr) -> Result<Standing<'_>, Exceeded<'_>> {
        match self.limiter.check_key(&Client::from(address)) {
            Ok(state) => Ok(self.standing(state.remaining_burst_capacity())),
            Err(until) => Err(self.exceeded(until.wait_time_from(self.limiter.clock().now()))),
        }
    }

    /// Counts a request as `parts` requests, or as the whole quota if that is less: of `parts`
    /// gateways that count for themselves, each admits its part.
    pub(crate) fn admit_part(
        &self,
        address: IpAddr,
        parts: NonZeroU32,
    ) -> Result<Standing<'_>, Exceeded<'_>> {
        let parts = parts.min(self.rate.quota().burst_size());
        match self.limiter.check_key_n(&Client::from(address), parts) {
            Ok(Ok(state)) => Ok(self.standing(state.remaining_burst_capacity() / parts)),
            Ok(Err(until)) => Err(self.exceeded(until.wait_time_from(self.limiter.clock().now()))),
            // No quota is smaller than itself.
            Err(_insufficient) => Err(self.exceeded(self.rate.period())),
        }
    }

    /// The standing of a client that another count has admitted, with what that count has left.
    pub(crate) fn standing(&self, remaining: u32) -> Standing<'_> {
        Standing {
            policy: &self.policy,
            remaining,
        }
    }

    /// The refusal by another count, until one more request comes back.
    pub(crate) fn exceeded(&self, wait: Duration) -> Exceeded<'_> {
        Exceeded {
            policy: &self.policy,
            wait,
        }
    }
}

impl Standing<'_> {
    /// Writes it into the answer's fields.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        self.policy.write(self.remaining, headers);
    }
}

impl Exceeded<'_> {
    /// The quota, by its key.
    pub(crate) fn limit(&self) -> ReachedLimit {
        self.policy.limit()
    }

    /// Writes it into the answer's fields, with the time to wait.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        self.policy.write_exceeded(self.wait, headers);
    }
}

impl<C: Clock> fmt::Debug for RateLimit<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::num::NonZeroU32;
    use std::thread;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::RateLimit;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn limit(rate: &str) -> (RateLimit<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let limit = RateLimit::with_clock("default", rate.parse().unwrap(), clock.clone());
        (limit, clock)
    }

    /// How many of these requests at once are admitted.
    fn admitted(limit: &RateLimit<FakeRelativeClock>, address: IpAddr, requests: u32) -> usize {
        let asked = (0..requests).filter(|_| limit.admit(address).is_ok());
        asked.count()
    }

    #[test]
    fn the_whole_quota_may_be_used_at_once_and_no_more() {
        let (limit, _clock) = limit("600/10s");
        assert_eq!(admitted(&limit, HERE, 1000), 600);
    }

    #[test]
    fn the_quota_comes_back_evenly() {
        let (limit, clock) = limit("500/10s");
        admitted(&limit, HERE, 500);
        for _ in 0..5 {
            clock.advance(Duration::from_secs(1));
            assert_eq!(admitted(&limit, HERE, 100), 50);
        }
        clock.advance(Duration::from_secs(100));
        assert_eq!(admitted(&limit, HERE, 1000), 500);
    }

    #[test]
    fn the_remaining_requests_are_counted_down() {
        let (limit, _clock) = limit("3/1m");
        let left = [(); 3].map(|()| limit.admit(HERE).unwrap().remaining);
        assert_eq!(left, [2, 1, 0]);
    }

    #[test]
    fn each_of_several_gateways_admits_its_part() {
        for (rate, parts, expected) in [("600/10s", 3, 200), ("10/1m", 3, 3), ("2/1m", 3, 1)] {
            let (limit, _clock) = limit(rate);
            let parts = NonZeroU32::new(parts).unwrap();
            let asked = (0..1000).filter(|_| limit.admit_part(HERE, parts).is_ok());
            assert_eq!(asked.count(), expected, "{rate}");
        }
    }

    #[test]
    fn waiting_as_long_as_told_is_enough_and_any_less_is_not() {
        let (limit, clock) = limit("7/1m");
        admitted(&limit, HERE, 7);
        clock.advance(Duration::from_millis(1234));
        let wait = limit.admit(HERE).unwrap_err().wait;
        clock.advance(wait - Duration::from_nanos(1));
        assert!(limit.admit(HERE).is_err());
        clock.advance(Duration::from_nanos(1));
        assert!(limit.admit(HERE).is_ok());
    }

    #[test]
    fn asking_again_too_early_costs_nothing() {
        let (limit, clock) = limit("1/10s");
        admitted(&limit, HERE, 1000);
        clock.advance(Duration::from_secs(10));
        assert_eq!(admitted(&limit, HERE, 1000), 1);
    }

    #[test]
    fn a_flood_from_one_address_leaves_another_alone() {
        let (limit, _clock) = limit("5/1m");
        admitted(&limit, HERE, 10_000);
        // One of them may share its slot with the flood; all of them cannot.
        let others = (0..8).map(|last| IpAddr::from([203, 0, 113, last]));
        assert!(
            others
                .map(|other| admitted(&limit, other, 9))
                .any(|n| n == 5)
        );
    }

    #[test]
    fn workers_share_a_quota() {
        let (limit, _clock) = limit("1000/1h");
        let total: usize = thread::scope(|scope| {
            let workers = [(); 2].map(|()| scope.spawn(|| admitted(&limit, HERE, 900)));
            workers.map(|worker| worker.join().unwrap()).iter().sum()
        });
        assert_eq!(total, 1000);
    }

    proptest! {
        /// However a client spaces its requests, no stretch of time sees more than the quota and
        /// what came back meanwhile.
        #[test]
        fn no_stretch_of_time_sees_more_than_the_quota_and_what_came_back(
            requests in 1..20_u32,
            period in 1..100_u64,
            pauses in prop::collection::vec(0..3_000_000_000_u64, 1..200),
        ) {
            let (limit, clock) = limit(&format!("{requests}/{period}s"));
            let mut now = 0;
            let mut times = Vec::new();
            for pause in pauses {
                clock.advance(Duration::from_nanos(pause));
                now += pause;
                if limit.admit(HERE).is_ok() {
                    times.push(now);
                }
            }
            for (first, begin) in times.iter().enumerate() {
                for (last, end) in times.iter().enumerate().skip(first) {
                    let came_back = (end - begin) * u64::from(requests) / (period * 1_000_000_000);
                    prop_assert!((last - first + 1) as u64 <= u64::from(requests) + came_back);
                }
            }
        }
    }
}
