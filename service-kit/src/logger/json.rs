//! Writes a line as one JSON object: `time`, `level`, `target`, `message`, then the line's own
//! pairs.

use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{self, Key, Value, VisitSource};
use serde_json::Map;

/// "None" for a person. A machine gets no pair instead, so that a pair always has one type.
const NONE: &str = "-";

pub(super) fn write(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let mut line = Map::new();
    line.insert("time".into(), out.timestamp_millis().to_string().into());
    line.insert("level".into(), record.level().as_str().into());
    line.insert("target".into(), record.target().into());
    let message = record.args().to_string();
    if !message.is_empty() {
        line.insert("message".into(), message.into());
    }
    record
        .key_values()
        .visit(&mut Pairs(&mut line))
        .map_err(io::Error::other)?;
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

struct Pairs<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        if value.to_borrowed_str() == Some(NONE) {
            return Ok(());
        }
        let json = match (value.to_u64(), value.to_f64(), value.to_bool()) {
            (Some(number), _, _) => number.into(),
            (None, Some(number), _) => number.into(),
            (None, None, Some(truth)) => truth.into(),
            (None, None, None) => value.to_string().into(),
        };
        self.0.insert(key.to_string(), json);
        Ok(())
    }
}
