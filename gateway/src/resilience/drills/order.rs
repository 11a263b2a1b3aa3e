//! An operator's request for a drill, read into a plan.

use std::time::{Duration, Instant};

use deserr::Deserr;
use shared_types::field::FieldErrors;
use shared_types::gateway::DrillMode;
use shared_types::text::Text;

use super::Plan;

/// An hour is enough for any lesson, and a forgotten drill ends.
const LONGEST: Duration = Duration::from_secs(3600);

/// A slower upstream counts as one that hangs.
const SLOWEST: Duration = Duration::from_secs(60);

/// `{"mode": "down", "for": "30s", "rate"?: 0.5, "delay"?: "2s"}`
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors)]
pub(crate) struct Order {
    mode: String,
    #[deserr(rename = "for")]
    duration: String,
    #[deserr(default)]
    rate: Option<f64>,
    #[deserr(default)]
    delay: Option<String>,
}

impl Order {
    /// # Errors
    /// Every invalid field.
    pub(crate) fn plan(&self, now: Instant) -> Result<Plan, FieldErrors> {
        let mut wrong = FieldErrors::default();
        let mode = DrillMode::ALL
            .iter()
            .find(|mode| mode.as_str() == self.mode);
        if mode.is_none() {
            let known = DrillMode::ALL.map(DrillMode::as_str).join(", ");
            wrong.push(
                "mode",
                Text::formatted(|say| (say.fields.unknown_value)(&known)),
            );
        }
        let duration = span(&self.duration, LONGEST);
        if duration.is_none() {
            wrong.push("for", expected(LONGEST));
        }
        let delay = self.delay.as_deref().map(|delay| span(delay, SLOWEST));
        if delay == Some(None) {
            wrong.push("delay", expected(SLOWEST));
        }
        let rate = self.rate;
        if rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1.0)) {
            wrong.push("rate", Text::fixed(|say| say.operator.rate));
        }
        match (mode, duration) {
            (Some(mode), Some(duration)) if wrong.is_empty() => Ok(Plan {
                mode: *mode,
                rate: rate.unwrap_or(if *mode == DrillMode::Flaky { 0.5 } else { 1.0 }),
                delay: delay.flatten().unwrap_or(Duration::from_secs(2)),
                until: now + duration,
            }),
            _ => Err(wrong),
        }
    }
}

fn span(text: &str, longest: Duration) -> Option<Duration> {
    let span = humantime::parse_duration(text).ok()?;
    (!span.is_zero() && span <= longest).then_some(span)
}

fn expected(longest: Duration) -> Text {
    let longest = humantime::format_duration(longest).to_string();
    Text::formatted(|say| (say.operator.duration)(&longest))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use shared_types::gateway::DrillMode;
    use shared_types::text::Lang;

    use super::Order;

    fn order(mode: &str, duration: &str, rate: Option<f64>, delay: Option<&str>) -> Order {
        Order {
            mode: mode.to_owned(),
            duration: duration.to_owned(),
            rate,
            delay: delay.map(str::to_owned),
        }
    }

    #[test]
    fn an_order_is_a_plan_that_ends() {
        let now = Instant::now();
        let plan = order("slow", "1m", None, Some("3s")).plan(now).unwrap();
        assert_eq!(plan.mode, DrillMode::Slow);
        assert_eq!(plan.delay, Duration::from_secs(3));
        assert_eq!(plan.until, now + Duration::from_secs(60));
        assert!((plan.rate - 1.0).abs() < f64::EPSILON);
        let plan = order("flaky", "1m", None, None).plan(now).unwrap();
        assert!((plan.rate - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn every_invalid_field_is_named() {
        let wrong = order("dead", "2h", Some(0.0), Some("soon")).plan(Instant::now());
        let sentence = wrong.unwrap_err().sentence(Lang::En);
        for field in ["mode", "for", "delay", "rate"] {
            assert!(sentence.contains(field), "{sentence}");
        }
        for rate in [-0.1, 1.1, f64::NAN] {
            assert!(
                order("down", "1s", Some(rate), None)
                    .plan(Instant::now())
                    .is_err()
            );
        }
    }
}
