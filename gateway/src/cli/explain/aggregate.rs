//! Explains an aggregate: each part, and the answer without its upstream.

use std::io::Write;
use std::time::Duration;

use humantime::format_duration;
use service_kit::program::RunError;

use super::{circuit, line, outage};
use crate::aggregates::settings::PartSettings;
use crate::config::Config;
use crate::routing::route::Outage;

pub(super) fn print(config: &Config, index: usize, out: &mut impl Write) -> Result<(), RunError> {
    let aggregate = config.aggregates.get(index).ok_or("no aggregate")?;
    let deadline = format!(
        "{} for all parts, asked at once",
        format_duration(aggregate.timeout)
    );
    line(out, "deadline", &deadline)?;
    for part in &aggregate.parts {
        let upstream = config.upstreams.get(part.upstream).ok_or("no upstream")?;
        let name = &upstream.name;
        let source = format!("{name}, {}; its circuit {}", part.path, circuit(upstream));
        line(out, &part.name, &source)?;
        if let Some(otherwise) = &part.otherwise {
            let other = config.upstreams.get(otherwise.upstream);
            let other = other.map_or("-", |other| &*other.name);
            line(out, "otherwise", &format!("{other}, {}", otherwise.path))?;
        }
        let without = without(part, name, aggregate.stale_if_error);
        line(out, &format!("if {name} is down"), &without)?;
    }
    Ok(())
}

/// The answer while the part's upstream is down.
fn without(part: &PartSettings, upstream: &str, stale_if_error: Duration) -> String {
    let last = (!stale_if_error.is_zero()).then(|| {
        let longest = format_duration(stale_if_error);
        format!("the last good {} for {longest}", part.name)
    });
    match (part.required, last) {
        (Some(_), Some(last)) => {
            format!("{last}, with X-Degraded: stale; without one, the problem as elsewhere")
        }
        (Some(_), None) => outage(&Outage::Error, upstream),
        (None, Some(last)) => {
            format!("the other parts, with {last} if there is one, and X-Degraded: partial")
        }
        (None, None) => "the other parts, with X-Degraded: partial".to_owned(),
    }
}
