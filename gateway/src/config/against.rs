//! Compares two configurations: what a client gets in an outage by the one and by the other.

mod change;
mod outlook;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Config;
pub(crate) use change::Change;
#[cfg(test)]
use change::Verdict;
use change::changes;
use outlook::{Outlook, UpstreamName, paths_of};

/// Lists what gets better or worse in an outage by going from `old` to `new`, sorted.
pub(crate) fn compare(old: &Config, new: &Config) -> Vec<Change> {
    let mut paths = paths_of(old);
    paths.extend(paths_of(new));
    let old_names = renamed(old, new);
    let new_names = new.upstreams.iter().map(|one| one.name.to_string());
    let new_names: Vec<_> = new_names.collect();
    changes(
        &Outlook::of(old, &old_names, &paths),
        &Outlook::of(new, &new_names, &paths),
    )
}

/// Tells, for people, each change from `old` to `new` that makes an outage worse.
#[must_use]
pub fn worse_in_an_outage(old: &Config, new: &Config) -> Vec<String> {
    let changes = compare(old, new).into_iter();
    let worse = changes.filter(Change::is_worse);
    worse
        .map(|change| {
            let (subject, when) = (change.subject(), change.when());
            format!("{subject}, {when}: {} -> {}", change.before, change.after)
        })
        .collect()
}

/// The names of the old upstreams in the new file. An upstream that lost its name is the one that
/// has a new name and the same URL.
fn renamed(old: &Config, new: &Config) -> Vec<UpstreamName> {
    let has = |config: &Config, name: &str| config.upstreams.iter().any(|one| *one.name == *name);
    let added = new.upstreams.iter().filter(|one| !has(old, &one.name));
    let mut added: BTreeMap<_, _> = added
        .map(|one| (one.url.to_string(), one.name.to_string()))
        .collect();
    let names = old.upstreams.iter().map(|one| {
        let known = has(new, &one.name);
        let renamed = (!known).then(|| added.remove(&one.url.to_string()));
        renamed.flatten().unwrap_or_else(|| one.name.to_string())
    });
    names.collect()
}
