//! Who gets a permit, and when.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::{Client, Gate, GateSettings, NoPermit, Permit};

const WAIT: Duration = Duration::from_millis(100);

/// One permit and one place in the queue.
fn gate() -> Arc<Gate> {
    Gate::new(GateSettings {
        concurrency: 1,
        queue: 1,
        wait: WAIT,
        per_client: 1,
    })
}

/// A hundred permits, of which a client has three.
fn shared(queue: usize) -> Arc<Gate> {
    Gate::new(GateSettings {
        concurrency: 100,
        queue,
        wait: WAIT,
        per_client: 3,
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
    gate.enter(client).now_or_never()
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
    let mut second = pin!(gate.enter(None));
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
    assert_eq!(refusal(gate.enter(None).await), NoPermit::Overloaded);
    assert_eq!(began.elapsed(), WAIT);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_cancelled_request_leaves_it() {
    let gate = gate();
    let _first = take(&gate, None);
    {
        let mut second = pin!(gate.enter(None));
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
    assert_eq!(refusal(gate.enter(client(1)).await), NoPermit::ShareUsed);
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
    let mut fourth = pin!(gate.enter(client(1)));
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
    let mut first = pin!(gate.enter(client(1)));
    let mut second = pin!(gate.enter(client(1)));
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
    });
    let held = [take(&gate, None), take(&gate, None)];
    assert_eq!(refusal(gate.enter(client(1)).await), NoPermit::Overloaded);
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
