//! The errors of the order service and their problem codes.

use actix_web::http::header::RETRY_AFTER;
use service_kit::database;
use service_kit::failure::{Failure, QUOTA_RETRY_AFTER};
use shared_types::field::FieldErrors;
use shared_types::problem::Code;
use shared_types::text::Text;

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
            OrderError::TooManyOpen(most) => Self::new(Code::QuotaReached)
                .with_detail(Text::formatted(|say| (say.orders.too_many_open)(most)))
                .with_header(RETRY_AFTER, QUOTA_RETRY_AFTER),
            OrderError::Store(error) => error.into(),
        }
    }
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
