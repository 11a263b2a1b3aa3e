//! An operator's request for a closure, read.

use deserr::Deserr;
use serde_json::Value;
use shared_types::field::FieldErrors;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use crate::config::closures::reason;
use crate::resilience::closures::{Closure, ClosureFault, LONGEST_DAYS, LONGEST_REASON};

/// `{"from"?: "2027-03-28T01:30:00+01:00", "until": "2027-03-28T03:30:00+02:00", "reason": {"fr": …, "en": …}}`
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub(super) struct Order {
    /// Without it, the closure begins at once.
    #[deserr(default)]
    from: Option<Timestamp>,
    until: Timestamp,
    /// One text, or one for each language.
    reason: Value,
}

impl Order {
    /// # Errors
    /// An invalid field.
    pub(super) fn closure(self, now: Timestamp) -> Result<Closure, FieldErrors> {
        let label = serde_json::from_value(self.reason).ok();
        let text = label.as_ref().and_then(reason);
        let closure = match text {
            _ if self.until <= now => Err(ClosureFault::EndsFirst),
            Some(text) => Closure::new(self.from.unwrap_or(now), self.until, text),
            None => Err(ClosureFault::Reason),
        };
        closure.map_err(|fault| match fault {
            ClosureFault::EndsFirst | ClosureFault::TooLong => {
                let wrong = Text::formatted(|say| (say.operator.closure_end)(LONGEST_DAYS));
                FieldErrors::one("until", wrong)
            }
            ClosureFault::Reason => {
                let wrong = Text::formatted(|say| (say.operator.closure_reason)(LONGEST_REASON));
                FieldErrors::one("reason", wrong)
            }
        })
    }
}
