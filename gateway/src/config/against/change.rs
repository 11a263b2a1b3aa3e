//! Decides what is better or worse in an outage. Everything here is computed from plain values.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use humantime::format_duration;
use serde::Serialize;
use shared_types::gateway::Availability;
use shared_types::problem::Code;

use super::outlook::{
    Answer, FeatureOutlook, Loss, Outlook, RouteOutlook, Stale, UpstreamName, UpstreamOutlook,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Worse,
    /// The route or the feature does not exist any more, which is worse too.
    Gone,
    Better,
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Route,
    Feature,
    Upstream,
}

/// One difference. The order of the fields is the order of the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Change {
    pub(crate) verdict: Verdict,
    pub(crate) kind: Kind,
    /// The method and path of a route, or the name of a feature or upstream.
    pub(crate) name: String,
    /// The upstream that is down. `None` if the change shows without an outage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) down: Option<UpstreamName>,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Verdict {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Gone => "gone",
            Self::Better => "better",
            Self::New => "new",
        }
    }
}

impl Change {
    /// Names the thing that has changed, for people.
    pub(crate) fn subject(&self) -> String {
        match self.kind {
            Kind::Route => self.name.clone(),
            Kind::Feature => format!("feature {}", self.name),
            Kind::Upstream => format!("upstream {}", self.name),
        }
    }

    /// When it shows, for people.
    pub(crate) fn when(&self) -> String {
        self.down.as_ref().map_or_else(
            || "always".to_owned(),
            |upstream| format!("{upstream} down"),
        )
    }

    pub(crate) fn is_worse(&self) -> bool {
        matches!(self.verdict, Verdict::Worse | Verdict::Gone)
    }
}

/// All differences, sorted.
pub(super) fn changes(old: &Outlook, new: &Outlook) -> Vec<Change> {
    let mut found = Vec::new();
    for (name, old, new) in pairs(&old.routes, &new.routes) {
        let (Some(old), Some(new)) = (old, new) else {
            continue;
        };
        let mut of = Comparison::new(Kind::Route, name, &mut found);
        match (old, new) {
            (Ok(old), Ok(new)) => of.route(old, new),
            (Ok(_), Err(code)) => of.note(Verdict::Gone, "an answer", &problem(*code)),
            (Err(code), Ok(_)) => of.note(Verdict::New, &problem(*code), "an answer"),
            (Err(_), Err(_)) => {}
        }
    }
    for (name, old, new) in pairs(&old.features, &new.features) {
        let mut of = Comparison::new(Kind::Feature, name, &mut found);
        match (old, new) {
            (Some(old), Some(new)) => of.feature(old, new),
            (Some(_), None) => of.note(Verdict::Gone, "in /status", "not in /status"),
            (None, Some(_)) => of.note(Verdict::New, "not in /status", "in /status"),
            (None, None) => {}
        }
    }
    for (name, old, new) in pairs(&old.upstreams, &new.upstreams) {
        if let (Some(old), Some(new)) = (old, new) {
            let mut of = Comparison::new(Kind::Upstream, name, &mut found);
            of.down = Some(name.to_owned());
            of.upstream(old, new);
        }
    }
    found.sort_unstable();
    found
}

/// Each key of either map, with its values in both.
fn pairs<'m, T>(
    old: &'m BTreeMap<String, T>,
    new: &'m BTreeMap<String, T>,
) -> impl Iterator<Item = (&'m str, Option<&'m T>, Option<&'m T>)> {
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .map(|key| (key.as_str(), old.get(key), new.get(key)))
}

/// Compares one route, feature or upstream.
struct Comparison<'c> {
    kind: Kind,
    name: &'c str,
    down: Option<UpstreamName>,
    found: &'c mut Vec<Change>,
}

impl<'c> Comparison<'c> {
    fn new(kind: Kind, name: &'c str, found: &'c mut Vec<Change>) -> Self {
        Self {
            kind,
            name,
            down: None,
            found,
        }
    }

