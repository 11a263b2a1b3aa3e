//! The load generator: clients that ask at the same time, each one request after the other.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Error;

/// How often, and for how long, the clients of a load ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Requests per second of all clients together; without it, each client asks again as soon as
    /// it is answered.
    pub(crate) rate: Option<u32>,
    /// Whether a client that was kept waiting catches up. It then asks as often as it would have,
    /// otherwise at the same rate from then on.
    pub(crate) catches_up: bool,
    pub(crate) duration: Duration,
}

/// The times at which one client asks.
pub(crate) struct Turns {
    due: Instant,
    /// The time between two requests.
    every: Option<Duration>,
    catches_up: bool,
    end: Instant,
}

impl Pace {
    /// As many requests as are answered in `duration`.
    pub(crate) fn unhindered(duration: Duration) -> Self {
        Self {
            rate: None,
            catches_up: false,
            duration,
        }
    }

    /// The turns of a client from `begun` on. The clients are spread evenly over the time between
    /// two requests of one of them.
    pub(crate) fn turns(self, begun: Instant, number: usize, clients: usize) -> Turns {
        let between = self.rate.map(|rate| Duration::from_secs(1) / rate);
        Turns {
            due: begun + between.unwrap_or_default() * number as u32,
            every: between.map(|between| between * clients as u32),
            catches_up: self.catches_up,
            end: begun + self.duration,
        }
    }
}

impl Turns {
    /// Waits until the next request is due, and gives that moment; `None` after the last request.
    pub(crate) async fn next(&mut self) -> Option<Instant> {
        let Some(every) = self.every else {
            let now = Instant::now();
            return (now < self.end).then_some(now);
        };
        if self.due >= self.end {
            return None;
        }
        sleep_until(self.due).await;
        let due = self.due;
        self.due += every;
        if !self.catches_up {
            self.due = self.due.max(Instant::now());
        }
        Some(due)
    }
}

/// Puts a load on: runs `part` for all clients at the same time, each with its turns.
pub(crate) async fn run<C, F, T>(
    clients: Vec<C>,
    pace: Pace,
    part: impl Fn(C, Turns) -> F,
) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let (begun, count) = (Instant::now(), clients.len());
    let turns = |number| pace.turns(begun, number, count);
    side_by_side(clients, |number, client| part(client, turns(number))).await
}

/// Runs `part` for all clients at the same time, and gives what each part gives, in the order of
/// the clients.
pub(crate) async fn side_by_side<C, F, T>(
    clients: Vec<C>,
    part: impl Fn(usize, C) -> F,
) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let mut parts = JoinSet::new();
    for (number, client) in clients.into_iter().enumerate() {
        let part = part(number, client);
        parts.spawn(async move { (number, part.await) });
    }
    let mut done = Vec::with_capacity(parts.len());
    while let Some(part) = parts.join_next().await {
        let (number, part) = part?;
        done.push((number, part?));
    }
    done.sort_unstable_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, part)| part).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance, pause};

    use super::Pace;

    /// The moments, in tenths of a second, at which the second of two clients asks that gets its first
    /// answer after two seconds.
    async fn asked(catches_up: bool) -> Vec<u128> {
        let pace = Pace {
            rate: Some(4),
            catches_up,
            duration: Duration::from_secs(3),
        };
        let begun = Instant::now();
        let (mut turns, mut asked) = (pace.turns(begun, 1, 2), Vec::new());
        while turns.next().await.is_some() {
            asked.push(begun.elapsed().as_millis() / 100);
            if asked.len() == 1 {
                advance(Duration::from_secs(2)).await;
            }
        }
        asked
    }

    #[tokio::test]
    async fn a_client_that_was_kept_waiting_catches_up_or_not() {
        pause();
        assert_eq!(asked(true).await, [2, 22, 22, 22, 22, 27]);
        assert_eq!(asked(false).await, [2, 22, 22, 27]);
    }
}
