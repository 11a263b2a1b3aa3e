//! Executes a request with an `Idempotency-Key` once, and repeats its answer for 24 h.
//!
//! The field is that of draft-ietf-httpapi-idempotency-key-header. The key is written in the same
//! transaction as the change, so the second of two simultaneous requests waits for the first and
//! then finds its answer. A failed request leaves nothing behind and may be repeated with the same
//! key. Of the body only a keyed hash is stored.

mod memory;
mod stored;
mod submission;

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use serde::Serialize;

use crate::database::{MigrationFile, Migrations};

pub use memory::Answers;
pub use stored::{Claim, SealedKey, forget, lock_key, sweep};
pub use submission::{Key, Submission};

/// How long an answer is repeated.
pub const ANSWER_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The keys' own table, beside those of the service.
pub const MIGRATIONS: Migrations = Migrations {
    table: "_idempotency_migrations",
    steps: &[MigrationFile(
        "idempotency keys",
        include_str!("../migrations/idempotency/0001_idempotency_keys.sql"),
    )],
};

/// The result of a request that creates something at most once.
pub enum Made<T> {
    Now(T),
    /// An earlier request with the same key created it. This is the JSON of its answer.
    Before(String),
}

impl<T: Serialize> Made<T> {
    /// The same 201 in both cases.
    #[must_use]
    pub fn created(self) -> HttpResponse {
        self.answered(StatusCode::CREATED)
    }

    /// The same answer with another status.
    #[must_use]
    pub fn answered(self, status: StatusCode) -> HttpResponse {
        let mut answer = HttpResponse::build(status);
        match self {
            Self::Now(made) => answer.json(made),
            Self::Before(text) => answer.content_type(ContentType::json()).body(text),
        }
    }
}
