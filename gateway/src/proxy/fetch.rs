//! What the gateway asks an upstream by itself.

use std::rc::Rc;

use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Bytes;
use tokio::time::{Instant, timeout_at};

use super::pool::Pool;
use super::send::{Line, send};
use super::upload::Upload;
use crate::fault::{Fault, UpstreamFault};

/// A GET.
pub(crate) struct Fetch<'a> {
    pub(crate) pool: &'a Rc<Pool>,
    pub(crate) upstream: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) target: &'a PathAndQuery,
    /// All but `Host`.
    pub(crate) fields: HeaderMap,
    pub(crate) deadline: Instant,
    /// Bytes of the answer's body.
    pub(crate) most: usize,
}

/// The answer as a whole.
pub(crate) async fn fetch(fetch: Fetch<'_>) -> Result<(StatusCode, Bytes), Fault> {
    let line = Line {
        pool: fetch.pool,
        upstream: fetch.upstream,
        request_id: fetch.request_id,
        may_repeat: true,
    };
    let request = || {
        let mut request = http::Request::new(Upload::none());
        *request.uri_mut() = fetch.target.clone().into();
        *request.headers_mut() = fetch.fields.clone();
        request.headers_mut().insert(HOST, fetch.pool.host());
        request
    };
    let exchange = async {
        let (answer, lease) = send(&line, request(), || Ok(request())).await?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, fetch.most).collect().await;
        let body = body
            .map_err(|error| Fault::upstream(UpstreamFault::InvalidResponse, error.to_string()))?;
        lease.give_back();
        Ok((head.status, body.to_bytes()))
    };
    let answered = timeout_at(fetch.deadline, exchange).await;
    answered.unwrap_or_else(|_elapsed| {
        Err(Fault::upstream(
            UpstreamFault::Timeout,
            "no answer within the deadline",
        ))
    })
}
