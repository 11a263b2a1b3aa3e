//! Adapts an upstream's limit to its latency, so that requests queue here, where their priority
//! counts, and not at the upstream.
//!
//! 1. Each route has a usual latency, which is learned while little is under way.
//! 2. A window is judged once it has enough answers: the time that they took, against the time that
//!    is usual for their routes. So a burst of slow logins is not taken for an overload.
//! 3. Twice the usual time is too much: the limit falls, since waiting time grows with what is
//!    under way. Well below that, it rises if it was used. In between, it stays: so it does
//!    not swing.
//! 4. At the floor nothing is left to lower, and the upstream itself is slower: this is learned as
//!    its usual latency.
//!
//! Netflix's Gradient2 takes a long average as the usual latency, which an overload of minutes drags
//! along until the limit is gone. Envoy lowers the limit every minute to measure it, which costs
//! some requests each time. Here only quiet times and the floor teach it.
//!
//! Nothing here reads a clock. An answer costs three additions; only who ends a window takes a lock,
//! and nobody waits for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::RouteName;

/// Fewer answers say too little: their mean varies by a tenth if they vary like waiting times.
const ANSWERS: usize = 100;

/// A window lasts this long at least.
const WINDOW: Duration = Duration::from_millis(100);

/// A few milliseconds are no overload, even if they are many times the usual latency.
const SLACK: f64 = 0.005;

/// The most that one answer counts, in times of what is too much.
const OUTLIER: f64 = 4.0;

/// The steps of one window. A window that is only a little too slow may be so by chance.
const LARGEST_FALL: f64 = 0.7;
const SMALL_FALL: f64 = 0.95;
const SLOW_RISE: f64 = 1.05;
/// From the start or the floor, until the first window that is not quick.
const FAST_RISE: f64 = 1.5;

/// How much a window teaches of the usual latency. A quiet time that is not quite quiet must not
/// teach an overload, so what is slower teaches less.
const LEARN_FASTER: f64 = 1.0 / 8.0;
const LEARN_SLOWER: f64 = 1.0 / 64.0;
const LEARN_AT_FLOOR: f64 = 1.0 / 4.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AdaptiveSettings {
    pub(crate) floor: usize,
    pub(crate) ceiling: usize,
}

/// The end of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The number of the route's circuit.
    pub(crate) route: usize,
    pub(crate) latency: Duration,
    /// How many requests were under way, this one included.
    pub(crate) in_flight: usize,
    /// Whether it was refused for overload or ran out of time. Its latency then says nothing.
    pub(crate) is_overload: bool,
}

pub(super) struct Adaptive {
    settings: AdaptiveSettings,
    limit: AtomicUsize,
    answers: AtomicUsize,
    /// The most that were under way in this window.
    peak: AtomicUsize,
    overloads: AtomicUsize,
    tallies: Box<[Tally]>,
    start: Instant,
    /// When the window begins and may end, in microseconds since the start. After a change, the
    /// answers of the next moments have not felt it, and are left out.
    begin: AtomicU64,
    end: AtomicU64,
    state: Mutex<State>,
}

/// The answers of one route in this window.
#[derive(Default)]
struct Tally {
    micros: AtomicU64,
    count: AtomicU64,
    /// The usual latency in microseconds; 0 if it is not known.
    usual: AtomicU64,
}

struct State {
    limit: f64,
    rises_fast: bool,
}

impl Tally {
    fn usual(&self) -> f64 {
        seconds(self.usual.load(Ordering::Relaxed))
    }
}

impl Adaptive {
    pub(super) fn new(settings: AdaptiveSettings, routes: usize, now: Instant) -> Self {
        Self {
            settings,
            limit: AtomicUsize::new(settings.floor),
            answers: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            overloads: AtomicUsize::new(0),
            tallies: (0..routes).map(|_| Tally::default()).collect(),
            start: now,
            begin: AtomicU64::new(0),
            end: AtomicU64::new(micros(WINDOW)),
            state: Mutex::new(State {
                limit: as_float(settings.floor),
                rises_fast: true,
            }),
        }
    }

