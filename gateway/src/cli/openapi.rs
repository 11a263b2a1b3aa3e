//! Prints the OpenAPI document, for files and generators.

use std::io::{self, Write};

use crate::config::Config;
use crate::operator::openapi::document;

pub(super) fn print(config: &Config, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(config))?;
    writeln!(out)
}
