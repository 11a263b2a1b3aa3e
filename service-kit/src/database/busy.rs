//! What an error of the database is worth to the client: one that is only busy may be asked again, anything else
//! will not mend by itself.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use shared_types::problem::Code;

use crate::failure::Failure;

/// `SQLITE_BUSY`, the low byte of each of its extended codes (https://www.sqlite.org/rescode.html#busy).
const SQLITE_BUSY: u32 = 5;

/// Whether the database would have done it, had it had the time: nobody got out of the way while a request queued
/// for a connection, or while a connection waited for another process's lock.
#[must_use]
pub fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error
            .code()
            .and_then(|code| code.parse::<u32>().ok())
            .is_some_and(|code| code & 0xff == SQLITE_BUSY),
        _ => false,
    }
}

/// How an error of the database is answered.
#[must_use]
pub fn failure(error: sqlx::Error) -> Failure {
    if !is_busy(&error) {
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

    use super::failure;

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
