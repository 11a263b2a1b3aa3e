//! How much is tried at once, and when again. No I/O.
//!
//! Two things can go wrong, and they are paced apart. A message that is refused waits longer each time, by itself
//! ([`retry_after`]). A recipient that is not there is left alone as a whole ([`Pace`]), since trying one message after the
//! other against a closed door would tell no more; when it is back, everything that waits goes out at once.
//!
//! A recipient that refuses whatever it is sent again, because it is full for instance, is asked with one of those messages
//! at a time: thousands of them, each tried once a minute, would keep both sides busy for nothing. What is new goes out
//! as before, and once it takes one of the others, so do they.

use std::time::{Duration, Instant};

/// How many messages are under way to one recipient. Enough for several thousand a second, few enough not to overrun it
/// when it comes back to a long queue.
const WINDOW: usize = 32;

/// One in so many is a message that was refused before, and one in so many is one that came last: neither waits for a
/// backlog of the others.
const SHARE: usize = 4;

/// The first wait, and what the waits for a message and for a recipient grow to.
const FIRST: Duration = Duration::from_millis(100);
pub(super) const LONGEST_FOR_MESSAGE: Duration = Duration::from_secs(60);
/// What was missed arrives this soon after the recipient is back.
const LONGEST_FOR_RECIPIENT: Duration = Duration::from_secs(2);

/// How long a message waits that went wrong `attempts` times before this one. `asked` is how long the recipient wants to
/// be left alone with it.
pub(super) fn retry_after(attempts: i32, asked: Option<Duration>) -> Duration {
    let attempts = u32::try_from(attempts).unwrap_or(0);
    let wait = jittered(doubled(attempts, LONGEST_FOR_MESSAGE), rand::random());
    wait.max(asked.unwrap_or_default()).min(LONGEST_FOR_MESSAGE)
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
    /// It refuses whatever it is sent again.
    Refusing,
    /// It has taken one of those.
    Taking,
}

/// How many more messages may be tried now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) all: usize,
    /// How many of them are kept for the messages that came last.
    pub(super) newest: usize,
    /// How many are kept for messages that were refused before, and how many of those there may be at most.
    pub(super) refused: usize,
    pub(super) refused_most: usize,
}

/// How one recipient is doing.
#[derive(Debug)]
pub(super) struct Pace {
    away: Option<Pause>,
    /// How many messages it has refused again since it last took one that it had refused.
    refused_again: usize,
    /// While that is a whole window of them, or more.
    refusing: Option<Pause>,
    newest: Share,
    refused: Share,
}

#[derive(Debug)]
struct Pause {
    tries: u32,
    until: Instant,
}

impl Pause {
    fn begin(now: Instant, random: f64) -> Self {
        Self {
            tries: 1,
            until: now + jittered(FIRST, random),
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    fn again(&mut self, now: Instant, random: f64) {
        self.until = now + jittered(doubled(self.tries, LONGEST_FOR_RECIPIENT), random);
        self.tries = self.tries.saturating_add(1);
    }
}

/// Every [`SHARE`]th place, however few there are at a time.
#[derive(Debug)]
struct Share {
    owed: usize,
}

impl Share {
    fn of(&mut self, places: usize) -> usize {
        self.owed += places;
        let due = self.owed / SHARE;
        self.owed %= SHARE;
        due
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            away: None,
            refused_again: 0,
            refusing: None,
            newest: Share { owed: 0 },
            // Where there is one place at a time, the two shares get different ones.
            refused: Share { owed: SHARE / 2 },
        }
    }
}

impl Pace {
    /// How much may be tried now, with so many under way: one at a time to find out whether a recipient is back.
    pub(super) fn room(&mut self, under_way: usize, now: Instant, random: f64) -> Room {
        let all = match &self.away {
            None => WINDOW.saturating_sub(under_way),
            Some(away) if away.is_over(now) => 1_usize.saturating_sub(under_way),
            Some(_) => 0,
        };
        if all == 0 {
            return Room::default();
        }
        let newest = self.newest.of(all);
        let (refused, refused_most) = match &mut self.refusing {
            None => (self.refused.of(all), all),
            Some(pause) if pause.is_over(now) => {
                pause.again(now, random);
                (1, 1)
            }
            Some(_) => (0, 0),
        };
        Room {
            all,
            newest,
            refused,
            refused_most,
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

    /// It took a message that it had refused, or that went wrong.
    pub(super) fn took_again(&mut self) -> Option<Change> {
        self.refused_again = 0;
        self.refusing.take().map(|_pause| Change::Taking)
    }

    /// Such a message went wrong once more.
    pub(super) fn refused_again(&mut self, now: Instant, random: f64) -> Option<Change> {
        self.refused_again = self.refused_again.saturating_add(1);
        if self.refused_again < WINDOW || self.refusing.is_some() {
            return None;
        }
        self.refusing = Some(Pause::begin(now, random));
        Some(Change::Refusing)
    }

    pub(super) fn unreachable(&mut self, now: Instant, random: f64) -> Option<Change> {
        match &mut self.away {
            None => {
                self.away = Some(Pause::begin(now, random));
                Some(Change::Lost)
            }
            // Those that were under way together say it once.
            Some(away) if !away.is_over(now) => None,
            Some(away) => {
                away.again(now, random);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
