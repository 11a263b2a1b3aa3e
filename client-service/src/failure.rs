//! What can go wrong with an account, and the one place that says how it is answered.

use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use service_kit::failure::Failure;
use shared_types::problem::Code;

use crate::store;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error("the telephone number is taken")]
    PhoneTaken,
    #[error("no such client")]
    ClientNotFound,
    #[error("wrong e-mail address or password")]
    InvalidCredentials,
    #[error("no bearer token")]
    TokenMissing,
    #[error("token refused")]
    TokenRefused(#[source] jsonwebtoken::errors::Error),
    #[error("the token's session has ended")]
    SessionEnded,
    #[error("the caller's role does not allow it")]
    Forbidden,
    #[error("too many passwords are waiting to be hashed")]
    HashingOverloaded,
    #[error("hashing a password failed")]
    Hashing(#[from] argon2::password_hash::Error),
    #[error("hashing a password was broken off")]
    HashingAborted(#[from] tokio::task::JoinError),
    #[error("signing a token failed")]
    Signing(#[source] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Storage(#[from] sqlx::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = code_of(&error);
        let (name, value) = match (code, &error) {
            // RFC 9110 §15.5.2: a 401 must carry a challenge.
            (Code::InvalidCredentials, _) | (Code::Unauthorized, Error::TokenMissing) => {
                (WWW_AUTHENTICATE, "Bearer")
            }
            // RFC 6750 §3.1: the error code only where a token was given.
            (Code::Unauthorized, _) => (WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#),
            // In a second, the queue of passwords and that of writers are empty.
            (Code::ServiceUnavailable, _) => (RETRY_AFTER, "1"),
            _ => return Self::new(code).caused_by(error),
        };
        Self::new(code)
            .with_header(name, HeaderValue::from_static(value))
            .caused_by(error)
    }
}

fn code_of(error: &Error) -> Code {
    match error {
        Error::EmailTaken => Code::EmailTaken,
        Error::PhoneTaken => Code::PhoneTaken,
        Error::ClientNotFound => Code::ClientNotFound,
        Error::InvalidCredentials => Code::InvalidCredentials,
        Error::TokenMissing | Error::TokenRefused(_) | Error::SessionEnded => Code::Unauthorized,
        Error::Forbidden => Code::Forbidden,
        Error::HashingOverloaded => Code::ServiceUnavailable,
        Error::Storage(error) if store::is_overloaded(error) => Code::ServiceUnavailable,
        Error::Hashing(_) | Error::HashingAborted(_) | Error::Signing(_) | Error::Storage(_) => {
            Code::InternalError
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
    use service_kit::failure::Failure;
    use shared_types::problem::Code;

    use super::Error;

    #[test]
    fn a_database_that_is_too_busy_is_worth_another_try() {
        let failure = Failure::from(Error::Storage(sqlx::Error::PoolTimedOut));
        assert_eq!(failure.code(), Code::ServiceUnavailable);
        assert_eq!(failure.header().unwrap().0, RETRY_AFTER);
    }

    #[test]
    fn any_other_fault_of_the_database_is_internal_and_its_cause_is_logged() {
        let failure = Failure::from(Error::Storage(sqlx::Error::RowNotFound));
        assert_eq!(failure.code(), Code::InternalError);
        assert!(failure.to_string().contains("no rows"), "{failure}");
    }

    #[test]
    fn every_401_carries_a_challenge() {
        for (error, challenge) in [
            (Error::InvalidCredentials, "Bearer"),
            (Error::TokenMissing, "Bearer"),
            (Error::SessionEnded, r#"Bearer error="invalid_token""#),
        ] {
            let (name, value) = Failure::from(error).header().unwrap();
            assert_eq!(
                (name, value.to_str().unwrap()),
                (WWW_AUTHENTICATE, challenge)
            );
        }
    }
}
