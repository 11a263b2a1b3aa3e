//! Writes a configuration to start from.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
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
    make(file, |mut new| new.write_all(TEXT.as_bytes()))
        .map_err(|error| format!("{}: {}", file.display(), reason(&error)).into())
}

/// Makes the file, or leaves none.
fn make(file: &Path, fill: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    let new = File::create_new(file)?;
    fill(new).inspect_err(|_| {
        // The error to report is the first one.
        let _ = std::fs::remove_file(file);
    })
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AlreadyExists => "exists, and init never overwrites; choose another name".into(),
        ErrorKind::NotFound => "its folder does not exist; make it, or choose another name".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use service_kit::env::Env;

    use super::{TEXT, make, write};
    use crate::config::Config;
    use crate::routing::route::Found;

    #[test]
    fn the_file_to_start_from_is_valid() {
        let config = Config::parse("mine.toml", TEXT, &Env::of_pairs([])).unwrap();
        assert_eq!(config.upstreams.len(), 1);
        for (method, path) in [(Method::POST, "/stock"), (Method::PUT, "/stock/7")] {
            let found = config.routes.find(&method, path);
            assert!(matches!(found, Found::Route { .. }), "{method} {path}");
        }
        assert!(TEXT.contains("invalidates = [\"/stock\"]"));
    }

    #[test]
    fn its_commented_tables_are_valid_too() {
        let (used, commented) = TEXT.split_once("# One answer made").unwrap();
        let lines = commented.lines().skip(1);
        let lines = lines.map(|line| line.strip_prefix("# ").unwrap_or(line));
        let text = format!("{used}{}", lines.collect::<Vec<_>>().join("\n"));
        let config = Config::parse("mine.toml", &text, &Env::of_pairs([])).unwrap();
        let found = config.routes.find(&Method::GET, "/item/7");
        assert!(matches!(found, Found::Route { .. }));
        assert_eq!(config.limits.request_body, 1024 * 1024);
    }

    #[test]
    fn a_file_that_cannot_be_filled_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        make(&file, |_| Err(full())).unwrap_err();
        assert!(!file.exists());
    }

    #[test]
    fn a_missing_folder_is_named_as_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none/mine.toml");
        let refused = write(Some(&file), &mut Vec::new()).unwrap_err().to_string();
        assert!(refused.contains("folder does not exist"), "{refused}");
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
        assert!(refused.contains("never overwrites"), "{refused}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        assert!(out.is_empty());
        write(None, &mut out).unwrap();
        assert_eq!(out, TEXT.as_bytes());
    }
}
