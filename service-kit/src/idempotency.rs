//! Requests that may be repeated: one that brings an `Idempotency-Key` is done once, and its answer given again for 24 h.
//!
//! The field is that of draft-ietf-httpapi-idempotency-key-header. The key is written in the transaction of what the
//! request makes, so that of two at once the second waits for the first and then finds its answer. A request that failed
//! leaves nothing behind and may be repeated with the same key. Of the body only a keyed hash is kept.

mod kept;
mod memory;
mod submission;

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use serde::Serialize;

use crate::database::{Migrations, Step};

pub use kept::{Claim, SealedKey, forget, sweep, turn};
pub use memory::Answers;
pub use submission::{Key, Submission};

/// How long an answer is given again.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The keys' own table, beside those of the service.
pub const MIGRATIONS: Migrations = Migrations {
    table: "_idempotency_migrations",
    steps: &[Step(
        "idempotency keys",
        include_str!("../migrations/idempotency/0001_idempotency_keys.sql"),
    )],
};

/// Something that is there, and was made only once.
pub enum Made<T> {
    Now(T),
    /// By an earlier request with the same key, which was answered this JSON.
    Before(String),
}

impl<T: Serialize> Made<T> {
    /// The 201 of both, which differ in nothing.
    #[must_use]
    pub fn created(self) -> HttpResponse {
        self.answered(StatusCode::CREATED)
    }

    /// The same with another status.
    #[must_use]
    pub fn answered(self, status: StatusCode) -> HttpResponse {
        let mut answer = HttpResponse::build(status);
        match self {
            Self::Now(made) => answer.json(made),
            Self::Before(text) => answer.content_type(ContentType::json()).body(text),
        }
    }
}
