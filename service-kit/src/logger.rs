//! Writes the log: `text` for people, `json` for machines (`LOG_FORMAT`), filtered by `RUST_LOG`
//! (default [`DEFAULT_FILTER`]).
//!
//! The facts of a line are key-value pairs, so that both formats carry the same facts.

mod gathered;
mod json;
mod text;

use std::io::{self, IsTerminal as _, Write};
use std::str::FromStr;

use env_logger::{Builder, Target, WriteStyle};

use crate::env::{ConfigError, Env};

use gathered::Gathered;
pub use gathered::Lines;

/// Shows everything useful about a healthy process. actix_server announces each thread it starts.
/// actix_http reports each broken body without the request's id, and the gateway reports it with
/// the id. rustls warns about anything a stranger sends in a handshake, such as an address as
/// server name; a failed handshake is logged elsewhere.
const DEFAULT_FILTER: &str =
    "info,actix_server=warn,actix_http=off,rustls=error,hickory_resolver=error,hickory_net=error";

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

#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `LOG_FORMAT`: `text` or `json`; `text` by default.
    pub format: Format,
    /// `RUST_LOG`: env_logger's filter, such as `warn,access=info`; [`DEFAULT_FILTER`] by default.
    pub filter: String,
}

impl LogConfig {
    /// # Errors
    /// The format is unknown, or the filter cannot be read.
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

/// Starts logging to standard error while the result is held. A second call changes nothing. On a
/// terminal each line is written at once.
#[must_use = "the last lines are written when it is dropped"]
pub fn init(config: &LogConfig) -> Option<Lines> {
    let mut builder = Builder::new();
    builder.parse_filters(&config.filter);
    let lines = match config.format {
        Format::Text if io::stderr().is_terminal() => {
            builder.format(text::write_in_colour);
            None
        }
        Format::Text => plain(builder.format(text::write)),
        Format::Json => plain(builder.format(json::write)),
    };
    // Fails only when there is a logger already, as in a test binary.
    let _ = builder.try_init();
    lines
}

/// Starts logging to `out`, such as a file, while the result is held. A second call changes nothing.
///
/// # Errors
/// The system refuses a thread.
pub fn init_to(config: &LogConfig, out: impl Write + Send + 'static) -> io::Result<Lines> {
    let (gathered, lines) = Gathered::to(out)?;
    let mut builder = Builder::new();
    builder.parse_filters(&config.filter);
    match config.format {
        Format::Text => builder.format(text::write),
        Format::Json => builder.format(json::write),
    };
    builder.write_style(WriteStyle::Always);
    builder.target(Target::Pipe(Box::new(gathered)));
    // Fails only when there is a logger already, as in a test binary.
    let _ = builder.try_init();
    Ok(lines)
}

/// Writes without colours, which spares a search of each line for colours to remove. The target is
/// a pipe, because env_logger asks of standard error at each line whether it is a terminal.
fn plain(builder: &mut Builder) -> Option<Lines> {
    builder.write_style(WriteStyle::Always);
    let (out, lines): (Box<dyn Write + Send>, _) = match Gathered::to(io::stderr()) {
        Ok((gathered, lines)) => (Box::new(gathered), Some(lines)),
        Err(_no_thread) => (Box::new(io::stderr()), None),
    };
    builder.target(Target::Pipe(out));
    lines
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
    fn no_stranger_writes_a_warning_by_a_handshake() {
        use log::{Level, Log as _, Metadata};

        let logger = env_logger::Builder::new()
            .parse_filters(super::DEFAULT_FILTER)
            .build();
        let is_logged = |level, target| {
            let metadata = Metadata::builder().level(level).target(target).build();
            logger.enabled(&metadata)
        };
        // The warning about an address as SNI.
        assert!(!is_logged(Level::Warn, "rustls::msgs::handshake"));
        assert!(is_logged(Level::Error, "rustls::msgs::handshake"));
        assert!(is_logged(Level::Warn, "gateway::answer::reply"));
    }

    #[test]
    fn a_bad_format_or_filter_names_its_variable() {
        for (name, value) in [("LOG_FORMAT", "xml"), ("RUST_LOG", "gateway=loud")] {
            let error = LogConfig::from_env(&Env::of_pairs([(name, value)])).unwrap_err();
            assert_eq!(error.name, name);
        }
    }
}
