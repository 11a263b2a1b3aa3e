//! Composes one answer from its parts, and decides whether it differs from another one and whether
//! it is the last. Does no I/O.

use actix_web::web::Bytes;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use sha2::{Digest as _, Sha256};
use shared_types::aggregate::{PartClosure, PartState};

use super::part::Part;
use super::settings::{AggregateSettings, EndSettings, META};
use crate::fault::degraded::Degraded;
use crate::settings::fingerprint::fingerprint;

#[derive(Debug)]
pub(super) struct Answer {
    parts: Vec<Part>,
    closures: Vec<PartClosure>,
    /// The answer as it is sent, written once for all clients that watch.
    pub(super) json: Bytes,
    /// The `X-Degraded` value.
    pub(super) degraded: Option<Degraded>,
    /// Whether nothing will change any more.
    pub(super) is_final: bool,
}

impl Answer {
    /// `parts` are in the order of the settings.
    pub(super) fn compose<U>(
        settings: &AggregateSettings<U>,
        parts: Vec<Part>,
        closures: Vec<PartClosure>,
    ) -> Result<Self, serde_json::Error> {
        let is_complete = parts.iter().all(|part| part.status.state.is_latest());
        let body = Body {
            settings,
            parts: &parts,
            closures: &closures,
            is_complete,
        };
        let end = settings
            .events
            .as_ref()
            .and_then(|events| events.end.as_ref());
        Ok(Self {
            json: serde_json::to_vec(&body)?.into(),
            degraded: degraded(settings, &parts, is_complete),
            is_final: end.is_some_and(|end| is_ended(end, &parts)),
            parts,
            closures,
        })
    }

    /// Whether the answer is news for a client that has seen the other one. An old part that has
    /// only aged is not; a closure that is announced, changed or over is.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.closures != other.closures || self.shown().ne(other.shown())
    }

    /// The same for all answers that do not differ, in every gateway and after a restart.
    pub(super) fn id(&self) -> String {
        let mut digest = Sha256::new();
        for (state, value) in self.shown() {
            let value = value.unwrap_or_default();
            digest.update(format!("{state:?} {}\n", value.len()));
            digest.update(value);
        }
        for PartClosure { service, notice } in &self.closures {
            digest.update(format!("{service} {notice:?}\n"));
        }
        fingerprint(digest)
    }

    /// What a client sees of each part, but for its age.
    fn shown(&self) -> impl Iterator<Item = (PartState, Option<&str>)> {
        self.parts.iter().map(|part| {
            let value = part.value.as_ref().map(|value| value.get());
            (part.status.state, value)
        })
    }
}

/// An old part that is required weighs more than a missing one that is not.
fn degraded<U>(
    settings: &AggregateSettings<U>,
    parts: &[Part],
    is_complete: bool,
) -> Option<Degraded> {
    let mut all = settings.parts.iter().zip(parts);
    if all.any(|(part, shown)| part.required.is_some() && shown.status.state == PartState::Stale) {
        Some(Degraded::Stale)
    } else if is_complete {
        None
    } else {
        Some(Degraded::Partial)
    }
}

/// Whether the part that tells the end, just read, does so.
fn is_ended(end: &EndSettings, parts: &[Part]) -> bool {
    let part = parts
        .get(end.part)
        .filter(|part| part.status.state == PartState::Ok);
    let value = part.and_then(|part| part.value.as_ref());
    value.is_some_and(|value| end.is_told_by(value.get()))
}

/// The parts by their names, and what they are.
struct Body<'b, U> {
    settings: &'b AggregateSettings<U>,
    parts: &'b [Part],
    closures: &'b [PartClosure],
    is_complete: bool,
}

/// The states of the parts.
struct Meta<'b, U>(&'b Body<'b, U>);

/// The state of each part by its name.
struct States<'b, U>(&'b Body<'b, U>);

impl<'b, U> Body<'b, U> {
    fn named(&self) -> impl Iterator<Item = (&'b str, &'b Part)> {
        let named = self.settings.parts.iter().zip(self.parts);
        named.map(|(settings, part)| (&*settings.name, part))
    }
}

impl<U> Serialize for Body<'_, U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.parts.len() + 1))?;
        for (name, part) in self.named() {
            map.serialize_entry(name, &part.value)?;
        }
        map.serialize_entry(META, &Meta(self))?;
        map.end()
    }
}

impl<U> Serialize for Meta<'_, U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let closures = self.0.closures;
        let entries = 2 + usize::from(!closures.is_empty());
        let mut map = serializer.serialize_map(Some(entries))?;
        map.serialize_entry("complete", &self.0.is_complete)?;
        map.serialize_entry("parts", &States(self.0))?;
        if !closures.is_empty() {
            map.serialize_entry("closures", closures)?;
        }
        map.end()
    }
}

impl<U> Serialize for States<'_, U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.named().map(|(name, part)| (name, &part.status)))
    }
}

#[cfg(test)]
mod tests;