    /// The same limit for other routes. Those that stay keep their usual latency.
    pub(super) fn with_routes(&self, old: &[RouteName], new: &[RouteName], now: Instant) -> Self {
        let limit = self.limit();
        let renewed = Self::new(self.settings, new.len(), now);
        for (name, tally) in new.iter().zip(&renewed.tallies) {
            let known = old.iter().position(|one| one == name);
            if let Some(known) = known.and_then(|index| self.tallies.get(index)) {
                let usual = known.usual.load(Ordering::Relaxed);
                tally.usual.store(usual, Ordering::Relaxed);
            }
        }
        renewed.limit.store(limit, Ordering::Relaxed);
        Self {
            state: Mutex::new(State {
                limit: as_float(limit),
                rises_fast: true,
            }),
            ..renewed
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Learns from the end of one request. Returns the new limit if it has changed.
    pub(super) fn learn(&self, sample: Sample, now: Instant) -> Option<usize> {
        let at = micros(now.saturating_duration_since(self.start));
        if at < self.begin.load(Ordering::Relaxed) {
            return None;
        }
        let tally = self.tallies.get(sample.route)?;
        let most = too_long(tally.usual()) * OUTLIER;
        let is_known = tally.usual.load(Ordering::Relaxed) > 0;
        let latency = match (is_known, sample.is_overload) {
            (false, true) => return None,
            (false, false) => sample.latency.as_secs_f64(),
            (true, true) => most,
            (true, false) => sample.latency.as_secs_f64().min(most),
        };
        let latency = micros(Duration::from_secs_f64(latency)).max(1);
        tally.micros.fetch_add(latency, Ordering::Relaxed);
        tally.count.fetch_add(1, Ordering::Relaxed);
        if sample.is_overload {
            self.overloads.fetch_add(1, Ordering::Relaxed);
        }
        if self.peak.load(Ordering::Relaxed) < sample.in_flight {
            self.peak.fetch_max(sample.in_flight, Ordering::Relaxed);
        }
        let answers = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        if answers < ANSWERS || at < self.end.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = self.state.try_lock().ok()?;
        self.end_window(&mut state, at)
    }

    /// Judges the window, and begins the next one.
    fn end_window(&self, state: &mut State, at: u64) -> Option<usize> {
        if self.answers.swap(0, Ordering::Relaxed) < ANSWERS {
            // Another worker has just ended it.
            return None;
        }
        let peak = self.peak.swap(0, Ordering::Relaxed);
        let has_overloads = self.overloads.swap(0, Ordering::Relaxed) > 0;
        let window = self.window();
        let is_too_slow = window.took > window.too_long;
        let is_at_floor = self.limit() <= self.settings.floor;
        let is_used = peak * 2 >= self.limit();
        let is_quick = window.took < window.rises_below;
        let learns = if is_at_floor && !is_quick && !has_overloads {
            Some((LEARN_AT_FLOOR, LEARN_AT_FLOOR))
        } else if !is_too_slow && !is_used {
            Some((LEARN_FASTER, LEARN_SLOWER))
        } else if window.took < window.usual {
            Some((LEARN_FASTER, 0.0))
        } else {
            None
        };
        if let Some(weights) = learns {
            window.teach(&self.tallies, weights);
        }
        let middle = f64::midpoint(window.rises_below, window.too_long);
        let factor = if is_too_slow {
            // A limit that was not reached has not kept anything out.
            state.limit = state.limit.min(as_float(peak.max(1)));
            let is_clear = window.took > window.too_long * 1.5;
            let most = if is_clear { LARGEST_FALL } else { SMALL_FALL };
            (middle / window.took).max(most)
        } else if is_used && is_quick {
            if state.rises_fast {
                FAST_RISE
            } else {
                SLOW_RISE
            }
        } else {
            1.0
        };
        state.rises_fast &= is_quick;
        let AdaptiveSettings { floor, ceiling } = self.settings;
        // A small limit rises by one at least.
        let least = if factor > 1.0 { state.limit + 1.0 } else { 0.0 };
        let moved = (state.limit * factor).max(least);
        state.limit = moved.clamp(as_float(floor), as_float(ceiling));
        let limit = as_count(state.limit).clamp(floor, ceiling);
        state.rises_fast |= limit == floor;
        let before = self.limit.swap(limit, Ordering::Relaxed);
        let settled = match before == limit {
            true => Duration::ZERO,
            false => Duration::from_secs_f64(window.mean()),
        };
        self.begin.store(at + micros(settled), Ordering::Relaxed);
        self.end
            .store(at + micros(settled + WINDOW), Ordering::Relaxed);
        (before != limit).then_some(limit)
    }

    /// Takes the window's answers.
    fn window(&self) -> Totals {
        let mut window = Totals::default();
        for tally in &self.tallies {
            let count = tally.count.swap(0, Ordering::Relaxed);
            let took = seconds(tally.micros.swap(0, Ordering::Relaxed));
            let count_f = seconds(count) * 1e6;
            let mean = if count > 0 { took / count_f } else { 0.0 };
            window.means.push((count_f, mean));
            let usual = match tally.usual() {
                // A first window teaches what is usual.
                0.0 => {
                    let first = micros(Duration::from_secs_f64(mean));
                    tally.usual.store(first, Ordering::Relaxed);
                    mean
                }
                usual => usual,
            };
            window.count += count_f;
            window.took += took;
            window.usual += count_f * usual;
            window.rises_below += count_f * usual.mul_add(1.5, SLACK);
            window.too_long += count_f * too_long(usual);
        }
        window
    }
}

/// What is too much for one answer, in seconds.
fn too_long(usual: f64) -> f64 {
    usual.mul_add(2.0, SLACK * 2.0)
}

/// The times of a window's answers, in seconds.
#[derive(Default)]
struct Totals {
    count: f64,
    took: f64,
    usual: f64,
    rises_below: f64,
    too_long: f64,
    /// How many answers each route has had, and their mean.
    means: Vec<(f64, f64)>,
}

impl Totals {
    fn mean(&self) -> f64 {
        self.took / self.count.max(1.0)
    }

    /// Moves the usual latency of each route towards what was seen. Few answers teach little.
    fn teach(&self, tallies: &[Tally], (faster, slower): (f64, f64)) {
        let most = as_float(ANSWERS);
        for (tally, (count, mean)) in tallies.iter().zip(&self.means) {
            let usual = tally.usual();
            let weight = if *mean < usual { faster } else { slower };
            let share = (count / most).min(1.0);
            let usual = (mean - usual).mul_add(weight * share, usual);
            if *count > 0.0 {
                let usual = micros(Duration::from_secs_f64(usual.max(0.0))).max(1);
                tally.usual.store(usual, Ordering::Relaxed);
            }
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

fn as_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// Rounds down.
fn as_count(limit: f64) -> usize {
    usize::try_from(Duration::from_secs_f64(limit.max(0.0)).as_secs()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
