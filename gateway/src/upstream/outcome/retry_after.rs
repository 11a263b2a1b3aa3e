//! Reads `Retry-After` in both of its forms (RFC 9110 §10.2.3): seconds, or a date.

use std::time::{Duration, SystemTime};

/// No upstream is down for longer, whatever it writes. This time can be added to any other without
/// overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// `date` is the answer's own `Date`, the upstream's current time, in case its clock and the
/// gateway's differ.
pub(in crate::upstream) fn retry_after(value: &[u8], date: Option<&[u8]>) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large for any type is a long time, too.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let at = httpdate::parse_http_date(text).ok()?;
        let date = date.and_then(|date| std::str::from_utf8(date).ok());
        let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
        // A date in the past means now.
        at.duration_since(now.unwrap_or_else(SystemTime::now))
            .unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::{LONGEST, retry_after};

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn read(value: &str, date: Option<&str>) -> Option<Duration> {
        retry_after(value.as_bytes(), date.map(str::as_bytes))
    }

    #[test]
    fn seconds_are_read_as_written() {
        for (value, seconds) in [("0", 0), ("120", 120), (" 7 ", 7), ("007", 7)] {
            assert_eq!(read(value, None), Some(Duration::from_secs(seconds)));
        }
        assert_eq!(read("99999999999999999999999", None), Some(LONGEST));
    }

    #[test]
    fn a_date_is_read_by_its_writers_clock() {
        let later = "Sun, 06 Nov 1994 08:50:37 GMT";
        let minute = Duration::from_secs(60);
        assert_eq!(read(later, Some(DATE)), Some(minute));
        // The older forms of RFC 9110 §5.6.7, too.
        assert_eq!(read("Sun Nov  6 08:50:37 1994", Some(DATE)), Some(minute));
        let form = "Sunday, 06-Nov-94 08:50:37 GMT";
        assert_eq!(read(form, Some(DATE)), Some(minute));
        // A date in the past means now.
        assert_eq!(read(DATE, Some(later)), Some(Duration::ZERO));
        assert_eq!(read(DATE, None), Some(Duration::ZERO));
        let soon = httpdate::fmt_http_date(SystemTime::now() + minute);
        let wait = read(&soon, Some("no date")).unwrap();
        assert!(wait <= minute && wait > minute / 2, "{wait:?}");
    }

    #[test]
    fn any_other_text_is_ignored() {
        for value in ["", "-1", "1.5", "1s", "soon", "1 2", "Sun, 06 Nov"] {
            assert_eq!(read(value, Some(DATE)), None, "{value}");
        }
        assert_eq!(retry_after(b"\xff", None), None);
    }

    proptest! {
        #[test]
        fn any_value_gives_a_bounded_time(value in any::<Vec<u8>>(), date in any::<Option<Vec<u8>>>()) {
            let wait = retry_after(&value, date.as_deref());
            prop_assert!(wait.is_none_or(|wait| wait <= LONGEST));
        }
    }
}
