//! Writes a line as text: `2026-11-22T13:10:00.123Z INFO  access method=GET route=/order-api/menu
//! status=200 …`

use std::borrow::Cow;
use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{self, Key, Value, VisitSource};

/// For a terminal, with a coloured level.
pub(super) fn write_in_colour(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let style = out.default_level_style(record.level());
    let (time, level) = (out.timestamp_millis(), record.level());
    write!(out, "{time} {style}{level:<5}{style:#}")?;
    write_rest(out, record)
}

pub(super) fn write(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (time, level) = (out.timestamp_millis(), record.level());
    write!(out, "{time} {level:<5}")?;
    write_rest(out, record)
}

fn write_rest(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    write!(out, " {}", record.target())?;
    // The access log has such a message: without arguments, and so without a copy.
    match record.args().as_str() {
        Some("") => {}
        Some(message) => write!(out, " {}", one_line(message))?,
        None => write!(out, " {}", one_line(&record.args().to_string()))?,
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
        self.write_pair(key.as_str(), &value).map_err(Into::into)
    }
}

impl Pairs<'_> {
    /// Copies a text instead of formatting it: nearly all pairs of the access log are texts.
    fn write_pair(&mut self, key: &str, value: &Value<'_>) -> io::Result<()> {
        let out = &mut *self.0;
        out.write_all(b" ")?;
        out.write_all(key.as_bytes())?;
        out.write_all(b"=")?;
        match value.to_borrowed_str() {
            Some(text) => write_value(out, text),
            None if value.to_f64().is_some() => write!(out, "{value}"),
            None => write_value(out, &value.to_string()),
        }
    }
}

/// Quotes a text that could be mistaken for the next pair, or that could control a terminal.
fn write_value(out: &mut Formatter, text: &str) -> io::Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=');
    if !text.is_empty() && text.bytes().all(is_plain) {
        out.write_all(text.as_bytes())
    } else {
        write!(out, "{text:?}")
    }
}

/// Keeps a log line on one line and escapes control characters, whatever an error message contains.
fn one_line(message: &str) -> Cow<'_, str> {
    if message.contains(char::is_control) {
        message.replace(char::is_control, " ").into()
    } else {
        message.into()
    }
}
