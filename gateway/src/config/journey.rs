//! Checks the journey of the console: each request has a route, and each value is known by then.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::Value;
use service_kit::env::ConfigError;

use crate::routing::route::{Found, RouteTable};
use crate::settings::{CallTable, ConsoleTable};

/// The value that differs each time it is used.
const UNIQUE: &str = "unique";

/// # Errors
/// The journey cannot be played. The error names the key.
pub(super) fn check(console: &ConsoleTable, routes: &RouteTable) -> Result<(), ConfigError> {
    let mut known = Known(BTreeSet::from([UNIQUE.to_owned()]));
    let refuse = |key: &str, reason| ConfigError::new(format!("console.{key}"), reason);
    known
        .add(console.values.keys())
        .map_err(|reason| refuse("values", reason))?;
    if console.journey.is_empty() {
        return Err(refuse("journey", "has no step".to_owned()));
    }
    let mut names = BTreeSet::new();
    for (index, step) in console.journey.iter().enumerate() {
        let place = format!("journey[{index}]");
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if step.name.is_empty() || !step.name.chars().all(is_plain) {
            let reason = "must be lower-case letters, digits and dashes";
            return Err(refuse(&format!("{place}.name"), reason.to_owned()));
        }
        if !names.insert(&step.name) {
            let reason = format!("another step has the name {}", step.name);
            return Err(refuse(&format!("{place}.name"), reason));
        }
        if step.calls.is_empty() {
            return Err(refuse(
                &format!("{place}.calls"),
                "has no request".to_owned(),
            ));
        }
        for (index, call) in step.calls.iter().enumerate() {
            let checked = known.follow(call).and_then(|()| routed(call, routes));
            checked.map_err(|(key, reason)| {
                refuse(&format!("{place}.calls[{index}].{key}"), reason)
            })?;
        }
    }
    Ok(())
}

/// The key of a call that is wrong, and why.
type Refusal = (&'static str, String);

/// The names of the values that a step may use.
struct Known(BTreeSet<String>);

impl Known {
    fn add<'n>(&mut self, names: impl Iterator<Item = &'n String>) -> Result<(), String> {
        for name in names {
            if !is_name(name) {
                return Err(format!("{name} is no name: letters, digits and _ are"));
            }
            if name == UNIQUE {
                return Err(format!("{UNIQUE} is a random text already"));
            }
            self.0.insert(name.clone());
        }
        Ok(())
    }

    /// Checks what a call uses, and adds what it sets and takes.
    fn follow(&mut self, call: &CallTable) -> Result<(), Refusal> {
        if let Some(name) = &call.unless
            && !self.0.contains(name)
        {
            return Err(("unless", self.unknown(name)));
        }
        self.have("set", call.set.values())?;
        self.add(call.set.keys())
            .map_err(|reason| ("set", reason))?;
        self.have("request", [&call.request])?;
        self.have("headers", call.headers.values())?;
        self.have("body", texts_in(call.body.iter()))?;
        let wanted = call.wanted.iter().flat_map(|wanted| wanted.values());
        self.have("match", texts_in(wanted))?;
        self.add(call.take.keys())
            .map_err(|reason| ("take", reason))
    }

    /// Checks that every value of these texts is known.
    fn have<'t>(
        &self,
        key: &'static str,
        texts: impl IntoIterator<Item = &'t String>,
    ) -> Result<(), Refusal> {
        let mut names = texts.into_iter().flat_map(|text| names_in(text));
        match names.find(|name| !self.0.contains(*name)) {
            Some(name) => Err((key, self.unknown(name))),
            None => Ok(()),
        }
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<_> = self.0.iter().map(String::as_str).collect();
        format!(
            "no value {name} is known here; known are {}",
            known.join(", ")
        )
    }
}

fn routed(call: &CallTable, routes: &RouteTable) -> Result<(), Refusal> {
    let no_request = || {
        (
            "request",
            "expected a method and a path, such as GET /stock".to_owned(),
        )
    };
    let (method, target) = call.request.split_once(' ').ok_or_else(no_request)?;
    let method: Method = method.parse().map_err(|_invalid| no_request())?;
    let path = target.split('?').next().unwrap_or(target);
    let example = names_in(path).fold(path.to_owned(), |path, name| {
        path.replace(&format!("{{{name}}}"), "x")
    });
    if !matches!(routes.find(&method, &example), Found::Route { .. }) {
        let reason = "must be a request that a route answers: `gateway routes` lists them";
        return Err(("request", reason.to_owned()));
    }
    if call.body.is_some() && (method == Method::GET || method == Method::HEAD) {
        return Err(("body", format!("a {method} has none")));
    }
    if let Some(status) = call.may.iter().find(|status| !(300..600).contains(*status)) {
        return Err(("may", format!("{status} is not between 300 and 599")));
    }
    if call.wanted.is_none() && (call.wait.is_some() || call.message.is_some()) {
        let key = if call.wait.is_some() {
            "wait"
        } else {
            "message"
        };
        return Err((
            key,
            "needs `match`, which says what is waited for".to_owned(),
        ));
    }
    let pointers = call.take.values();
    let mut wrong = pointers.filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/'));
    match wrong.next() {
        Some(pointer) => {
            let reason =
                format!("{pointer} is no JSON pointer: one begins with a slash, as in /id");
            Err(("take", reason))
        }
        None => Ok(()),
    }
}

/// Every text in these values, however deep.
fn texts_in<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<&'v String> {
    let mut texts = Vec::new();
    let mut left: Vec<_> = values.collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => texts.push(text),
            Value::Array(items) => left.extend(items),
            Value::Object(object) => left.extend(object.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    texts
}

/// The names in braces. Braces around anything else are text.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split('{').skip(1);
    pieces.filter_map(|piece| Some(piece.split_once('}')?.0).filter(|name| is_name(name)))
}

fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| is_part(c) && !c.is_ascii_digit()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests;
