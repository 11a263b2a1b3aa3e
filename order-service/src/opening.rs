//! The hours at which the restaurant takes orders. No I/O: the time is given.
//!
//! `written` reads the hours as a restaurant writes them, `calendar` finds the moments of one day
//! in a time zone, and this decides. A slot belongs to the day on which it begins, also when it goes
//! on after midnight: closed on the 25th, a restaurant still serves the night of the 24th.
//!
//! Without hours, the restaurant is always open.

mod calendar;
mod written;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDateTime, Utc};
use chrono_tz::Tz;
use shared_types::order::opening::{DayHours, ExceptionHours, OpeningHours, Weekday};
use shared_types::value::Timestamp;

pub use written::Hours;

/// How far ahead the next opening is looked for: longer than any holiday, and over a whole year of
/// exceptions.
const HORIZON_DAYS: u64 = 400;

/// The hours of the restaurant. Clones share them.
#[derive(Clone, Debug)]
pub struct Opening {
    /// `None`: always open.
    hours: Option<Arc<Hours>>,
    zone: Tz,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            hours: None,
            zone: Tz::Europe__Paris,
        }
    }
}

/// Whether the restaurant takes orders at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// `until` is `None` if no end is known.
    Open { until: Option<Timestamp> },
    /// `opens_at` is `None` if no opening is known.
    Closed { opens_at: Option<Timestamp> },
}

/// A refused order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) opens_at: Option<Timestamp>,
    /// The same on the clock of the restaurant.
    pub(crate) opens_local: Option<NaiveDateTime>,
}

impl Opening {
    #[must_use]
    pub fn new(hours: Option<Hours>, zone: Tz) -> Self {
        Self {
            hours: hours.map(Arc::new),
            zone,
        }
    }

    pub(crate) fn at(&self, time: Timestamp) -> State {
        let (Some(hours), Some(time)) = (&self.hours, utc(time)) else {
            return State::Open { until: None };
        };
        let today = time.with_timezone(&self.zone).date_naive();
        // A slot of yesterday may go on after midnight.
        let Some(first) = today.checked_sub_days(Days::new(1)) else {
            return State::Open { until: None };
        };
        let mut open_until: Option<DateTime<Utc>> = None;
        for date in first
            .iter_days()
            .take(usize::try_from(HORIZON_DAYS).unwrap_or(0))
        {
            for slot in hours.slots_on(date) {
                let (begin, end) = calendar::moments(self.zone, date, *slot);
                match open_until {
                    // Over, or within the hour that is missing in spring.
                    _ if end <= time || end <= begin => {}
                    None if begin > time => {
                        return State::Closed {
                            opens_at: timestamp(begin),
                        };
                    }
                    None => open_until = Some(end),
                    // One slot follows another without a pause.
                    Some(until) if begin <= until => open_until = Some(until.max(end)),
                    Some(until) => {
                        return State::Open {
                            until: timestamp(until),
                        };
                    }
                }
            }
        }
        match open_until {
            None => State::Closed { opens_at: None },
            // Without a pause as far as it was looked for.
            Some(until) if until > time + Days::new(HORIZON_DAYS - 3) => {
                State::Open { until: None }
            }
            Some(until) => State::Open {
                until: timestamp(until),
            },
        }
    }

    /// Whether an order for this time is taken.
    pub(crate) fn check(&self, time: Timestamp) -> Result<(), Closed> {
        match self.at(time) {
            State::Open { .. } => Ok(()),
            State::Closed { opens_at } => {
                let opens = opens_at.and_then(utc);
                let opens_local = opens.map(|time| time.with_timezone(&self.zone).naive_local());
                Err(Closed {
                    opens_at,
                    opens_local,
                })
            }
        }
    }

    /// The hours, and the state now.
    pub(crate) fn describe(&self, now: Timestamp) -> OpeningHours {
        let (open, until, opens_at) = match self.at(now) {
            State::Open { until } => (true, until, None),
            State::Closed { opens_at } => (false, None, opens_at),
        };
        let today = utc(now).map(|time| time.with_timezone(&self.zone).date_naive());
        let hours = self.hours.as_deref();
        let week = hours.map(|hours| {
            let days = Weekday::ALL.iter().zip(hours.week());
            let days = days.map(|(day, slots)| DayHours {
                day: *day,
                slots: slots.iter().map(|slot| slot.shown()).collect(),
            });
            days.collect()
        });
        let exceptions = hours.map(|hours| {
            let coming = hours.exceptions().filter(|days| Some(days.last) >= today);
            let coming = coming.map(|days| ExceptionHours {
                from: days.first,
                to: days.last,
                slots: days.slots.iter().map(|slot| slot.shown()).collect(),
            });
            coming.collect()
        });
        OpeningHours {
            open,
            until,
            opens_at,
            time_zone: self.zone.name().to_owned(),
            hours: week.unwrap_or_default(),
            exceptions: exceptions.unwrap_or_default(),
        }
    }
}

fn utc(time: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time.millis())
}

fn timestamp(time: DateTime<Utc>) -> Option<Timestamp> {
    Timestamp::from_millis(time.timestamp_millis())
}
