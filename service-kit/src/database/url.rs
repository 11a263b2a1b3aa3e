//! Where a service keeps what must last. The path is taken as it stands: nothing is percent-decoded.
//!
//! A database in memory is refused: an order that was answered 201 would be gone with the process, and tests have
//! temporary folders.

use std::path::PathBuf;
use std::str::FromStr;

const IN_MEMORY: &str =
    "a database in memory would not survive the process: expected sqlite://PATH";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`: a file of SQLite, relative to the working directory where it is not absolute.
    File(PathBuf),
}

impl FromStr for DatabaseUrl {
    /// The URL is not repeated: it may hold a password.
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let in_memory = url.contains(":memory:") || url.contains("?mode=memory");
        if in_memory && url.starts_with("sqlite:") {
            return Err(IN_MEMORY);
        }
        let path = url
            .strip_prefix("sqlite://")
            .ok_or("only SQLite is supported: expected sqlite://PATH")?;
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
    fn every_other_database_is_refused_and_not_repeated() {
        for url in [
            "postgres://user:s3cret@db/orders",
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
