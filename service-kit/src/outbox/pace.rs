//! How much is tried at once, and when again. No I/O.
//!
//! Two things can go wrong, and they are paced apart. A message that is refused waits longer each time, by itself
//! ([`retry_after`]). A recipient that is not there is left alone as a whole ([`Pace`]), since trying one message after the
//! other against a closed door would tell no more; when it is back, everything that waits goes out at once.

use std::time::{Duration, Instant};

/// How many messages are under way to one recipient. Enough for several thousand a second, few enough not to overrun it
/// when it comes back to a long queue.
const WINDOW: usize = 32;

/// The first wait, and what the waits for a message and for a recipient grow to.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST_FOR_MESSAGE: Duration = Duration::from_secs(60);
/// What was missed arrives this soon after the recipient is back.
const LONGEST_FOR_RECIPIENT: Duration = Duration::from_secs(2);

/// How long a message waits that went wrong `attempts` times before this one.
pub(super) fn retry_after(attempts: i32) -> Duration {
    let attempts = u32::try_from(attempts).unwrap_or(0);
    jittered(doubled(attempts, LONGEST_FOR_MESSAGE), rand::random())
}

fn doubled(times: u32, longest: Duration) -> Duration {
    // Ten doublings are above every limit here.
    (FIRST * 2_u32.pow(times.min(10))).min(longest)
}

/// Between half of `wait` and all of it, so that what went wrong together is not tried again together.
fn jittered(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(0.5 + random / 2.0)
}

/// What is worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Lost,
    Back,
}

/// Whether one recipient is there.
#[derive(Debug, Default)]
pub(super) struct Pace {
    away: Option<Away>,
}

#[derive(Debug)]
struct Away {
    tries: u32,
    until: Instant,
}

impl Pace {
    /// How many more messages may be tried now, with so many under way: one at a time to find out whether a recipient
    /// is back.
    pub(super) fn room(&self, under_way: usize, now: Instant) -> usize {
        match &self.away {
            None => WINDOW.saturating_sub(under_way),
            Some(away) if now >= away.until => 1_usize.saturating_sub(under_way),
            Some(_) => 0,
        }
    }

    /// How long nothing is worth trying.
    pub(super) fn rest(&self, now: Instant) -> Option<Duration> {
        let away = self.away.as_ref()?;
        Some(away.until.saturating_duration_since(now)).filter(|rest| !rest.is_zero())
    }

    /// It answered, whatever it said.
    pub(super) fn answered(&mut self) -> Option<Change> {
        self.away.take().map(|_away| Change::Back)
    }

    pub(super) fn unreachable(&mut self, now: Instant, random: f64) -> Option<Change> {
        match &mut self.away {
            None => {
                let until = now + jittered(FIRST, random);
                self.away = Some(Away { tries: 1, until });
                Some(Change::Lost)
            }
            // Those that were under way together say it once.
            Some(away) if now < away.until => None,
            Some(away) => {
                away.until = now + jittered(doubled(away.tries, LONGEST_FOR_RECIPIENT), random);
                away.tries = away.tries.saturating_add(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Change, LONGEST_FOR_MESSAGE, LONGEST_FOR_RECIPIENT, Pace, WINDOW, retry_after};

    #[test]
    fn a_message_waits_longer_each_time_and_not_for_ever() {
        for attempts in 0..9 {
            let longest = Duration::from_millis(100 << attempts);
            for _ in 0..20 {
                let wait = retry_after(attempts);
                assert!(
                    wait <= longest && wait >= longest / 2,
                    "{attempts}: {wait:?}"
                );
            }
        }
        assert!(retry_after(i32::MAX) <= LONGEST_FOR_MESSAGE);
        assert!(retry_after(i32::MAX) >= LONGEST_FOR_MESSAGE / 2);
    }

    #[test]
    fn a_recipient_that_is_there_gets_what_the_window_allows() {
        let (pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.room(0, now), WINDOW);
        assert_eq!(pace.room(WINDOW - 1, now), 1);
        assert_eq!(pace.room(WINDOW + 1, now), 0);
    }

    #[test]
    fn a_recipient_that_is_away_is_left_alone_then_tried_with_one() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.unreachable(now, 1.0), Some(Change::Lost));
        assert_eq!(pace.room(0, now), 0);
        let later = now + pace.rest(now).unwrap();
        assert_eq!(pace.rest(later), None);
        assert_eq!(pace.room(0, later), 1);
        assert_eq!(pace.room(1, later), 0);
    }

    #[test]
    fn it_is_lost_once_and_back_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.answered(), None);
        assert_eq!(pace.unreachable(now, 0.0), Some(Change::Lost));
        assert_eq!(pace.unreachable(now, 0.0), None);
        assert_eq!(pace.answered(), Some(Change::Back));
        assert_eq!(pace.answered(), None);
        assert_eq!(pace.room(0, now), WINDOW);
    }

    #[test]
    fn the_longer_it_is_away_the_less_often_it_is_tried() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..50 {
            pace.unreachable(now, 1.0);
            let wait = pace.rest(now).unwrap();
            waits.push(wait);
            now += wait;
        }
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&LONGEST_FOR_RECIPIENT));
    }

    #[test]
    fn what_was_under_way_together_counts_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..WINDOW {
            pace.unreachable(now, 1.0);
        }
        assert_eq!(pace.rest(now), Some(super::FIRST));
    }
}
