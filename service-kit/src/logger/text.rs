//! `2026-11-22T13:10:00.123Z INFO  access method=GET route=/order-api/menu status=200 …`

use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{self, Key, Value, VisitSource};

pub(super) fn write(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let style = out.default_level_style(record.level());
    let (time, level) = (out.timestamp_millis(), record.level());
    write!(out, "{time} {style}{level:<5}{style:#} {}", record.target())?;
    let message = record.args().to_string();
    if !message.is_empty() {
        write!(out, " {}", one_line(&message))?;
    }
    record
        .key_values()
        .visit(&mut Pairs(out))
        .map_err(io::Error::other)?;
    writeln!(out)
}

struct Pairs<'a>(&'a mut Formatter);

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let text = value.to_string();
        let plain = !text.is_empty() && !text.contains([' ', '"', '\n', '\r', '=']);
        if plain {
            write!(self.0, " {key}={text}").map_err(Into::into)
        } else {
            write!(self.0, " {key}={text:?}").map_err(Into::into)
        }
    }
}

/// A log line is one line, whatever an error message contains.
fn one_line(message: &str) -> std::borrow::Cow<'_, str> {
    if message.contains(['\n', '\r']) {
        message.replace(['\n', '\r'], " ").into()
    } else {
        message.into()
    }
}
