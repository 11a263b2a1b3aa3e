//! The gateway's own requests to an upstream.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::uri::PathAndQuery;
use service_kit::request_id::RequestId;
use tokio::time::{Instant, timeout_at};

use super::answer::Expected;
use super::connection::pick::Pick;
use super::exchange::send::{Line, send};
use super::outcome::Heard;
use super::request::head::Head;
use super::running::Upstream;
use crate::fault::{Fault, UpstreamFault};
use crate::resilience::memory::Charge;

/// A GET request.
pub(crate) struct Fetch<'a> {
    pub(crate) pick: &'a Pick,
    pub(crate) upstream: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) target: &'a PathAndQuery,
    /// All fields except `Host`.
    pub(crate) fields: HeaderMap,
    pub(crate) deadline: Instant,
    /// The most bytes of the answer's body.
    pub(crate) most: usize,
    /// The charge for those bytes, if they may be many.
    pub(crate) charge: Option<Charge>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) heard: Heard,
    pub(crate) body: Bytes,
}

/// Asks an upstream for `target` with these fields, beside its clients' requests: no circuit, permit
/// or drill has a say. The answer comes `within` this time and has at most `most` bytes.
pub(crate) async fn ask_directly(
    (upstream, pick): (&Upstream, &Pick),
    target: &PathAndQuery,
    fields: HeaderMap,
    (within, most): (Duration, usize),
) -> Result<Fetched, Fault> {
    let id = RequestId::make();
    let asked = Fetch {
        pick,
        upstream: upstream.name(),
        request_id: id.as_str(),
        target,
        fields,
        deadline: Instant::now() + within,
        most,
        charge: None,
    };
    fetch(asked).await
}

pub(crate) async fn fetch(mut fetch: Fetch<'_>) -> Result<Fetched, Fault> {
    let mut charge = fetch.charge.take();
    let line = Line {
        pick: fetch.pick,
        upstream: fetch.upstream,
        request_id: fetch.request_id,
        may_repeat: true,
        expected: Expected::Body,
        interim: None,
    };
    let head = |host: &[u8]| {
        let mut head = Head::new("GET", fetch.target.as_str(), host);
        for (name, value) in &fetch.fields {
            head.field(name.as_str(), value.as_bytes());
        }
        Ok(head.end())
    };
    let exchange = async {
        let (answer, mut exchange) = send(&line, head, None).await?;
        let mut whole = BytesMut::new();
        while let Some(content) = poll_fn(|context| exchange.poll_content(context)).await {
            let content = content?;
            if let Some(charge) = &mut charge {
                charge.take(content.len())?;
            }
            whole.extend_from_slice(&content);
            if whole.len() > fetch.most {
                return Err(Fault::upstream(
                    UpstreamFault::InvalidResponse,
                    "the answer is too long",
                ));
            }
        }
        exchange.end();
        Ok(Fetched {
            heard: answer.heard(),
            body: whole.freeze(),
        })
    };
    let answered = timeout_at(fetch.deadline, exchange).await;
    answered.unwrap_or_else(|_elapsed| Err(Fault::late()))
}
