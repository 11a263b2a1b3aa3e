//! Log lines: `text` for people, `json` for machines (`LOG_FORMAT`), filtered by `RUST_LOG` (default [`DEFAULT_FILTER`]).
//!
//! What a line is about stands in its key-value pairs, so that both formats carry the same facts.

mod json;
mod text;

use std::io::{self, IsTerminal as _};
use std::str::FromStr;

use env_logger::{Builder, Target, WriteStyle};

use crate::env::{ConfigError, Env};

/// Everything worth knowing of a healthy process. The server library announces each thread it starts, and says of every
/// body that breaks off, without the request's id, what the gateway says with it.
const DEFAULT_FILTER: &str = "info,actix_server=warn,actix_http=off";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

/// Where and how this process logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `LOG_FORMAT`: `text` or `json`; `text` by default.
    pub format: Format,
    /// `RUST_LOG`: env_logger's filter, such as `warn,access=info`; [`DEFAULT_FILTER`] by default.
    pub filter: String,
}

impl LogConfig {
    /// # Errors
    /// An unknown format, or a filter that cannot be read.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let filter = env
            .get("RUST_LOG")
            .unwrap_or_else(|| DEFAULT_FILTER.to_owned());
        env_filter::Builder::new()
            .try_parse(&filter)
            .map_err(|error| ConfigError::new("RUST_LOG", error))?;
        let format = env.parse_or("LOG_FORMAT", Format::default())?;
        Ok(Self { format, filter })
    }
}

/// Starts logging to standard error. A second call changes nothing.
pub fn init(config: &LogConfig) {
    let mut builder = Builder::new();
    builder.parse_filters(&config.filter);
    match config.format {
        Format::Text if io::stderr().is_terminal() => builder.format(text::write_in_colour),
        Format::Text => plain(&mut builder).format(text::write),
        Format::Json => plain(&mut builder).format(json::write),
    };
    // Fails only where a logger is there already, as in a test binary.
    let _ = builder.try_init();
}

/// Spares the search of each line for colours to take out, where the format writes none: what is said to be kept is not
/// looked at. As a pipe, because standard error is asked for each line whether it is a terminal.
fn plain(builder: &mut Builder) -> &mut Builder {
    builder
        .write_style(WriteStyle::Always)
        .target(Target::Pipe(Box::new(io::stderr())))
}

#[cfg(test)]
mod tests {
    use super::{Format, LogConfig};
    use crate::env::Env;

    #[test]
    fn text_at_info_is_the_default() {
        let config = LogConfig::from_env(&Env::of_pairs([])).unwrap();
        assert_eq!(config.format, Format::Text);
        assert_eq!(config.filter, super::DEFAULT_FILTER);
    }

    #[test]
    fn a_bad_format_or_filter_names_its_variable() {
        for (name, value) in [("LOG_FORMAT", "xml"), ("RUST_LOG", "gateway=loud")] {
            let error = LogConfig::from_env(&Env::of_pairs([(name, value)])).unwrap_err();
            assert_eq!(error.name, name);
        }
    }
}
