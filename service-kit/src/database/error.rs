//! What an error of the database is worth to the client: one that passes may be asked again, anything else will not mend
//! by itself.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use shared_types::problem::Code;

use crate::failure::Failure;

/// `SQLITE_BUSY`, the low byte of each of its extended codes (https://www.sqlite.org/rescode.html#busy).
const SQLITE_BUSY: u32 = 5;

/// Classes and codes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) that say that the
/// server is not there, not now, or had to choose somebody else: connection exceptions, a standby, a transaction that
/// idled too long, a database that is not there or takes no connections, transaction rollbacks, too many connections, a lock not had in time, operator
/// intervention (a timeout and a shutdown are among them).
const POSTGRES_TRANSIENT: [&str; 9] = [
    "08", "25006", "25P03", "3D000", "40", "53300", "55000", "55P03", "57",
];

/// Whether the database would have done it, had it had the time: nobody got out of the way while a request queued
/// for a connection or a lock, or the server is away.
#[must_use]
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_transient_code(&code)),
        _ => false,
    }
}

/// Whether somebody else was in the way, so that nothing is known of the database itself: the queue for a connection, a
/// lock or a statement's time was over.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| match &*code {
            "55P03" | "57014" => true,
            code => code.len() < 5 && is_transient_code(code),
        }),
        _ => false,
    }
}

fn is_transient_code(code: &str) -> bool {
    // A SQLSTATE always has five characters, and no code of SQLite does.
    if code.len() == 5 {
        POSTGRES_TRANSIENT
            .iter()
            .any(|start| code.starts_with(start))
    } else {
        code.parse()
            .is_ok_and(|code: u32| code & 0xff == SQLITE_BUSY)
    }
}

/// How an error of the database is answered.
#[must_use]
pub fn failure(error: sqlx::Error) -> Failure {
    if !is_transient(&error) {
        return Failure::internal(error);
    }
    Failure::new(Code::ServiceUnavailable)
        // In a second, the queue of writers is empty.
        .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::RETRY_AFTER;
    use shared_types::problem::Code;

    use super::{failure, is_transient_code};

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        // SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT; connection failure, a database that is gone, deadlock, lock timeout,
        // statement timeout, shutdown.
        for code in [
            "5", "517", "08006", "3D000", "40P01", "55P03", "57014", "57P01",
        ] {
            assert!(is_transient_code(code), "{code}");
        }
        // SQLITE_FULL, SQLITE_CONSTRAINT_UNIQUE; disk full, unique violation, undefined table.
        for code in ["13", "2067", "53100", "23505", "42P01"] {
            assert!(!is_transient_code(code), "{code}");
        }
    }

    #[test]
    fn a_busy_database_is_worth_another_try() {
        let failure = failure(sqlx::Error::PoolTimedOut);
        assert_eq!(failure.code(), Code::ServiceUnavailable);
        assert_eq!(
            failure.header().unwrap(),
            (RETRY_AFTER, "1".parse().unwrap())
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
