//! Gateways that share a count which is simulated here, with one client.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Claim, Decision, Grant, Leases};
use crate::resilience::client::Client;
use crate::resilience::rate::Rate;

fn client(last: u8) -> Client {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)).into()
}

/// The shared count, as the store's script keeps it.
struct Count {
    interval: Duration,
    burst: u32,
    /// The theoretical arrival time, since the start.
    tat: Duration,
}

impl Count {
    fn of(rate: Rate) -> Self {
        Self {
            interval: rate.quota().replenish_interval(),
            burst: rate.quota().burst_size().get(),
            tat: Duration::ZERO,
        }
    }

    fn grant(&mut self, wanted: u32, now: Duration) -> Grant {
        let tat = self.tat.max(now);
        let room = (now + self.interval * self.burst - tat).as_nanos() / self.interval.as_nanos();
        let room = room as u32;
        let requests = room.min(wanted);
        if requests == 0 {
            let wait = tat + self.interval - self.interval * self.burst - now;
            return Grant::Exhausted { wait };
        }
        self.tat = tat + self.interval * requests;
        let left = room - requests;
        Grant::Granted { requests, left }
    }
}

#[test]
fn a_lease_spares_asking_until_it_is_used_up() {
    let rate: Rate = "600/10s".parse().unwrap();
    let (leases, mut count) = (Leases::new(rate), Count::of(rate));
    let now = Instant::now();
    assert_eq!(leases.claim(client(1), now), Claim::Ask { requests: 3 });
    let grant = count.grant(3, Duration::ZERO);
    assert_eq!(
        leases.note(client(1), grant, now),
        Decision::Admitted { left: 599 }
    );
    assert_eq!(
        leases.claim(client(1), now),
        Claim::Decided(Decision::Admitted { left: 598 })
    );
    assert_eq!(
        leases.claim(client(1), now),
        Claim::Decided(Decision::Admitted { left: 597 })
    );
    assert_eq!(leases.claim(client(1), now), Claim::Ask { requests: 3 });
}

#[test]
fn a_small_quota_is_asked_for_each_request() {
    let leases = Leases::new("10/1m".parse().unwrap());
    let now = Instant::now();
    for left in (0..10).rev() {
        assert_eq!(leases.claim(client(1), now), Claim::Ask { requests: 1 });
        let grant = Grant::Granted { requests: 1, left };
        assert_eq!(
            leases.note(client(1), grant, now),
            Decision::Admitted { left }
        );
    }
}

#[test]
fn requests_that_come_while_one_asks_lease_nothing() {
    let leases = Leases::new("100000/10s".parse().unwrap());
    let now = Instant::now();
    assert_eq!(leases.claim(client(1), now), Claim::Ask { requests: 500 });
    for _ in 0..9 {
        assert_eq!(leases.claim(client(1), now), Claim::Ask { requests: 1 });
    }
    // The one that asked may have gone away.
    let later = now + Duration::from_millis(10);
    assert_eq!(leases.claim(client(1), later), Claim::Ask { requests: 500 });
}

#[test]
fn a_refused_client_is_refused_without_asking_until_its_time_has_come() {
    let leases = Leases::new("10/1m".parse().unwrap());
    let now = Instant::now();
    let wait = Duration::from_secs(6);
    let refused = leases.note(client(1), Grant::Exhausted { wait }, now);
    assert_eq!(refused, Decision::Refused { wait });
    let almost = now + wait - Duration::from_nanos(1);
    let still = Decision::Refused {
        wait: Duration::from_nanos(1),
    };
    assert_eq!(leases.claim(client(1), almost), Claim::Decided(still));
    assert_eq!(
        leases.claim(client(1), now + wait),
        Claim::Ask { requests: 1 }
    );
}

#[test]
fn a_lease_that_nobody_used_for_a_whole_period_is_forgotten() {
    let leases = Leases::new("600/10s".parse().unwrap());
    let now = Instant::now();
    let grant = Grant::Granted {
        requests: 3,
        left: 597,
    };
    leases.note(client(1), grant, now);
    let later = now + Duration::from_secs(10);
    assert_eq!(leases.claim(client(1), later), Claim::Ask { requests: 3 });
}

#[test]
fn no_client_gets_the_lease_or_the_refusal_of_another() {
    let leases = Leases::new("600/10s".parse().unwrap());
    let now = Instant::now();
    let refusal = Grant::Exhausted {
        wait: Duration::from_secs(9),
    };
    leases.note(client(1), refusal, now);
    for last in 2..=255 {
        assert_eq!(leases.claim(client(last), now), Claim::Ask { requests: 3 });
    }
}

proptest! {
    /// However a client spreads its requests over three gateways, all of them together admit no
    /// more than the quota, what came back, and the leases; and a client that asks for more than
    /// its quota gets all of it but what lies unused in leases.
    #[test]
    fn gateways_admit_the_quota_together(
        quota in 1..3000_u32,
        steps in prop::collection::vec((0..3_usize, 0..5_000_000_u64), 4000..6000),
    ) {
        let rate: Rate = format!("{quota}/10s").parse().unwrap();
        let mut count = Count::of(rate);
        let gateways = [(); 3].map(|()| Leases::new(rate));
        let begin = Instant::now();
        let (mut since, mut admitted) = (Duration::ZERO, 0_u32);
        for (gateway, pause) in steps {
            since += Duration::from_nanos(pause);
            let now = begin + since;
            let leases = &gateways[gateway];
            let decision = match leases.claim(client(1), now) {
                Claim::Ask { requests } => {
                    leases.note(client(1), count.grant(requests, since), now)
                }
                Claim::Decided(decision) => decision,
            };
            admitted += u32::from(matches!(decision, Decision::Admitted { .. }));
            let interval = rate.quota().replenish_interval();
            let came_back = (since.as_nanos() / interval.as_nanos()) as u32;
            prop_assert!(admitted <= quota + came_back);
        }
        let interval = rate.quota().replenish_interval();
        let due = quota + (since.as_nanos() / interval.as_nanos()) as u32;
        let unused = 3 * (quota / 200).max(1);
        // Each refusal lasts until one request comes back, not until this gateway's turn.
        prop_assert!(admitted + unused + 1 >= due.min(4000), "{admitted} of {due}");
    }
}