    fn note(&mut self, verdict: Verdict, before: &str, after: &str) {
        self.found.push(Change {
            verdict,
            kind: self.kind,
            name: self.name.to_owned(),
            down: self.down.clone(),
            before: before.to_owned(),
            after: after.to_owned(),
        });
    }

    /// Notes a value that differs. More of it is better.
    fn more_is_better<T: Ord>(&mut self, old: &T, new: &T, text: impl Fn(&T) -> String) {
        let verdict = match new.cmp(old) {
            Ordering::Less => Verdict::Worse,
            Ordering::Equal => return,
            Ordering::Greater => Verdict::Better,
        };
        self.note(verdict, &text(old), &text(new));
    }

    /// Notes a time to wait that differs. A shorter one is better.
    fn wait(&mut self, old: Duration, new: Duration, text: impl Fn(&str) -> String) {
        let text = |wait: &std::cmp::Reverse<Duration>| text(&format_duration(wait.0).to_string());
        self.more_is_better(&std::cmp::Reverse(old), &std::cmp::Reverse(new), text);
    }

    fn route(&mut self, old: &RouteOutlook, new: &RouteOutlook) {
        let has_other_parts = have_other_parts(old, new);
        for (upstream, old, new) in pairs(&old.answers, &new.answers) {
            self.down = Some(upstream.to_owned());
            let (old, new) = (old.unwrap_or(&Answer::Usual), new.unwrap_or(&Answer::Usual));
            match (old, new) {
                (Answer::Stale(old), Answer::Stale(new)) => self.stale(old, new),
                // Told as the part that is gone or new.
                (Answer::OtherParts(_), Answer::Usual) | (Answer::Usual, Answer::OtherParts(_))
                    if has_other_parts => {}
                (Answer::OtherParts(old), Answer::OtherParts(new))
                | (Answer::StalePart(old), Answer::StalePart(new)) => {
                    self.more_is_better(old, new, |age| last_good(*age));
                }
                _ => match new.rank().cmp(&old.rank()) {
                    Ordering::Less => self.note(Verdict::Worse, &old.text(), &new.text()),
                    Ordering::Equal => {}
                    Ordering::Greater => self.note(Verdict::Better, &old.text(), &new.text()),
                },
            }
        }
        self.down = None;
        if has_other_parts {
            for part in old.parts.symmetric_difference(&new.parts) {
                let has = |route: &RouteOutlook| route.parts.contains(part);
                self.more_is_better(&has(old), &has(new), |is| {
                    format!("{} the part {part}", if *is { "with" } else { "without" })
                });
            }
        }
        let depends = !old.answers.is_empty() && !new.answers.is_empty();
        // A change of the upstream's own timeout is noted once, with the upstream.
        let is_own = old.timeout_of.is_none() || old.timeout_of != new.timeout_of;
        self.down = new.answers.keys().next_back().cloned();
        if depends && is_own {
            self.wait(old.timeout, new.timeout, |wait| {
                format!("waits up to {wait}")
            });
        }
        if depends {
            self.more_is_better(&old.is_repeated, &new.is_repeated, |is| {
                format!("{}sent again with an Idempotency-Key", not(*is))
            });
        }
    }

    fn stale(&mut self, old: &Stale, new: &Stale) {
        self.more_is_better(&old.longest_age, &new.longest_age, |age| last_good(*age));
        self.wait(old.wait, new.wait, |wait| {
            format!("last good answer after {wait} at most")
        });
        self.more_is_better(&old.is_shared, &new.is_shared, |is| {
            format!("last good answer {}with credentials", not(*is))
        });
        self.more_is_better(&old.is_warm, &new.is_warm, |is| format!("{}warm", not(*is)));
    }

