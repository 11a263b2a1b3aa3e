//! The announced closures that the file declares.

use service_kit::env::ConfigError;
use shared_types::gateway::ClosureTarget;
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::answer::features::Features;
use crate::resilience::closures::{Closure, ClosureFault, LONGEST_DAYS, LONGEST_REASON};
use crate::settings::{ClosureTable, Label, UpstreamSettings, spelling};

/// Every Monday's for almost two years. `/status` goes through all of them.
const MOST: usize = 100;

/// # Errors
/// A closure is invalid. The error names the key.
pub(super) fn all(
    tables: &[ClosureTable],
    upstreams: &[UpstreamSettings],
    features: &Features,
) -> Result<Vec<(ClosureTarget, Closure)>, ConfigError> {
    if tables.len() > MOST {
        let reason = format!("at most {MOST} closures are possible");
        return Err(ConfigError::new("closures", reason));
    }
    let closures = tables.iter().enumerate().map(|(index, table)| {
        let refuse = |(key, reason): (&str, String)| {
            ConfigError::new(format!("closures[{index}].{key}"), reason)
        };
        let target = target(table, upstreams, features).map_err(refuse)?;
        let reason = reason(&table.reason).ok_or(ClosureFault::Reason);
        let closure = reason
            .and_then(|reason| Closure::new(table.from.0, table.until.0, reason))
            .map_err(|fault| refuse(explained(fault)))?;
        Ok((target, closure))
    });
    closures.collect()
}

/// The texts of a reason. A language without one has the problem's own sentence. `None` if no
/// language has any.
pub(crate) fn reason(label: &Label) -> Option<Text> {
    let general = Text::formatted(|say| (say.problem)(Code::Closed).detail.to_owned());
    (!label.is_empty()).then(|| label.or(&general))
}

type Refusal = (&'static str, String);

fn target(
    table: &ClosureTable,
    upstreams: &[UpstreamSettings],
    features: &Features,
) -> Result<ClosureTarget, Refusal> {
    match (&table.upstream, &table.feature) {
        (Some(name), None) => {
            let found = UpstreamSettings::position(upstreams, name);
            found.map_err(|reason| ("upstream", reason))?;
            Ok(ClosureTarget::Upstream(name.clone()))
        }
        (None, Some(name)) => {
            let mut all = features.iter();
            let feature = all.find(|feature| feature.name == *name).ok_or_else(|| {
                let names: Vec<_> = features.iter().map(|one| &*one.name).collect();
                let known = spelling::known(name, &names);
                ("feature", format!("no feature is named {name}{known}"))
            })?;
            if feature.all_routes().next().is_none() {
                let reason =
                    "no request of it is sent to an upstream, so there is nothing to close";
                return Err(("feature", reason.to_owned()));
            }
            Ok(ClosureTarget::Feature(name.clone()))
        }
        (Some(_), Some(_)) => {
            let reason = "stands beside upstream: a closure has one of the two";
            Err(("feature", reason.to_owned()))
        }
        (None, None) => {
            let reason = "is required, or upstream: what is closed";
            Err(("feature", reason.to_owned()))
        }
    }
}

fn explained(fault: ClosureFault) -> Refusal {
    match fault {
        ClosureFault::EndsFirst => ("until", "must be after from".to_owned()),
        ClosureFault::TooLong => {
            let reason = format!("must be at most {LONGEST_DAYS} days after from");
            ("until", reason)
        }
        ClosureFault::Reason => {
            let reason = format!(
                "expected a text, or one for each language, of 1 to {LONGEST_REASON} visible characters"
            );
            ("reason", reason)
        }
    }
}
