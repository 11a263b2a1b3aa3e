//! The stream of an aggregate as the file declares it.

use std::sync::Arc;

use super::Refused;
use crate::aggregates::field::text_of;
use crate::routing::route;
use crate::settings::{EndTable, EventsTable, spelling};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventsSettings {
    pub(crate) path: Arc<str>,
    /// The name of the events.
    pub(crate) name: String,
    pub(crate) limits: WatchLimits,
    pub(crate) end: Option<EndSettings>,
}

/// The limits on what is watched at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WatchLimits {
    /// `events.watched`.
    pub(crate) watched: usize,
    /// `events.streams_per_client`.
    pub(crate) streams_per_client: usize,
}

/// The answer after which nothing changes any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndSettings {
    /// The index of the part that tells the end.
    pub(crate) part: usize,
    key: String,
    values: Vec<String>,
    /// The name of the last event.
    pub(crate) event: String,
}

impl EventsSettings {
    /// `parameters` and `parts` are those of the aggregate `name`.
    pub(super) fn new(
        table: EventsTable,
        name: &str,
        parameters: &[String],
        parts: &[&str],
    ) -> Result<Self, Refused> {
        route::check_path(&table.path).map_err(|reason| Refused::new("events.path", reason))?;
        let mut own: Vec<_> = route::names_of(&table.path).collect();
        let mut expected: Vec<_> = parameters.iter().map(String::as_str).collect();
        own.sort_unstable();
        expected.sort_unstable();
        if own != expected {
            let reason = "must have the parameters of the aggregate's path, and no others";
            return Err(Refused::new("events.path", reason));
        }
        let watched = table.watched;
        let streams_per_client = table.streams_per_client;
        let streams_per_client = streams_per_client.unwrap_or_else(|| watched.div_ceil(10));
        for (key, count) in [
            ("events.watched", watched),
            ("events.streams_per_client", streams_per_client),
        ] {
            if count == 0 {
                return Err(Refused::new(key, "must be at least 1"));
            }
        }
        let name = table.name.unwrap_or_else(|| name.to_owned());
        check_event("events.name", &name)?;
        Ok(Self {
            path: table.path.into(),
            name,
            limits: WatchLimits {
                watched,
                streams_per_client,
            },
            end: table
                .end
                .map(|end| EndSettings::new(end, parts))
                .transpose()?,
        })
    }
}

impl EndSettings {
    fn new(table: EndTable, parts: &[&str]) -> Result<Self, Refused> {
        let part = parts.iter().position(|part| *part == table.part);
        let part = part.ok_or_else(|| {
            let known = spelling::known(&table.part, parts);
            Refused::new(
                "events.end.part",
                format!("no part is named {}{known}", table.part),
            )
        })?;
        if table.values.is_empty() {
            return Err(Refused::new("events.end.values", "at least one is needed"));
        }
        check_event("events.end.event", &table.event)?;
        Ok(Self {
            part,
            key: table.key,
            values: table.values,
            event: table.event,
        })
    }

    /// Whether the part's text is one of the last ones.
    pub(crate) fn is_told_by(&self, part: &str) -> bool {
        text_of(part, &self.key).is_some_and(|text| self.values.contains(&text))
    }
}

/// A line break would end the event's name.
fn check_event(key: &'static str, name: &str) -> Result<(), Refused> {
    if name.is_empty() || name.contains(char::is_control) {
        return Err(Refused::new(key, "must be a text of one line"));
    }
    Ok(())
}
