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

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;

use crate::database::{MigrationFile, Migrations};
use crate::observe::last_segment;

pub use memory::Answers;
pub use stored::{Claim, SealedKey, forget, lock_key, sweep};
pub use submission::{Key, Submission, canonical, key_name};

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
    /// The same 201 in both cases. `Location` is relative to the path that the client asked (RFC
    /// 3986 §5.2), which is the gateway's if the request came through one.
    #[must_use]
    pub fn created(self, request: &HttpRequest) -> HttpResponse {
        let id = self.id();
        let mut answer = self.answered(StatusCode::CREATED);
        let location = id.map(|id| format!("{}/{id}", last_segment(request)));
        if let Some(Ok(location)) = location.map(HeaderValue::try_from) {
            answer.headers_mut().insert(LOCATION, location);
        }
        answer
    }

    fn id(&self) -> Option<String> {
        let made: Value = match self {
            Self::Now(made) => serde_json::to_value(made).ok()?,
            Self::Before(text) => serde_json::from_str(text).ok()?,
        };
        made.get("id")?.as_str().map(str::to_owned)
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
