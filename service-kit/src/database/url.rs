//! The location of a service's database. A path is taken literally: nothing is percent-decoded.
//!
//! A database in memory is refused: an order that was answered 201 would be lost with the process,
//! and tests have temporary folders.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::PostgresUrl;

const IN_MEMORY: &str =
    "a database in memory would not survive the process: expected sqlite://PATH";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`: a SQLite file; a relative path starts at the working directory.
    File(PathBuf),
    /// `postgres://…`: a server for several replicas.
    Postgres(PostgresUrl),
}

impl DatabaseUrl {
    /// Parses the URL of a file, for data that a single process needs.
    ///
    /// # Errors
    /// The URL is not that of a file.
    pub fn file(text: &str) -> Result<Self, String> {
        match text.parse()? {
            url @ Self::File(_) => Ok(url),
            Self::Postgres(_) => Err("expected sqlite://PATH".to_owned()),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl FromStr for DatabaseUrl {
    /// Does not repeat the URL, which may hold a password.
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let in_memory = url.contains(":memory:") || url.contains("?mode=memory");
        if in_memory && url.starts_with("sqlite:") {
            return Err(IN_MEMORY);
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return url.parse().map(Self::Postgres);
        }
        let path = url
            .strip_prefix("sqlite://")
            .ok_or("expected sqlite://PATH or postgres://…")?;
        // Other programs need this to create a missing file; here a missing file is always created.
        match path.strip_suffix("?mode=rwc").unwrap_or(path) {
            "" => Err("expected a path after sqlite://"),
            path if path.contains('?') => Err("parameters are not supported"),
            path => Ok(Self::File(path.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, IN_MEMORY};

    #[test]
    fn a_path_is_relative_or_absolute() {
        for (url, path) in [
            ("sqlite://data/clients.db", "data/clients.db"),
            ("sqlite:///data/clients.db", "/data/clients.db"),
            ("sqlite://clients.db?mode=rwc", "clients.db"),
        ] {
            assert_eq!(url.parse(), Ok(DatabaseUrl::File(path.into())), "{url}");
        }
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for url in [
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://orders.db?mode=memory",
        ] {
            assert_eq!(url.parse::<DatabaseUrl>(), Err(IN_MEMORY), "{url}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let url: DatabaseUrl = "postgres://user:s3cret@db:5432/orders".parse().unwrap();
        assert_eq!(url.to_string(), "orders at db");
        assert!(!format!("{url:?}").contains("s3cret"), "{url:?}");
    }

    #[test]
    fn every_other_database_is_refused_and_not_repeated() {
        for url in [
            "mysql://user:s3cret@db/orders",
            "postgres://user:s3cret@db:port/orders",
            "postgres://user:s3cret@db",
            "sqlite://",
            "sqlite://?mode=rwc",
            "sqlite://a.db?cache=shared",
            "data/clients.db",
        ] {
            let reason = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(!reason.contains("s3cret"), "{url}: {reason}");
        }
    }
}
