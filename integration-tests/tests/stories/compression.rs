//! Tests that the frontend's lists are short on the wire.

use std::io::Read as _;

use actix_web::http::Method;

use crate::restaurant;

fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        _ => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
    }
    .unwrap();
    plain
}

#[actix_web::test]
async fn the_menu_takes_less_than_two_fifths_of_its_bytes() {
    let restaurant = restaurant().await;
    let plain = restaurant.gateway.get("/order-api/menu").await.body;
    for coding in ["br", "gzip"] {
        let request = restaurant.gateway.request(Method::GET, "/order-api/menu");
        let answer = request.header("accept-encoding", coding).send().await;
        assert_eq!(answer.header("content-encoding"), Some(coding));
        assert_eq!(decoded(coding, &answer.body), plain);
        let (short, long) = (answer.body.len(), plain.len());
        assert!(short * 5 < long * 2, "{coding}: {short} of {long}");
    }
}
