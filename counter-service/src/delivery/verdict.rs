//! Reads an answer: whether it is final, and how long to wait if it is not. No I/O.

use std::time::Duration;

use actix_web::http::StatusCode;
use service_kit::peer::Backoff;

/// Short, since everything is to be delivered within five seconds of a recovery.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(3),
};

/// The longest wait that an upstream can ask for. Only a 429 is believed: other answers tell of a
/// trouble that may be over at any time.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Refused,
    Repeat {
        /// Whether the request may have been carried out.
        is_unsure: bool,
        /// Whether the upstream as a whole is in trouble.
        is_lost: bool,
    },
}

/// No service of the restaurant answers 409 to a key whose first request is under way: it lets the
/// second one wait, or answers 503. So every 409 is final.
pub(super) fn verdict(status: StatusCode) -> Verdict {
    let repeat = |is_unsure, is_lost| Verdict::Repeat { is_unsure, is_lost };
    match status.as_u16() {
        200..=299 => Verdict::Accepted,
        // Request Timeout, Too Early, Too Many Requests: nothing was carried out.
        408 | 425 | 429 => repeat(false, false),
        400..=499 => Verdict::Refused,
        503 => repeat(false, true),
        // A proxy's, for a service that may have received the request.
        502 | 504 => repeat(true, true),
        _ => repeat(true, false),
    }
}

/// The wait after a try that failed. `retry_after` is that of a 429; `random` is between 0 and 1.
pub(super) fn wait(attempts: i64, retry_after: Option<Duration>, random: f64) -> Duration {
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    let pause = BACKOFF.jittered(attempts, 0.5, random);
    retry_after.map_or(pause, |asked| pause.max(asked.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::StatusCode;

    use super::{LONGEST_WAIT, Verdict, verdict, wait};

    #[test]
    fn a_2xx_and_most_4xx_are_final_and_nothing_else_is() {
        let verdict = |status| verdict(StatusCode::from_u16(status).unwrap());
        for status in [200, 201, 204] {
            assert_eq!(verdict(status), Verdict::Accepted, "{status}");
        }
        for status in [400, 401, 403, 404, 409, 410, 413, 422, 431] {
            assert_eq!(verdict(status), Verdict::Refused, "{status}");
        }
        for (status, is_unsure, is_lost) in [
            (408, false, false),
            (425, false, false),
            (429, false, false),
            (503, false, true),
            (502, true, true),
            (504, true, true),
            (500, true, false),
            (302, true, false),
        ] {
            let repeat = Verdict::Repeat { is_unsure, is_lost };
            assert_eq!(verdict(status), repeat, "{status}");
        }
    }

    #[test]
    fn a_wait_is_short_unless_a_longer_one_is_asked_for() {
        assert!(wait(0, None, 0.0) >= Duration::from_millis(125));
        assert!(wait(i64::MAX, None, 1.0) <= Duration::from_secs(3));
        let asked = Duration::from_secs(30);
        assert_eq!(wait(0, Some(asked), 1.0), asked);
        assert_eq!(wait(0, Some(LONGEST_WAIT * 2), 1.0), LONGEST_WAIT);
    }
}
