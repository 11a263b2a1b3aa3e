//! Classifies database errors: the client may retry a transient one; any other needs an operator.

pub(super) mod opening;

use std::io;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::failure::Failure;

/// SQLite's primary result codes, the low byte of each extended code
/// (https://www.sqlite.org/rescode.html), for a lock that another connection holds.
const SQLITE_BUSY: [u32; 2] = [5, 6]; // BUSY, LOCKED

/// A full or broken disk, or a read-only file.
const SQLITE_STORAGE: [u32; 4] = [8, 10, 13, 14]; // READONLY, IOERR, FULL, CANTOPEN

/// SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html) of a lock or
/// statement timeout.
const POSTGRES_BUSY: [&str; 2] = ["55P03", "57014"];

/// The server's disk is full or broken, or its memory is exhausted.
const POSTGRES_STORAGE: [&str; 3] = ["53100", "53200", "58030"];

/// Classes and codes of an unavailable server: connection exceptions, a standby, a transaction that
/// idled too long, a database that is missing or takes no connections, transaction rollbacks, too
/// many connections, operator intervention (which includes a shutdown).
const POSTGRES_UNAVAILABLE: [&str; 8] = [
    "08", "25006", "25P03", "3D000", "40", "53300", "55000", "57",
];

/// Errors that no driver reports. sqlx carries them as I/O errors.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The database works, but other requests used up the time.
    #[error("{0}")]
    Busy(String),
    #[error("{0}")]
    Unreachable(String),
    /// A write would be lost at the next start.
    #[error(
        "{0} was removed or replaced while the database was open; \
         stop the service, put the file back, and start it again"
    )]
    FileGone(String),
}

impl From<Trouble> for sqlx::Error {
    fn from(trouble: Trouble) -> Self {
        Self::Io(io::Error::other(trouble))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// Another request was in the way.
    Busy,
    /// The server is unavailable.
    Unavailable,
    /// Nothing can be stored.
    Storage,
    Other,
}

impl Nature {
    fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(error) => {
                let inner = error.get_ref();
                match inner.and_then(|inner| inner.downcast_ref::<Trouble>()) {
                    Some(Trouble::Busy(_)) => Self::Busy,
                    Some(Trouble::FileGone(_)) => Self::Storage,
                    Some(Trouble::Unreachable(_)) | None => Self::Unavailable,
                }
            }
            sqlx::Error::Database(error) => error
                .code()
                .map_or(Self::Other, |code| Self::of_code(&code)),
            _ => Self::Other,
        }
    }

    fn of_code(code: &str) -> Self {
        // A SQLSTATE always has five characters; no SQLite code has.
        if code.len() != 5 {
            return match code.parse().map(|code: u32| code & 0xff) {
                Ok(code) if SQLITE_BUSY.contains(&code) => Self::Busy,
                Ok(code) if SQLITE_STORAGE.contains(&code) => Self::Storage,
                _ => Self::Other,
            };
        }
        let is_among = |codes: &[&str]| codes.iter().any(|start| code.starts_with(start));
        if is_among(&POSTGRES_BUSY) {
            Self::Busy
        } else if is_among(&POSTGRES_STORAGE) {
            Self::Storage
        } else if is_among(&POSTGRES_UNAVAILABLE) {
            Self::Unavailable
        } else {
            Self::Other
        }
    }
}

/// Whether another request was in the way: the wait for a connection, for a lock or for a statement
/// timed out. It says nothing about the database itself.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    Nature::of(error) == Nature::Busy
}

/// The answer to a database error.
#[must_use]
pub fn failure(error: sqlx::Error) -> Failure {
    match Nature::of(&error) {
        Nature::Other => Failure::internal(error),
        // The queue of writers is empty within a second.
        Nature::Busy | Nature::Unavailable => unavailable("1").caused_by(error),
        // An operator has to make room.
        Nature::Storage => unavailable("5")
            .with_detail(Text::fixed(|say| say.requests.nothing_stored))
            .caused_by(error),
    }
}

fn unavailable(retry_after: &'static str) -> Failure {
    Failure::new(Code::ServiceUnavailable)
        .with_header(RETRY_AFTER, HeaderValue::from_static(retry_after))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::RETRY_AFTER;
    use shared_types::problem::Code;

    use super::{Nature, Trouble, failure};

    #[test]
    fn transient_errors_are_distinguished_from_others() {
        for (nature, codes) in [
            (Nature::Busy, &["5", "517", "55P03", "57014"][..]),
            (
                Nature::Unavailable,
                &["08006", "3D000", "40P01", "53300", "57P01"],
            ),
            (Nature::Storage, &["13", "778", "8", "14", "53100", "58030"]),
            (Nature::Other, &["2067", "11", "23505", "42P01"]),
        ] {
            for code in codes {
                assert_eq!(Nature::of_code(code), nature, "{code}");
            }
        }
    }

    #[test]
    fn a_busy_database_is_worth_another_try() {
        let busy = Trouble::Busy("others write".to_owned());
        for error in [sqlx::Error::PoolTimedOut, busy.into()] {
            let failure = failure(error);
            assert_eq!(failure.code(), Code::ServiceUnavailable);
            assert_eq!(
                failure.header().unwrap(),
                (RETRY_AFTER, "1".parse().unwrap())
            );
        }
    }

    #[test]
    fn a_database_that_can_store_nothing_says_so_and_when_to_ask_again() {
        let failure = failure(Trouble::FileGone("kept.db".to_owned()).into());
        assert_eq!(failure.code(), Code::ServiceUnavailable);
        assert!(failure.detail().is_some());
        assert_eq!(
            failure.header().unwrap(),
            (RETRY_AFTER, "5".parse().unwrap())
        );
        assert!(
            failure.to_string().contains("kept.db was removed"),
            "{failure}"
        );
    }

    #[test]
    fn any_other_fault_is_internal_and_its_cause_is_logged() {
        for error in [sqlx::Error::RowNotFound, sqlx::Error::WorkerCrashed] {
            let cause = error.to_string();
            let failure = failure(error);
            assert_eq!(failure.code(), Code::InternalError);
            assert!(failure.header().is_none());
            assert!(failure.to_string().contains(&cause), "{failure}");
        }
    }
}
