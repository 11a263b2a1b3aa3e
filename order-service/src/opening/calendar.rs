//! The moments of a slot in a time zone, on the days of clock changes too.

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::written::Slot;

/// Clock changes happen at quarters of an hour.
const QUARTER: u16 = 15;

/// A day and more: a time zone has left out a whole day.
const STEPS: u16 = 120;

/// The first moment of a slot, and the first after it.
///
/// In spring, an hour is missing: a time within it is the moment of the change. In autumn, an hour
/// comes twice: a slot begins with the first and ends with the second, so that it is open at every
/// moment that shows a time within it.
pub(super) fn moments(zone: Tz, date: NaiveDate, slot: Slot) -> (DateTime<Utc>, DateTime<Utc>) {
    let begin = resolved(zone, date, slot.begin);
    let end = resolved(zone, date, slot.end);
    (
        begin
            .earliest()
            .map_or(DateTime::UNIX_EPOCH, |time| time.to_utc()),
        end.latest()
            .map_or(DateTime::UNIX_EPOCH, |time| time.to_utc()),
    )
}

fn resolved(zone: Tz, date: NaiveDate, minutes: u16) -> LocalResult<DateTime<Tz>> {
    let midnight = date.and_time(NaiveTime::MIN);
    let at = |minutes: u16| {
        let local = midnight + TimeDelta::minutes(i64::from(minutes));
        match zone.from_local_datetime(&local) {
            LocalResult::None => None,
            shown => Some(shown),
        }
    };
    let quarter = minutes - minutes % QUARTER;
    let mut next = (1..=STEPS).map(|step| at(quarter + QUARTER * step));
    at(minutes)
        .or_else(|| next.find_map(|shown| shown))
        .unwrap_or(LocalResult::None)
}
