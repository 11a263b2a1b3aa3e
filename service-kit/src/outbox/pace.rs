//! Decides how many messages to try at once, and when to try again. No I/O.
//!
//! Three cases have a pace of their own:
//! 1. A message that is refused waits by itself, longer each time ([`retry_after`]).
//! 2. A recipient that is unavailable gets no message at all for a while ([`Pace`]), since no
//!    message would fare better. When it is back, all waiting messages go out at once.
//! 3. A recipient that refuses all repeated messages, for instance because it is full, gets one of
//!    them at a time: thousands, each tried once a minute, would keep both sides busy for nothing.
//!    New messages go out as before. When it takes a repeated one, the others follow.

use std::time::{Duration, Instant};

use crate::peer::Backoff;

/// Messages in flight to one recipient. Enough for several thousand a second, few enough not to
/// overrun it when it comes back to a long queue.
const WINDOW: usize = 32;

/// One in four is a message that was refused before, and one in four is one of the newest: neither
/// waits for a backlog of the others.
const SHARE: usize = 4;

/// The first pause, of a message and of a recipient.
const FIRST: Duration = Duration::from_millis(100);
pub(super) const LONGEST_FOR_MESSAGE: Duration = Duration::from_secs(60);
/// Waiting messages arrive this soon after the recipient is back.
const LONGEST_FOR_RECIPIENT: Duration = Duration::from_secs(2);

const OF_MESSAGE: Backoff = Backoff {
    first: FIRST,
    longest: LONGEST_FOR_MESSAGE,
};
const OF_RECIPIENT: Backoff = Backoff {
    first: FIRST,
    longest: LONGEST_FOR_RECIPIENT,
};

/// A pause lasts at least this part of its time.
const LEAST: f64 = 0.5;

/// The wait of a message that failed `attempts` times before this one. `asked` is the recipient's
/// own `Retry-After`.
pub(super) fn retry_after(attempts: i32, asked: Option<Duration>) -> Duration {
    let attempts = u32::try_from(attempts).unwrap_or(0);
    let wait = OF_MESSAGE.jittered(attempts, LEAST, rand::random());
    wait.max(asked.unwrap_or_default()).min(LONGEST_FOR_MESSAGE)
}

/// A change worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaceChange {
    Lost,
    Back,
    /// It refuses all repeated messages.
    Refusing,
    /// It has taken a repeated message.
    Taking,
}

/// The number of further messages that may be tried now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) all: usize,
    /// The part for the newest messages.
    pub(super) newest: usize,
    /// The part for messages that were refused before, and the limit on those.
    pub(super) refused: usize,
    pub(super) refused_most: usize,
}

impl Room {
    /// For a recipient that has refused none of the waiting messages.
    pub(super) fn without_refused(self) -> Self {
        Self {
            refused: 0,
            refused_most: 0,
            ..self
        }
    }
}

/// The state of one recipient.
#[derive(Debug)]
pub(super) struct Pace {
    unavailable: Option<Pause>,
    /// Repeated messages that were refused since the last one that was taken.
    refused_again: usize,
    /// Set while those are a whole window or more.
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
        let mut pause = Self {
            tries: 0,
            until: now,
        };
        pause.again(now, random);
        pause
    }

    fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    fn again(&mut self, now: Instant, random: f64) {
        self.until = now + OF_RECIPIENT.jittered(self.tries, LEAST, random);
        self.tries = self.tries.saturating_add(1);
    }
}

/// Gives out one in [`SHARE`] tries, however few there are at a time.
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
            unavailable: None,
            refused_again: 0,
            refusing: None,
            newest: Share { owed: 0 },
            // Starts in the middle, so that with one try at a time the two shares get different
            // tries.
            refused: Share { owed: SHARE / 2 },
        }
    }
}

impl Pace {
    /// The number of messages to try now: one at a time while the recipient is unavailable.
    pub(super) fn room(&mut self, in_flight: usize, now: Instant, random: f64) -> Room {
        let all = match &self.unavailable {
            None => WINDOW.saturating_sub(in_flight),
            Some(pause) if pause.is_over(now) => 1_usize.saturating_sub(in_flight),
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

    /// The time during which no try is worthwhile.
    pub(super) fn rest(&self, now: Instant) -> Option<Duration> {
        let pause = self.unavailable.as_ref()?;
        Some(pause.until.saturating_duration_since(now)).filter(|rest| !rest.is_zero())
    }

    /// Notes an answer, whatever it says.
    pub(super) fn answered(&mut self) -> Option<PaceChange> {
        self.unavailable.take().map(|_unavailable| PaceChange::Back)
    }

    /// Notes that the recipient took a repeated message.
    pub(super) fn repeat_taken(&mut self) -> Option<PaceChange> {
        self.refused_again = 0;
        self.refusing.take().map(|_pause| PaceChange::Taking)
    }

    /// Notes that a repeated message failed again.
    pub(super) fn repeat_refused(&mut self, now: Instant, random: f64) -> Option<PaceChange> {
        self.refused_again = self.refused_again.saturating_add(1);
        if self.refused_again < WINDOW || self.refusing.is_some() {
            return None;
        }
        self.refusing = Some(Pause::begin(now, random));
        Some(PaceChange::Refusing)
    }

    pub(super) fn unreachable(&mut self, now: Instant, random: f64) -> Option<PaceChange> {
        match &mut self.unavailable {
            None => {
                self.unavailable = Some(Pause::begin(now, random));
                Some(PaceChange::Lost)
            }
            // Messages that were in flight together count once.
            Some(pause) if !pause.is_over(now) => None,
            Some(pause) => {
                pause.again(now, random);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
