//! The outcome of a request that the server drops.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use prometheus::TextEncoder;
use service_kit::env::Env;
use service_kit::request_id::RequestId;
use service_kit::serve::DRAIN;
use tokio::time::advance;

use super::Record;
use crate::application::site::Built;
use crate::config::Config;
use crate::http::trace::Trace;

#[tokio::test(start_paused = true)]
async fn a_request_cut_by_the_drain_does_not_count_as_the_clients_doing() {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    let site = Built::of(&Arc::new(config)).unwrap().site;
    let unfinished = |reason: &str| {
        let trace = Trace::go_on_or_begin(&HeaderMap::new(), rand::random());
        let id = RequestId::make();
        drop(Record::begin(Method::GET, id, trace, None, &site));
        let text = TextEncoder::new().encode_to_string(&site.metrics.registry.gather());
        let text = text.unwrap();
        let of = format!("reason=\"{reason}\",route=\"-\"}} ");
        let line = text.lines().find(|line| line.contains(&of)).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(unfinished("client_gone"), "1");
    site.draining.begin();
    assert_eq!(unfinished("client_gone"), "2");
    advance(DRAIN - Duration::from_millis(1)).await;
    assert_eq!(unfinished("client_gone"), "3");
    advance(Duration::from_millis(1)).await;
    assert_eq!(unfinished("draining"), "1");
}
