//! The console: the page on the operator's port that shows live what the gateway does.
//!
//! [`assets`] is the page, [`feed`] its event each second, [`relay`] its way to the public API. A
//! [`reading`] is taken from the counters; the difference of two is [`traffic`]. Nothing is done
//! while no page is open. While one is, each request costs a note in [`recent`].

pub(crate) mod assets;
mod feed;
mod hello;
mod reading;
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
pub(crate) use reading::Times;
pub(crate) use traffic::Traffic;

/// The routes that the page needs, for one thread of the server.
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
    let events = feed.join(&operator, draining.get_ref().clone());
    server_sent::answer().set_body(BoxBody::new(BodyStream::new(events)))
}
