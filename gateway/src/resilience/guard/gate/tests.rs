//! Who gets a permit, and when.

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::{Client, Gate, GateSettings, NoPermit, Permit, Priorities, Priority};

const WAIT: Duration = Duration::from_millis(100);

const SETTINGS: GateSettings = GateSettings {
    concurrency: 1,
    floor: None,
    queue: 1,
    wait: WAIT,
    per_client: 1,
    priorities: Priorities {
        has_critical: true,
        has_normal: true,
    },
};

/// One permit and one place in the queue.
fn gate() -> Arc<Gate> {
    Gate::new(GateSettings {
        concurrency: 1,
        queue: 1,
        wait: WAIT,
        per_client: 1,
        ..SETTINGS
    })
}

/// A hundred permits, of which a client has three.
fn shared(queue: usize) -> Arc<Gate> {
    Gate::new(GateSettings {
        concurrency: 100,
        queue,
        wait: WAIT,
        per_client: 3,
        ..SETTINGS
    })
}

fn client(last: u8) -> Option<Client> {
    Some(Client::from(IpAddr::from([192, 0, 2, last])))
}

/// A client that shares no slot with client 1.
fn another(gate: &Gate) -> Option<Client> {
    let first = gate.shares.slot(client(1));
    let mut others = (2..=u8::MAX).map(client);
    others
        .find(|other| gate.shares.slot(*other) != first)
        .unwrap()
}

fn at_once(gate: &Arc<Gate>, client: Option<Client>) -> Option<Result<Permit, NoPermit>> {
    gate.enter(client, Priority::Normal).now_or_never()
}

fn take(gate: &Arc<Gate>, client: Option<Client>) -> Permit {
    let Some(Ok(permit)) = at_once(gate, client) else {
        panic!("there is no permit")
    };
    permit
}

fn refusal(entered: Result<Permit, NoPermit>) -> NoPermit {
    let Err(reason) = entered else {
        panic!("there is a permit")
    };
    reason
}

