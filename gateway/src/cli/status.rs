//! Prints the state of the running gateway as one table: itself, features, upstreams, drills.

use std::io::Write;

use service_kit::program::RunError;
use shared_types::gateway::{
    AnnouncedClosure, Availability, ClosureTarget, DrillUnderWay, FeatureStatus, OperatorStatus,
    ReplicaStatus, RouteStatus, UpstreamStatus,
};
use shared_types::text::Lang;
use shared_types::value::Timestamp;

use super::running::{NoAnswer, Running, read};
use super::{table, terminal};
use crate::config::Config;

/// What, name, state, since when, and further facts.
type Row = [String; 5];

/// The error if anything is not up.
#[derive(Debug, thiserror::Error)]
#[error("not everything is up")]
struct NotUp;

/// # Errors
/// The gateway does not answer, or not everything is up.
pub(super) fn run(config: &Config, as_json: bool, out: &mut impl Write) -> Result<(), RunError> {
    let asked = actix_web::rt::System::new().block_on(async {
        let gateway = Running::of(config);
        let status = gateway.get("/status").await?;
        // Where drills are off, there are none.
        let drills = gateway.get("/drills").await.ok();
        Ok::<_, NoAnswer>((gateway.origin().to_owned(), status, drills))
    });
    let (origin, body, drills) = asked?;
    let status: OperatorStatus = read(&body, &origin)?;
    if as_json {
        let body = String::from_utf8_lossy(&body);
        writeln!(out, "{}", terminal::json(&body))?;
    } else {
        let drills: Vec<DrillUnderWay> = match drills {
            Some(drills) => read(&drills, &origin)?,
            None => Vec::new(),
        };
        let rows = rows(&origin, &status, &drills);
        table::print(["WHAT", "NAME", "STATUS", "SINCE", "DETAILS"], &rows, out)?;
    }
    if is_up(&status) {
        Ok(())
    } else {
        Err(NotUp.into())
    }
}

/// Whether every feature, upstream and replica is up or closed as announced, and the shared store is
/// up, if there is one.
fn is_up(status: &OperatorStatus) -> bool {
    let now = Timestamp::now();
    let features = status.public.features.values();
    // While it is closed, something may stand in for it.
    let features = features.filter(|feature| {
        let closure = feature.closure.as_ref();
        closure.is_none_or(|closure| closure.from > now)
    });
    let upstreams = status.upstreams.values();
    let replicas = upstreams.clone().flat_map(|upstream| &upstream.replicas);
    let parts = features.map(|feature| feature.status);
    let parts = parts.chain(upstreams.clone().map(|upstream| upstream.status));
    let mut parts = parts
        .chain(replicas.map(|replica| replica.status))
        .chain(status.shared);
    parts.all(|part| matches!(part, Availability::Up | Availability::Closed))
        && upstreams.clone().all(|upstream| upstream.routes.is_empty())
}

fn rows(origin: &str, status: &OperatorStatus, drills: &[DrillUnderWay]) -> Vec<Row> {
    let mut rows = vec![gateway(origin, status)];
    let features = status.public.features.iter();
    rows.extend(features.map(|(name, status)| feature(name, status)));
    for (name, status) in &status.upstreams {
        rows.push(upstream(name, status));
        rows.extend(status.replicas.iter().map(|status| replica(name, status)));
        rows.extend(status.routes.iter().map(|status| route(name, status)));
    }
    rows.extend(status.shared.map(store));
    rows.extend(status.closures.iter().map(closure));
    rows.extend(drills.iter().map(drill));
    rows
}

fn gateway(origin: &str, status: &OperatorStatus) -> Row {
    let config = &status.config;
    let mut details = vec![format!("configuration {} ({})", config.file, config.hash)];
    let last = config.last_reload.as_ref();
    if let Some(failed) = last.filter(|last| !last.successful) {
        let cause = failed.error.as_deref().unwrap_or_default();
        details.push(format!("the reload at {} failed: {cause}", failed.at));
    }
    if !config.needs_restart.is_empty() {
        let keys = config.needs_restart.join(", ");
        details.push(format!("a restart is needed for {keys}"));
    }
    let name = origin.trim_start_matches("http://");
    let since = Some(config.since);
    row("gateway", name, word(status.public.status), since, &details)
}

