//! The notation of a limit: `600/10s`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use governor::Quota;

const EXPECTED: &str = "expected requests/period, such as 600/10s";

/// A higher limit would be none, and lower ones stay far from the ends of the arithmetic.
const MOST: u32 = 1_000_000;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// This many requests at once, and as many again in each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    quota: Quota,
    period: Duration,
}

impl Rate {
    pub(super) fn quota(self) -> Quota {
        self.quota
    }

    /// How many requests may come at once.
    pub(crate) fn requests(self) -> u32 {
        self.quota.burst_size().get()
    }

    /// The time in which one request comes back.
    pub(crate) fn interval(self) -> Duration {
        self.quota.replenish_interval()
    }

    /// Whole seconds: the answer's fields cannot express less.
    pub(super) fn period(self) -> Duration {
        self.period
    }

    /// Reads a limit that may also be `off`.
    pub(crate) fn parse_or_off(text: &str) -> Result<Option<Self>, String> {
        if text == "off" {
            return Ok(None);
        }
        let rate = text.parse().map(Some);
        rate.map_err(|reason| format!("{reason}, or off"))
    }
}

/// As in the configuration: `600/10s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = humantime::format_duration(self.period);
        write!(f, "{}/{period}", self.quota.burst_size())
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (requests, period) = text.split_once('/').ok_or(EXPECTED)?;
        let requests: NonZeroU32 = requests.parse().ok().ok_or(EXPECTED)?;
        if requests.get() > MOST {
            return Err("expected at most 1000000 requests");
        }
        let period = humantime::parse_duration(period).ok().ok_or(EXPECTED)?;
        if period.subsec_nanos() != 0 || period.is_zero() || period > DAY {
            return Err("expected a period of whole seconds, at least one and at most a day");
        }
        // Rounded up, so that never more comes back than configured. Both fit: a day has 10^14 ns.
        let interval = (period.as_nanos() as u64).div_ceil(u64::from(requests.get()));
        let quota = Quota::with_period(Duration::from_nanos(interval)).ok_or(EXPECTED)?;
        Ok(Self {
            quota: quota.allow_burst(requests),
            period,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Rate;

    #[test]
    fn requests_and_a_period_with_its_unit_are_a_rate() {
        for (text, requests, interval) in [
            ("600/10s", 600, Duration::from_nanos(16_666_667)),
            ("10/1m", 10, Duration::from_secs(6)),
            ("1/1day", 1, Duration::from_secs(86_400)),
            ("1000000/1s", 1_000_000, Duration::from_micros(1)),
        ] {
            let quota = text.parse::<Rate>().unwrap().quota();
            assert_eq!(quota.burst_size().get(), requests, "{text}");
            assert_eq!(quota.replenish_interval(), interval, "{text}");
        }
    }

    #[test]
    fn off_is_allowed_only_for_an_optional_rate() {
        assert_eq!(Rate::parse_or_off("off"), Ok(None));
        assert_eq!(
            Rate::parse_or_off("10/1m"),
            Ok(Some("10/1m".parse().unwrap()))
        );
        assert!("off".parse::<Rate>().is_err());
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "on",
            "600",
            "600/",
            "/10s",
            "600/10",
            "0/10s",
            "-1/10s",
            "1.5/10s",
            "600/0s",
            "600/1500ms",
            "600/2days",
            "1000001/1s",
            "600 / 10s",
            "600/10s/1m",
            "OFF",
        ] {
            assert!(Rate::parse_or_off(bad).is_err(), "{bad}");
        }
    }
}
