//! Connects to the first of several addresses that accepts (RFC 8305, "Happy Eyeballs").
//!
//! An address that swallows packets must not hide the others, so attempts overlap. The next address
//! is tried once the last attempt has failed, or after a pause, whichever comes first. The first
//! connection wins and the other attempts are dropped.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

/// The pause before the next address is tried (RFC 8305 §5 recommends 250 ms).
const PAUSE: Duration = Duration::from_millis(250);

/// The shortest pause (RFC 8305 §5).
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// The order of the attempts: `first`, then the others as they come, alternating between the two
/// families (RFC 8305 §4). No address occurs twice.
pub(super) fn in_order(addresses: &[SocketAddr], first: Option<SocketAddr>) -> Vec<SocketAddr> {
    let first = first.filter(|first| addresses.contains(first));
    let starts_with = first
        .as_ref()
        .or(addresses.first())
        .map(SocketAddr::is_ipv6);
    let of_family = |is_first: bool| {
        let is_of_it =
            move |address: &&SocketAddr| (Some(address.is_ipv6()) == starts_with) == is_first;
        first
            .filter(|_| is_first)
            .into_iter()
            .chain(addresses.iter().filter(is_of_it).copied())
    };
    let (mut one, mut other) = (of_family(true), of_family(false));
    let mut order: Vec<SocketAddr> = Vec::with_capacity(addresses.len());
    loop {
        let pair = [one.next(), other.next()];
        if pair == [None, None] {
            return order;
        }
        for address in pair.into_iter().flatten() {
            if !order.contains(&address) {
                order.push(address);
            }
        }
    }
}

/// The head start of an attempt on the next one. Every address gets its turn within `timeout`.
pub(super) fn pause(timeout: Duration, addresses: usize) -> Duration {
    let share = timeout / u32::try_from(addresses).unwrap_or(u32::MAX).max(1);
    PAUSE.min(share).max(LEAST_PAUSE)
}

/// Returns the first attempt that succeeds, or the last failure. Without an address there is
/// neither.
pub(super) async fn race<A: Copy, T, E, F: Future<Output = Result<T, E>>>(
    addresses: &[A],
    pause: Duration,
    attempt: impl Fn(A) -> F,
) -> Result<T, Option<E>> {
    let mut attempts = FuturesUnordered::new();
    let mut addresses = addresses.iter().copied();
    let mut failure = None;
    loop {
        if let Some(address) = addresses.next() {
            attempts.push(attempt(address));
        }
        let has_more = addresses.len() > 0;
        tokio::select! {
            ended = attempts.next() => match ended {
                Some(Ok(winner)) => return Ok(winner),
                Some(Err(error)) => failure = Some(error),
                None => return Err(failure),
            },
            () = sleep(pause), if has_more => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::{LEAST_PAUSE, PAUSE, in_order, pause, race};

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts
            .iter()
            .map(|text| format!("{text}:80").parse().unwrap())
            .collect()
    }

    #[test]
    fn the_families_alternate_from_the_resolvers_first() {
        for (resolved, expected) in [
            (
                &["[::1]", "[::2]", "10.0.0.1", "10.0.0.2"][..],
                &["[::1]", "10.0.0.1", "[::2]", "10.0.0.2"][..],
            ),
            (
                &["10.0.0.1", "10.0.0.2", "10.0.0.3", "[::1]"],
                &["10.0.0.1", "[::1]", "10.0.0.2", "10.0.0.3"],
            ),
            (&["10.0.0.1", "10.0.0.1"], &["10.0.0.1"]),
            (&[], &[]),
        ] {
            let order = in_order(&addresses(resolved), None);
            assert_eq!(order, addresses(expected), "{resolved:?}");
        }
    }

    #[test]
    fn the_address_of_the_last_connection_comes_first_while_the_name_has_it() {
        let resolved = addresses(&["[::1]", "[::2]", "10.0.0.1"]);
        let last = |text| Some(addresses(&[text])[0]);
        for (winner, expected) in [
            ("10.0.0.1", ["10.0.0.1", "[::1]", "[::2]"]),
            ("[::2]", ["[::2]", "10.0.0.1", "[::1]"]),
            ("10.0.0.9", ["[::1]", "10.0.0.1", "[::2]"]),
        ] {
            let order = in_order(&resolved, last(winner));
            assert_eq!(order, addresses(&expected), "{winner}");
        }
    }

    #[test]
    fn every_address_gets_its_turn_within_the_timeout() {
        assert_eq!(pause(Duration::from_secs(1), 2), PAUSE);
        assert_eq!(pause(Duration::from_secs(1), 8), Duration::from_millis(125));
        assert_eq!(
            pause(Duration::from_millis(200), 2),
            Duration::from_millis(100)
        );
        assert_eq!(pause(Duration::from_millis(20), 9), LEAST_PAUSE);
        assert_eq!(pause(Duration::MAX, 0), PAUSE);
    }

    /// Races addresses whose last part says what becomes of the attempt: it hangs, is refused at
    /// once, or connects after that many times 10 ms. Returns the winner or the last failure, and
    /// when each attempt began.
    async fn raced(texts: &[&str]) -> (Result<u8, Option<u8>>, Vec<(u8, u128)>) {
        let (began, start) = (RefCell::new(Vec::new()), Instant::now());
        let outcome = race(&addresses(texts), PAUSE, |address| {
            let SocketAddr::V4(address) = address else {
                panic!("{address}")
            };
            let [_, _, what, who] = address.ip().octets();
            began.borrow_mut().push((who, start.elapsed().as_millis()));
            async move {
                match what {
                    255 => std::future::pending().await,
                    0 => Err(who),
                    tens => {
                        sleep(Duration::from_millis(10) * u32::from(tens)).await;
                        Ok(who)
                    }
                }
            }
        })
        .await;
        (outcome, began.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_swallows_packets_does_not_hide_the_next() {
        let raced = raced(&["10.0.255.1", "10.0.255.2", "10.0.1.3", "10.0.1.4"]).await;
        assert_eq!(raced, (Ok(3), vec![(1, 0), (2, 250), (3, 500)]));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_the_next_is_tried_at_once() {
        let raced = raced(&["10.0.0.1", "10.0.0.2", "10.0.1.3"]).await;
        assert_eq!(raced, (Ok(3), vec![(1, 0), (2, 0), (3, 0)]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_address_still_wins_over_a_slower_second() {
        let raced = raced(&["10.0.30.1", "10.0.30.2"]).await;
        assert_eq!(raced, (Ok(1), vec![(1, 0), (2, 250)]));
    }

    #[tokio::test(start_paused = true)]
    async fn if_all_refuse_the_last_refusal_is_returned() {
        assert_eq!(raced(&["10.0.0.1", "10.0.0.2"]).await.0, Err(Some(2)));
        assert_eq!(raced(&[]).await.0, Err(None));
    }
}
