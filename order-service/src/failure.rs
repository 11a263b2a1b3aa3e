//! The errors of the order service and their problem codes.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use service_kit::database;
use service_kit::failure::{Failure, QUOTA_RETRY_AFTER};
use shared_types::field::FieldErrors;
use shared_types::problem::{Code, ReachedLimit};
use shared_types::text::Text;
use shared_types::value::Timestamp;

use crate::opening::Closed;
use crate::page;
use crate::status::ImpossibleMove;
use crate::store::{DishError, MenuError, OrderError, StoreError};

impl From<OrderError> for Failure {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Unknown => Self::new(Code::OrderNotFound),
            OrderError::UnknownCursor => {
                Self::invalid(FieldErrors::one("cursor", page::unknown_cursor()))
            }
            OrderError::Unacceptable(fields) => Self::invalid(fields),
            OrderError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            OrderError::Impossible(ImpossibleMove { from, to }) => {
                Self::new(Code::ImpossibleTransition).with_detail(Text::formatted(|say| {
                    (say.orders.impossible_move)(from, to)
                }))
            }
            OrderError::Refused(failure) => failure,
            OrderError::TooManyOpen(most) => Self::new(Code::QuotaReached)
                .with_detail(Text::formatted(|say| (say.orders.too_many_open)(most)))
                .with_limit(ReachedLimit::new("ORDERS_OPEN_PER_ADDRESS", most))
                .with_header(RETRY_AFTER, QUOTA_RETRY_AFTER),
            OrderError::TotalExceeded { total, most } => Self::new(Code::TotalExceeded)
                .with_detail(Text::formatted(|say| {
                    (say.orders.total_exceeded)(total, most)
                }))
                .with_total(total),
            OrderError::IdUsed => Self::new(Code::IdempotencyKeyReused)
                .with_detail(Text::fixed(|say| say.orders.deferred_id_used)),
            OrderError::Closed { closed, now } => closed_until(closed, now),
            OrderError::Store(error) => error.into(),
        }
    }
}

/// An order for now is worth repeating when the restaurant opens.
fn closed_until(closed: Closed, now: Option<Timestamp>) -> Failure {
    let failure = Failure::new(Code::RestaurantClosed).with_opening(closed.opens_at);
    let local = closed.opens_local;
    let Some(now) = now else {
        let text = Text::formatted(|say| (say.orders.closed_then)(local));
        return failure.with_detail(text);
    };
    let (Some(opens_at), Some(local)) = (closed.opens_at, local) else {
        return failure;
    };
    let seconds = (opens_at.millis() - now.millis()).div_euclid(1000) + 1;
    failure
        .with_detail(Text::formatted(|say| (say.orders.closed_until)(local)))
        .with_header(RETRY_AFTER, HeaderValue::from(seconds))
}

impl From<MenuError> for Failure {
    fn from(error: MenuError) -> Self {
        match error {
            MenuError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            MenuError::Store(error) => error.into(),
        }
    }
}

impl From<DishError> for Failure {
    fn from(error: DishError) -> Self {
        match error {
            DishError::Unknown => Self::new(Code::DishNotFound),
            DishError::Refused(failure) => failure,
            DishError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => database::failure(error),
            error @ (StoreError::Unreadable { .. } | StoreError::Unwritable(_)) => {
                Self::internal(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use service_kit::failure::Failure;
    use shared_types::problem::Code;

    use crate::store::StoreError;

    #[test]
    fn a_row_that_cannot_be_read_back_is_an_internal_error() {
        let error = StoreError::Unreadable {
            column: "status",
            value: "PERDUE".to_owned(),
        };
        let failure = Failure::from(error);
        assert_eq!(failure.code(), Code::InternalError);
        assert!(failure.to_string().contains("PERDUE"), "{failure}");
    }
}
