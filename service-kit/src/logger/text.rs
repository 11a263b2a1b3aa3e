//! `2026-11-22T13:10:00.123Z INFO  access method=GET route=/order-api/menu status=200 …`

use std::borrow::Cow;
use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{self, Key, Value, VisitSource};

/// For a terminal, with the level in its colour.
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
    // A message without arguments, and so without a copy, is what a line of the access log has.
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
        // Most values are text already, and need no copy.
        let text = value
            .to_borrowed_str()
            .map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
        if is_plain(&text) {
            write!(self.0, " {key}={text}").map_err(Into::into)
        } else {
            write!(self.0, " {key}={text:?}").map_err(Into::into)
        }
    }
}

/// Whether a value can be told from the next pair, and does nothing to a terminal.
fn is_plain(text: &str) -> bool {
    let odd = |c: char| matches!(c, ' ' | '"' | '=') || c.is_control();
    !text.is_empty() && !text.contains(odd)
}

/// A log line is one line, and moves no cursor, whatever an error message contains.
fn one_line(message: &str) -> Cow<'_, str> {
    if message.contains(char::is_control) {
        message.replace(char::is_control, " ").into()
    } else {
        message.into()
    }
}
