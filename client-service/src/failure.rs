//! The errors of the client service and their answers.

use std::time::Duration;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use service_kit::access::{SigningError, TokenError};
use service_kit::database;
use service_kit::failure::Failure;
use service_kit::input::{token_needed, token_refused};
use shared_types::field::FieldErrors;
use shared_types::problem::Code;
use shared_types::text::Text;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error("the telephone number is taken")]
    PhoneTaken,
    #[error("the idempotency key came with another account")]
    KeyReused,
    #[error("no such client")]
    ClientNotFound,
    #[error("the client has no such session")]
    SessionNotFound,
    #[error("wrong e-mail address or password")]
    InvalidCredentials,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("the current password is missing")]
    CurrentPasswordMissing,
    #[error("no such valid token for a new password")]
    ResetTokenInvalid,
    #[error("no mail is sent here")]
    PasswordResetOff,
    #[error("no order service is known here")]
    ErasureOff,
    #[error("no such erasure")]
    ErasureNotFound,
    #[error("the system gives no random bytes: {0}")]
    Randomness(String),
    #[error("no bearer token")]
    TokenMissing,
    #[error("token refused")]
    TokenRefused(#[source] TokenError),
    #[error("the token or its session has ended")]
    SessionEnded,
    #[error("the caller's role does not allow it")]
    Forbidden,
    #[error("too many passwords are waiting to be hashed")]
    HashingOverloaded,
    #[error("too many passwords of one client are waiting to be hashed")]
    TooManyPasswords,
    #[error("too many wrong passwords of one client at one account")]
    TooManyGuesses(Duration),
    #[error("hashing a password failed")]
    Hashing(#[from] argon2::password_hash::Error),
    #[error("hashing a password was interrupted")]
    HashingAborted(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("an account cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
    /// Of the request's conditions.
    #[error(transparent)]
    Refused(Failure),
    #[error(transparent)]
    Storage(#[from] sqlx::Error),
}

/// Only a genuine token is told that it has expired: its signature is checked first.
impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::SessionEnded,
            TokenError::UnknownKey | TokenError::Invalid(_) => Self::TokenRefused(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = match error {
            Error::Storage(error) => return database::failure(error),
            Error::Refused(failure) => return failure,
            Error::EmailTaken => Self::new(Code::EmailTaken),
            Error::PhoneTaken => Self::new(Code::PhoneTaken),
            Error::KeyReused => Self::new(Code::IdempotencyKeyReused),
            Error::ClientNotFound => Self::new(Code::ClientNotFound),
            Error::SessionNotFound => Self::new(Code::NotFound)
                .with_detail(Text::fixed(|say| say.accounts.no_such_session)),
            Error::Forbidden => Self::new(Code::Forbidden),
            // Not a 401, for which a frontend would log its user out.
            Error::WrongPassword => Self::new(Code::WrongPassword),
            Error::CurrentPasswordMissing => {
                let text = Text::fixed(|say| say.accounts.current_password);
                Self::invalid(FieldErrors::one("currentPassword", text))
            }
            Error::InvalidCredentials => token_needed(Code::InvalidCredentials),
            Error::TokenMissing => token_needed(Code::Unauthorized),
            Error::TokenRefused(_) => token_refused(Code::Unauthorized),
            Error::SessionEnded => token_refused(Code::SessionExpired),
            // In a second, the queue of passwords is much shorter.
            Error::HashingOverloaded => Self::new(Code::ServiceUnavailable)
                .with_detail(Text::fixed(|say| say.accounts.too_many_waiting))
                .with_header(RETRY_AFTER, HeaderValue::from_static("1")),
            Error::TooManyPasswords => Self::new(Code::RateLimited)
                .with_detail(Text::fixed(|say| say.accounts.too_many_of_your_network))
                .with_header(RETRY_AFTER, HeaderValue::from_static("1")),
            Error::TooManyGuesses(wait) => {
                // Rounded up: a client that waits for so long is admitted.
                let seconds = wait.as_millis().div_ceil(1000);
                let detail = Text::formatted(|say| (say.accounts.too_many_guesses)(seconds));
                let failure = Self::new(Code::RateLimited).with_detail(detail);
                match HeaderValue::from_str(&seconds.to_string()) {
                    Ok(seconds) => failure.with_header(RETRY_AFTER, seconds),
                    Err(_) => failure,
                }
            }
            Error::ResetTokenInvalid => Self::new(Code::ResetTokenInvalid),
            Error::PasswordResetOff => Self::new(Code::PasswordResetOff),
            Error::ErasureOff => Self::new(Code::ErasureOff),
            Error::ErasureNotFound => Self::new(Code::NotFound),
            Error::Hashing(_)
            | Error::Randomness(_)
            | Error::HashingAborted(_)
            | Error::Signing(_)
            | Error::Unwritable(_) => Self::new(Code::InternalError),
        };
        failure.caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
    use service_kit::failure::Failure;
    use shared_types::problem::Code;

    use super::Error;

    #[test]
    fn a_busy_answer_may_be_retried() {
        for error in [
            Error::HashingOverloaded,
            Error::Storage(sqlx::Error::PoolTimedOut),
        ] {
            let failure = Failure::from(error);
            assert_eq!(failure.code(), Code::ServiceUnavailable);
            assert_eq!(failure.header().unwrap().0, RETRY_AFTER);
        }
    }

    #[test]
    fn a_client_with_too_many_passwords_gets_a_429_and_not_a_503() {
        let failure = Failure::from(Error::TooManyPasswords);
        assert_eq!(failure.code(), Code::RateLimited);
        assert_eq!(failure.header().unwrap().0, RETRY_AFTER);
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
