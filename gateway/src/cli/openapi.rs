//! Prints the OpenAPI document, for files and generators.

use std::io::{self, Write};
use std::sync::Arc;

use service_kit::program::RunError;

use super::terminal;
use crate::application::site::Built;
use crate::config::Config;
use crate::operator::openapi::{document, documents};

/// Asks the upstreams for their own documents first. The routes of an upstream without one are
/// listed all the same.
pub(super) fn print(config: Config, out: &mut impl Write) -> Result<(), RunError> {
    let config = Arc::new(config);
    let built = Built::of(&config)?;
    let (site, known) = (&built.site, &built.documents);
    let read = documents::read(site, &config, known);
    for name in actix_web::rt::System::new().block_on(read) {
        writeln!(
            io::stderr(),
            "gateway: {name} gives no OpenAPI document now, so its routes have no description"
        )?;
    }
    let document = document(&config, &known.of(&config));
    let text = serde_json::to_string_pretty(&document)?;
    Ok(writeln!(out, "{}", terminal::json(&text))?)
}