    fn feature(&mut self, old: &FeatureOutlook, new: &FeatureOutlook) {
        const NONE: Loss = Loss {
            state: Availability::Up,
            is_needed: false,
        };
        for (upstream, old, new) in pairs(&old.0, &new.0) {
            self.down = Some(upstream.to_owned());
            let (old, new) = (old.unwrap_or(&NONE), new.unwrap_or(&NONE));
            if old.state == new.state {
                self.more_is_better(&!old.is_needed, &!new.is_needed, |is_free| {
                    format!("{}, {}needed", state(old.state), not(!*is_free))
                });
            } else {
                let verdict = if rank(new.state) < rank(old.state) {
                    Verdict::Worse
                } else {
                    Verdict::Better
                };
                self.note(verdict, state(old.state), state(new.state));
            }
        }
    }

    fn upstream(&mut self, old: &UpstreamOutlook, new: &UpstreamOutlook) {
        self.more_is_better(&old.probe.is_some(), &new.probe.is_some(), |is| {
            let by = if *is {
                "the probe"
            } else {
                "clients' requests"
            };
            format!("found out by {by}")
        });
        self.more_is_better(&old.retries, &new.retries, |retries| match retries {
            0 => "not asked again".to_owned(),
            1 => "asked again once".to_owned(),
            times => format!("asked again {times} times"),
        });
        self.wait(old.timeout, new.timeout, |wait| {
            format!("waits up to {wait}")
        });
        self.wait(old.connect_timeout, new.connect_timeout, |wait| {
            format!("waits up to {wait} to connect")
        });
    }
}

impl Answer {
    /// A greater one is better for the client: a real answer before a promise, that before an answer
    /// that was written in advance, and that before none.
    fn rank(&self) -> u8 {
        match self {
            Self::Usual => 5,
            Self::OtherParts(_) => 4,
            Self::StalePart(_) | Self::Stale(_) => 3,
            Self::Deferred(_) => 2,
            Self::File(_) => 1,
            Self::Problem(_) => 0,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Usual => "the usual answer".to_owned(),
            Self::OtherParts(_) => "the other parts".to_owned(),
            Self::StalePart(age) => last_good(*age),
            Self::Stale(stale) => stale.text(),
            Self::Deferred(keeper) => format!("kept by {keeper} and delivered later"),
            Self::File(file) => format!("the file {file}"),
            Self::Problem(code) => problem(*code),
        }
    }
}

impl Stale {
    fn text(&self) -> String {
        let mut text = last_good(self.longest_age);
        for (is, name) in [(self.is_shared, ", shared"), (self.is_warm, ", warm")] {
            if is {
                text.push_str(name);
            }
        }
        text
    }
}

/// Whether both are aggregates, of different parts.
fn have_other_parts(old: &RouteOutlook, new: &RouteOutlook) -> bool {
    !old.parts.is_empty() && !new.parts.is_empty() && old.parts != new.parts
}

fn last_good(age: Duration) -> String {
    format!("last good answer up to {}", format_duration(age))
}

fn problem(code: Code) -> String {
    let reason = match code {
        Code::RouteNotFound => ": no such route",
        Code::MethodNotAllowed => ": no such method",
        _ => "",
    };
    format!("{} problem{reason}", code.status())
}

fn not(is: bool) -> &'static str {
    if is { "" } else { "not " }
}

fn rank(state: Availability) -> u8 {
    match state {
        Availability::Up => 4,
        Availability::Degraded => 3,
        Availability::Deferred => 2,
        Availability::Unknown => 1,
        // No configuration declares it.
        Availability::Closed => 0,
        Availability::Down => 0,
    }
}

fn state(state: Availability) -> &'static str {
    match state {
        Availability::Up => "up",
        Availability::Degraded => "degraded",
        Availability::Deferred => "deferred",
        Availability::Unknown => "unknown",
        Availability::Closed => "closed",
        Availability::Down => "down",
    }
}

#[cfg(test)]
mod tests;
