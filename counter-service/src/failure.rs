//! The errors of the counter service and their problem codes.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use service_kit::database;
use service_kit::failure::Failure;
use shared_types::problem::{Code, ReachedLimit};
use shared_types::text::Text;

use crate::store::{EntryError, Full, StoreError, TakeError};
use crate::vault::VaultError;

/// The queue is emptied within seconds once the upstream is back.
const FULL_RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

impl From<TakeError> for Failure {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            TakeError::Full(full) => full.into(),
            TakeError::Store(error) => error.into(),
        }
    }
}

impl From<Full> for Failure {
    fn from(full: Full) -> Self {
        let (detail, name, most) = match full {
            Full::Entries(most) => (queue_full(), "COUNTER_MAX_ENTRIES", most),
            Full::Bytes(most) | Full::BytesOfClient(most) => {
                (queue_full(), "COUNTER_MAX_BYTES", most)
            }
            Full::OfClient(most) => (
                Text::formatted(|say| (say.deferred.too_many)(most)),
                "COUNTER_MAX_PER_CLIENT",
                most,
            ),
        };
        Self::new(Code::ServiceUnavailable)
            .with_detail(detail)
            .with_limit(ReachedLimit::new(name, most))
            .with_header(RETRY_AFTER, FULL_RETRY_AFTER)
            .caused_by(format!("{name} is reached"))
    }
}

fn queue_full() -> Text {
    Text::fixed(|say| say.deferred.queue_full)
}

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Unknown => Self::new(Code::NotFound),
            EntryError::UnderWay => Self::new(Code::ImpossibleTransition)
                .with_detail(Text::fixed(|say| say.deferred.not_withdrawn)),
            EntryError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => database::failure(error),
            error @ StoreError::Unreadable { .. } => Self::internal(error),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::internal(error)
    }
}