#[tokio::test]
async fn a_waiting_request_gets_the_permit_that_becomes_free() {
    let gate = gate();
    let first = take(&gate, None);
    assert_eq!(gate.in_flight(), 1);
    let mut second = pin!(gate.enter(None, Priority::Normal));
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    let second = second.await;
    assert!(second.is_ok());
    assert_eq!(gate.in_flight(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_configured() {
    let gate = gate();
    let _first = take(&gate, None);
    let began = Instant::now();
    assert_eq!(
        refusal(gate.enter(None, Priority::Normal).await),
        NoPermit::Overloaded
    );
    assert_eq!(began.elapsed(), WAIT);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_cancelled_request_leaves_it() {
    let gate = gate();
    let _first = take(&gate, None);
    {
        let mut second = pin!(gate.enter(None, Priority::Normal));
        assert!(second.as_mut().now_or_never().is_none());
        let third = at_once(&gate, None);
        assert_eq!(refusal(third.unwrap()), NoPermit::Overloaded);
    }
    assert!(at_once(&gate, None).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_over_its_share_waits_and_is_told_that_its_share_is_used() {
    let gate = shared(100);
    let _held = [(); 3].map(|()| take(&gate, client(1)));
    let began = Instant::now();
    assert_eq!(
        refusal(gate.enter(client(1), Priority::Normal).await),
        NoPermit::ShareUsed
    );
    assert_eq!(began.elapsed(), WAIT);
    let _other = take(&gate, another(&gate));
    assert_eq!(gate.in_flight(), 4);
}

#[tokio::test]
async fn a_client_that_waits_for_its_share_is_woken_by_its_own_permit() {
    let gate = shared(100);
    let mut held = vec![
        take(&gate, client(1)),
        take(&gate, client(1)),
        take(&gate, client(1)),
    ];
    let mut fourth = pin!(gate.enter(client(1), Priority::Normal));
    assert!(fourth.as_mut().now_or_never().is_none());
    let other = take(&gate, another(&gate));
    drop(other);
    assert!(fourth.as_mut().now_or_never().is_none());
    held.pop();
    let fourth = fourth.await;
    assert!(fourth.is_ok());
}

#[tokio::test]
async fn a_client_has_a_tenth_of_the_queue() {
    let gate = shared(20);
    let _held = [(); 3].map(|()| take(&gate, client(1)));
    let mut first = pin!(gate.enter(client(1), Priority::Normal));
    let mut second = pin!(gate.enter(client(1), Priority::Normal));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    let third = at_once(&gate, client(1));
    assert_eq!(refusal(third.unwrap()), NoPermit::ShareUsed);
}

#[tokio::test]
async fn a_client_over_its_share_is_told_so_without_a_queue() {
    let gate = shared(0);
    let _held = [(); 3].map(|()| take(&gate, client(1)));
    let refused = at_once(&gate, client(1));
    assert_eq!(refusal(refused.unwrap()), NoPermit::ShareUsed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_wait_leaves_nothing_counted() {
    let gate = Gate::new(GateSettings {
        concurrency: 2,
        queue: 10,
        wait: WAIT,
        per_client: 1,
        ..SETTINGS
    });
    let held = [take(&gate, None), take(&gate, None)];
    assert_eq!(
        refusal(gate.enter(client(1), Priority::Normal).await),
        NoPermit::Overloaded
    );
    drop(held);
    let permit = take(&gate, client(1));
    drop(permit);
    let _again = take(&gate, client(1));
}

#[tokio::test]
async fn a_transfer_frees_its_permit_and_counts_apart() {
    let gate = shared(0);
    let mut held = [(); 3].map(|()| take(&gate, client(1)));
    held.iter_mut().for_each(Permit::become_transfer);
    assert_eq!((gate.in_flight(), gate.transfers()), (0, 3));
    let mut more = [(); 3].map(|()| take(&gate, client(1)));
    // The client has used its share of the transfers too: these keep their permits.
    more.iter_mut().for_each(Permit::become_transfer);
    assert_eq!((gate.in_flight(), gate.transfers()), (3, 3));
    drop(held);
    more.iter_mut().for_each(Permit::become_transfer);
    assert_eq!((gate.in_flight(), gate.transfers()), (0, 3));
    drop(more);
    assert_eq!((gate.in_flight(), gate.transfers()), (0, 0));
}

#[tokio::test]
async fn there_are_no_more_transfers_than_permits() {
    let gate = gate();
    let mut first = take(&gate, None);
    first.become_transfer();
    let mut second = take(&gate, None);
    second.become_transfer();
    assert_eq!((gate.in_flight(), gate.transfers()), (1, 1));
}

#[tokio::test]
async fn tunnels_count_apart_and_each_client_has_a_share_of_them() {
    let gate = shared(0);
    let mine: Vec<_> = (0..3)
        .map(|_| gate.tunnel(client(1)).ok().unwrap())
        .collect();
    assert_eq!(gate.tunnel(client(1)).err(), Some(NoPermit::ShareUsed));
    assert_eq!((gate.in_flight(), gate.transfers()), (0, 0));
    let mut others = Vec::new();
    while let Ok(tunnel) = gate.tunnel(None) {
        others.push(tunnel);
    }
    assert_eq!(others.len() + mine.len(), gate.settings().concurrency);
    let _permit = take(&gate, client(1));
    drop(mine);
    assert!(gate.tunnel(client(1)).is_ok());
}

/// Enters with this priority, without a client.
fn with(
    gate: &Arc<Gate>,
    priority: Priority,
) -> Pin<Box<impl Future<Output = Result<Permit, NoPermit>>>> {
    Box::pin(gate.enter(None, priority))
}

#[tokio::test]
async fn a_sheddable_request_is_refused_at_once_when_half_is_in_use() {
    let gate = shared(100);
    let held: Vec<_> = (0..50).map(|_| take(&gate, None)).collect();
    let refused = with(&gate, Priority::Sheddable).now_or_never();
    assert_eq!(refusal(refused.unwrap()), NoPermit::Overloaded);
    drop(held);
    let admitted = with(&gate, Priority::Sheddable).now_or_never();
    assert!(admitted.unwrap().is_ok());
}

#[tokio::test]
async fn a_critical_request_waits_before_normal_ones() {
    let gate = shared(100);
    let critical = |gate| with(gate, Priority::Critical).now_or_never().unwrap().ok();
    let mut held: Vec<_> = (0..90).map(|_| take(&gate, None)).collect();
    held.extend((0..10).map(|_| critical(&gate).unwrap()));
    let mut normal = with(&gate, Priority::Normal);
    assert!(normal.as_mut().now_or_never().is_none());
    let mut critical = with(&gate, Priority::Critical);
    assert!(critical.as_mut().now_or_never().is_none());
    held.swap_remove(0);
    assert!(normal.as_mut().now_or_never().is_none());
    let _critical = critical.await.ok().unwrap();
    // The last tenth is not for normal requests.
    held.truncate(88);
    let _normal = normal.await.ok().unwrap();
    assert_eq!(gate.in_flight(), 90);
}

#[tokio::test]
async fn a_permit_for_a_request_that_left_goes_to_the_next_or_becomes_free() {
    let gate = gate();
    let first = take(&gate, None);
    let mut second = with(&gate, Priority::Normal);
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    assert_eq!(gate.in_flight(), 1, "it is the second's");
    drop(second);
    assert_eq!(gate.in_flight(), 0);
    let _third = take(&gate, None);
}

#[tokio::test]
async fn a_limit_that_rises_lets_waiting_requests_in() {
    let gate = shared(100);
    gate.set_limit(2);
    let _held = [take(&gate, None), take(&gate, None)];
    let mut waiting: Vec<_> = (0..3).map(|_| with(&gate, Priority::Normal)).collect();
    for one in &mut waiting {
        assert!(one.as_mut().now_or_never().is_none());
    }
    gate.set_limit(4);
    assert_eq!((gate.in_flight(), gate.limit()), (4, 4));
    let admitted: Vec<_> = waiting
        .iter_mut()
        .filter_map(|one| one.as_mut().now_or_never())
        .collect();
    assert_eq!(admitted.len(), 2);
}

#[tokio::test]
async fn a_waiting_request_takes_no_more_than_one_permit_before_it_is_woken() {
    let gate = shared(100);
    gate.set_limit(2);
    let held = [take(&gate, None), take(&gate, None)];
    let mut waiting = with(&gate, Priority::Normal);
    assert!(waiting.as_mut().now_or_never().is_none());
    gate.set_limit(50);
    drop(held);
    assert_eq!(gate.in_flight(), 1);
    drop(waiting);
    assert_eq!(gate.in_flight(), 0);
}
