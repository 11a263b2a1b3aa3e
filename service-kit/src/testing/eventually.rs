//! Waits for a condition that other tasks or processes bring about.

use std::time::{Duration, Instant};

/// For a busy machine with two cores, of which one hashes all passwords. A passing test does not
/// wait this long.
const TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// Repeats `ask` until it returns a value.
///
/// # Panics
/// After a minute, naming `what`.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < TIMEOUT, "waited in vain for {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
