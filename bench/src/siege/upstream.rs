//! The upstream behind the attacked proxies: it answers everything at once.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};

use crate::filler::{Filler, Framing};
use crate::report::MIB;
use crate::{Error, server};

/// The end of the paths whose answer is large.
pub(super) const LARGE: &str = "/large";

const ORDER: &str = r#"{"id":"7","status":"EN_PREPARATION","totalPrice":12.50}"#;

/// Listens until the program ends. Gives its address.
pub(super) async fn open() -> Result<SocketAddr, Error> {
    server::open(answer).await
}

async fn answer(request: Request<Incoming>) -> Response<BoxBody<Bytes, Infallible>> {
    let (head, body) = request.into_parts();
    // A body that breaks off is the sender's problem.
    let _ = body.collect().await;
    let path = head.uri.path();
    let body = if path.ends_with(LARGE) {
        Filler::new(MIB, Framing::Length).boxed()
    } else if path == "/orders" || path == "/livraisons" {
        Full::from("[]").boxed()
    } else {
        Full::from(ORDER).boxed()
    };
    let mut answer = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}
