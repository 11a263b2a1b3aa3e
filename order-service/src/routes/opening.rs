//! The opening hours.

use actix_web::{HttpResponse, web};
use shared_types::value::Timestamp;

use crate::opening::Opening;

pub(super) async fn show(opening: web::Data<Opening>) -> HttpResponse {
    HttpResponse::Ok().json(opening.describe(Timestamp::now()))
}
