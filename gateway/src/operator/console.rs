//! The console: the page on the operator's port that shows what the gateway does, as it does it.
//!
//! [`assets`] is the page, [`feed`] what it is told once a second, [`relay`] its way to the public API. A [`reading`] is
//! taken from the counters; what was counted between two is [`traffic`]. Nothing is done for it while nobody looks,
//! and while somebody does, a request costs a note among the [`recent`] ones.

pub(crate) mod assets;
mod feed;
mod hello;
mod reading;
mod recent;
mod relay;
mod snapshot;
mod traffic;

use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::{HttpResponse, web};
use service_kit::serve::{Draining, resource};

use crate::http::server_sent;
use crate::operator::Operator;
pub(crate) use feed::{Feed, run};
pub(crate) use recent::{Recent, Seen};

/// What the page needs of the server, for one of its threads.
pub(crate) fn routes(config: &mut web::ServiceConfig, operator: &Operator) {
    assets::routes(config);
    config
        .app_data(web::Data::from(Arc::clone(&operator.feed)))
        .service(resource("/events", "GET").route(web::get().to(events)))
        .service(relay::scope(operator));
}

async fn events(
    operator: web::Data<Operator>,
    feed: web::Data<Feed>,
    draining: web::Data<Draining>,
) -> HttpResponse {
    let hello = hello::of(&operator.state);
    let events = feed.join(&hello, draining.get_ref().clone());
    server_sent::answer().set_body(BoxBody::new(BodyStream::new(events)))
}
