//! Where the accounts are kept. The path is taken as it stands: nothing is percent-decoded.

use std::path::PathBuf;
use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of SQLite, relative to the working directory where it is not absolute.
    File(PathBuf),
    /// Gone with the process.
    Memory,
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self::File("data/clients.db".into())
    }
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if url == "sqlite::memory:" {
            return Ok(Self::Memory);
        }
        let path = url
            .strip_prefix("sqlite://")
            .ok_or("only SQLite is supported: expected sqlite://PATH or sqlite::memory:")?;
        // Other programs need to be told to make a missing file; here it is always made.
        match path.strip_suffix("?mode=rwc").unwrap_or(path) {
            "" => Err("expected a path after sqlite://"),
            path if path.contains('?') => Err("parameters are not supported"),
            path => Ok(Self::File(path.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn a_path_is_relative_or_absolute() {
        for (url, path) in [
            ("sqlite://data/clients.db", "data/clients.db"),
            ("sqlite:///data/clients.db", "/data/clients.db"),
            ("sqlite://clients.db?mode=rwc", "clients.db"),
        ] {
            assert_eq!(url.parse(), Ok(DatabaseUrl::File(path.into())), "{url}");
        }
        assert_eq!("sqlite::memory:".parse(), Ok(DatabaseUrl::Memory));
    }

    #[test]
    fn every_other_database_is_refused() {
        for bad in [
            "postgres://db/clients",
            "sqlite://",
            "sqlite://?mode=rwc",
            "sqlite://a.db?cache=shared",
            "data/clients.db",
        ] {
            assert!(bad.parse::<DatabaseUrl>().is_err(), "{bad}");
        }
    }
}
