//! The time that a client wishes an order for. No I/O.

use std::time::Duration;

use shared_types::field::FieldErrors;
use shared_types::text::Text;
use shared_types::value::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// A week: further ahead, neither the menu nor the prices are known.
const MAX_DAYS: u32 = 7;

/// A form's field has no seconds, and a client's clock may be a little slow.
const GRACE: Duration = Duration::from_secs(60);

pub(crate) fn check(wished_for: Option<Timestamp>, now: Timestamp) -> Result<(), FieldErrors> {
    let Some(wished_for) = wished_for else {
        return Ok(());
    };
    let fault = if wished_for < now.before(GRACE) {
        Text::fixed(|say| say.orders.wish_past)
    } else if wished_for > now.after(DAY * MAX_DAYS) {
        Text::formatted(|say| (say.orders.wish_too_far)(MAX_DAYS))
    } else {
        return Ok(());
    };
    Err(FieldErrors::one("pourLe", fault))
}

#[cfg(test)]
mod tests {
    use shared_types::value::Timestamp;

    use super::{DAY, GRACE, check};

    #[test]
    fn a_wish_is_from_now_to_a_week_ahead() {
        let now = Timestamp::from_millis(1_795_353_000_000).unwrap();
        let (minute, week) = (now.before(GRACE), now.after(DAY * 7));
        for good in [None, Some(now), Some(minute), Some(week)] {
            assert_eq!(check(good, now), Ok(()), "{good:?}");
        }
        let moment = std::time::Duration::from_millis(1);
        for bad in [minute.before(moment), week.after(moment)] {
            assert!(check(Some(bad), now).is_err(), "{bad:?}");
        }
    }
}
