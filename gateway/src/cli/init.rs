//! Writes a configuration to start from.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use service_kit::program::RunError;

const TEXT: &str = include_str!("init.toml");

/// Writes to `file`, or to `out`.
///
/// # Errors
/// The file exists, or cannot be written.
pub(super) fn write(file: Option<&Path>, out: &mut impl Write) -> Result<(), RunError> {
    let Some(file) = file else {
        return Ok(out.write_all(TEXT.as_bytes())?);
    };
    let written = File::create_new(file).and_then(|mut new| new.write_all(TEXT.as_bytes()));
    written.map_err(|error| format!("{}: {error}", file.display()).into())
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::{TEXT, write};
    use crate::config::Config;

    #[test]
    fn the_file_to_start_from_is_valid() {
        let config = Config::parse("mine.toml", TEXT, &Env::of_pairs([])).unwrap();
        assert_eq!(config.upstreams.len(), 1);
    }

    #[test]
    fn a_file_is_written_once_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let mut out = Vec::new();
        write(Some(&file), &mut out).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), TEXT);
        std::fs::write(&file, "mine").unwrap();
        let refused = write(Some(&file), &mut out).unwrap_err().to_string();
        assert!(refused.contains("mine.toml"), "{refused}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        assert!(out.is_empty());
        write(None, &mut out).unwrap();
        assert_eq!(out, TEXT.as_bytes());
    }
}
