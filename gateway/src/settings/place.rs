//! Finds the line of the file that an error is about: `mine.toml:12: routes.stock[0].to: …`.

use std::ops::Range;

use service_kit::env::ConfigError;
use toml::de::{DeTable, DeValue, Error};

use super::spelling;

/// A key, or an item of a list.
struct Place {
    /// As errors name it: `routes.stock[0].to`.
    path: String,
    /// The bytes of the key; of an item, those of its value.
    key: Range<usize>,
    value: Range<usize>,
}

/// Adds the line to an error that names a key of the file. Other errors are about a variable.
pub(crate) fn with_line(error: ConfigError, file: &str, text: &str) -> ConfigError {
    let places = places(text);
    let holds = |place: &&Place| {
        let below = error.name.strip_prefix(&*place.path);
        below.is_some_and(|below| below.is_empty() || below.starts_with(['.', '[']))
    };
    let nearest = places.iter().filter(holds).max_by_key(|one| one.path.len());
    match nearest {
        Some(place) => {
            let line = line(text, place.key.start);
            ConfigError::new(format!("{file}:{line}: {}", error.name), error.reason)
        }
        None => error,
    }
}

/// The error for a text that is not TOML, or has not the shape of the file.
pub(super) fn unread(error: &Error, file: &str, text: &str) -> ConfigError {
    let span = error.span().unwrap_or_default();
    let line = line(text, span.start);
    let path = path_of(&places(text), &span);
    let (key, reason) = explained(error.message());
    let path = match (path, key) {
        (Some(path), Some(key)) => format!("{path}.{key}"),
        (Some(path), None) => path,
        (None, Some(key)) => key.to_owned(),
        (None, None) => return ConfigError::new(format!("{file}:{line}"), reason),
    };
    ConfigError::new(format!("{file}:{line}: {path}"), reason)
}

/// What to write instead of the former table `[tracking]`.
const TRACKING: &str = "has become [aggregates.NAME]: a path such as /job/{id}, events.path for its stream, and \
    each part as parts.NAME = { upstream = …, path = … }, with required = true for the first one, and with \
    find = { KEY = \"{id}\" } instead of find = \"KEY\"";

/// The missing key, if one is missing, and what is wrong in plain words.
fn explained(message: &str) -> (Option<&str>, String) {
    let quoted = |text| -> Option<(&str, &str)> { str::split_once(text, '`') };
    if let Some((key, _)) = message.strip_prefix("missing field `").and_then(quoted) {
        let reason = match key {
            "url" => "is required: http(s)://host[:port][/path]",
            "path" => "is required: a path such as /stock/{id}",
            _ => "is required",
        };
        return (Some(key), reason.to_owned());
    }
    // The path names an unknown key already.
    if let Some((given, known)) = message.strip_prefix("unknown field `").and_then(quoted) {
        let known = quoted_in(known);
        let reason = if given == "tracking" && known.contains(&"aggregates") {
            TRACKING.to_owned()
        } else {
            format!("unknown key{}", spelling::known(given, &known))
        };
        return (None, reason);
    }
    if let Some((given, known)) = message.strip_prefix("unknown variant `").and_then(quoted) {
        let known = spelling::known(given, &quoted_in(known));
        return (None, format!("unknown value {given}{known}"));
    }
    (None, message.trim_end().replace('\n', ", "))
}

/// The words between backquotes.
fn quoted_in(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The path of the deepest place with these bytes, or else around them.
fn path_of(places: &[Place], span: &Range<usize>) -> Option<String> {
    let exact = |place: &&Place| place.key == *span || place.value == *span;
    let around = |place: &&Place| {
        place.key.start.min(place.value.start) <= span.start && span.end <= place.value.end
    };
    let deepest = places.iter().filter(exact).max_by_key(|one| one.path.len());
    let deepest = deepest.or_else(|| {
        places
            .iter()
            .filter(around)
            .max_by_key(|one| one.path.len())
    });
    deepest.map(|place| place.path.clone())
}

/// Every place, or those before an error of the notation.
fn places(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let (table, _errors) = DeTable::parse_recoverable(text);
    add_table(&mut places, table.get_ref(), "");
    places
}

fn add_table(places: &mut Vec<Place>, table: &DeTable<'_>, above: &str) {
    for (key, value) in table {
        let path = match above {
            "" => key.get_ref().to_string(),
            above => format!("{above}.{}", key.get_ref()),
        };
        add(places, path, key.span(), value.span(), value.get_ref());
    }
}

fn add(
    places: &mut Vec<Place>,
    path: String,
    key: Range<usize>,
    value: Range<usize>,
    inner: &DeValue<'_>,
) {
    match inner {
        DeValue::Table(table) => add_table(places, table, &path),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                add(places, path, item.span(), item.span(), item.get_ref());
            }
        }
        _ => {}
    }
    places.push(Place { path, key, value });
}

/// The number of the line with this byte, from 1.
fn line(text: &str, byte: usize) -> usize {
    let before = text.bytes().take(byte);
    before.filter(|byte| *byte == b'\n').count() + 1
}
