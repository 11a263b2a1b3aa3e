//! The attackers: many clients on their own thread, each of which begins again when it is cut.
//!
//! With their own thread, they cost the honest client's load generator nothing but its core. They
//! begin again at a bounded rate, however fast they are cut, and stop when the crowd is dropped,
//! whatever happens.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::net::Target;

/// How many begin again each second, over all attackers: more than the default rate limit lets
/// through.
const AGAIN: u32 = 100;

#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) clients: usize,
    /// How many begin each second at the start.
    pub(super) rush: usize,
    /// How many addresses they come from.
    pub(super) addresses: usize,
}

/// Limits how often attackers begin again.
#[derive(Clone)]
pub(super) struct Pace(Arc<Mutex<Interval>>);

/// One attacker.
pub(super) struct Attacker {
    pub(super) number: usize,
    pub(super) source: Ipv4Addr,
    pub(super) target: Target,
    pub(super) pace: Pace,
}

/// Attackers that stop when this is dropped.
pub(super) struct Crowd(Option<Runtime>);

impl Pace {
    fn new() -> Self {
        let mut ticks = interval(Duration::from_secs(1) / AGAIN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(Arc::new(Mutex::new(ticks)))
    }

    pub(super) async fn turn(&self) {
        self.0.lock().await.tick().await;
    }
}

impl Crowd {
    /// Starts attackers that each do `act` again and again.
    pub(super) fn gather<F>(
        target: &Target,
        size: Size,
        act: impl Fn(Arc<Attacker>) -> F + Clone + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build()?;
        let pace = {
            let _context = runtime.enter();
            Pace::new()
        };
        for number in 0..size.clients {
            let attacker = Arc::new(Attacker {
                number,
                source: source(number % size.addresses),
                target: target.clone(),
                pace: pace.clone(),
            });
            let act = act.clone();
            let delay = Duration::from_secs_f64(number as f64 / size.rush as f64);
            runtime.spawn(async move {
                sleep(delay).await;
                loop {
                    // It begins again, however it ended.
                    let _ = act(Arc::clone(&attacker)).await;
                    attacker.pace.turn().await;
                }
            });
        }
        Ok(Self(Some(runtime)))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The address of an attacker: `127.0.0.2`, or another that is not the honest client's.
fn source(number: usize) -> Ipv4Addr {
    let last = if number == 0 {
        2
    } else {
        number.saturating_add(3)
    };
    Ipv4Addr::new(127, 0, 0, u8::try_from(last).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::source;
    use crate::siege::net::GUEST;

    #[test]
    fn no_attacker_has_the_honest_client_s_address() {
        assert_eq!(source(0).to_string(), "127.0.0.2");
        assert_eq!(source(1).to_string(), "127.0.0.4");
        assert!((0..9).all(|number| source(number) != GUEST));
    }
}