fn feature(name: &str, status: &FeatureStatus) -> Row {
    let mut details = Vec::new();
    if !status.missing.is_empty() {
        details.push(format!("without {}", status.missing.join(", ")));
    }
    if let Some(seconds) = status.stale_age_seconds {
        details.push(format!("stale answers, {seconds} s old"));
    }
    details.extend(status.waiting.map(|waiting| format!("{waiting} waiting")));
    details.extend(status.retry_after_seconds.map(retry));
    row("feature", name, word(status.status), None, &details)
}

fn upstream(name: &str, status: &UpstreamStatus) -> Row {
    let mut details = vec![format!("circuit {}", status.breaker.as_str())];
    details.extend(status.retry_after_seconds.map(retry));
    details.push(format!("{} in flight", status.in_flight));
    if let Some(error) = &status.last_error {
        details.push(format!("last error at {}: {}", error.at, error.cause));
    }
    row(
        "upstream",
        name,
        word(status.status),
        status.since,
        &details,
    )
}

fn replica(upstream: &str, status: &ReplicaStatus) -> Row {
    let mut details = vec![
        format!("of {upstream}"),
        format!("{} in flight", status.in_flight),
    ];
    details.extend(status.latency_millis.map(|millis| format!("{millis} ms")));
    details.extend(status.retry_after_seconds.map(retry));
    row(
        "replica",
        &status.address,
        word(status.status),
        None,
        &details,
    )
}

fn route(upstream: &str, status: &RouteStatus) -> Row {
    let name = format!("{} {}", status.method, status.path);
    let details = [
        format!("of {upstream}"),
        format!("circuit {}", status.breaker.as_str()),
        retry(status.retry_after_seconds),
    ];
    row("route", &name, word(Availability::Down), None, &details)
}

fn store(status: Availability) -> Row {
    row("store", "shared", word(status), None, &[])
}

fn closure(closure: &AnnouncedClosure) -> Row {
    let (what, name) = match &closure.target {
        ClosureTarget::Feature(name) => ("feature", name),
        ClosureTarget::Upstream(name) => ("upstream", name),
    };
    let (state, when) = match closure.begins_in_seconds {
        Some(seconds) => ("announced", format!("begins in {seconds} s")),
        None => ("closed", format!("ends in {} s", closure.ends_in_seconds)),
    };
    let notice = &closure.notice;
    let details = [
        format!("of the {what}"),
        when,
        format!("until {}", notice.until),
        notice.reason.to(Lang::En).clone(),
    ];
    row("closure", name, state, Some(notice.from), &details)
}

fn drill(drill: &DrillUnderWay) -> Row {
    let mut details = Vec::new();
    if drill.rate < 1.0 {
        details.push(format!("{:.0} % of the requests", drill.rate * 100.0));
    }
    let delay = drill.delay_seconds;
    details.extend(delay.map(|seconds| format!("{seconds} s late")));
    details.push(format!("ends in {} s", drill.ends_in_seconds));
    row("drill", &drill.target, drill.mode.as_str(), None, &details)
}

fn retry(seconds: u64) -> String {
    format!("asked again in {seconds} s")
}

fn row(what: &str, name: &str, status: &str, since: Option<Timestamp>, details: &[String]) -> Row {
    [
        what.to_owned(),
        name.to_owned(),
        status.to_owned(),
        since.map_or_else(|| "-".to_owned(), |since| since.to_string()),
        details.join("; "),
    ]
}

fn word(status: Availability) -> &'static str {
    match status {
        Availability::Up => "up",
        Availability::Degraded => "degraded",
        Availability::Deferred => "deferred",
        Availability::Closed => "closed",
        Availability::Down => "down",
        Availability::Unknown => "unknown",
    }
}
