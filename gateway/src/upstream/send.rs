//! Sends a request on a connection, idle or new.

use std::rc::Rc;

use bytes::Bytes;

use super::answer::Answer;
use super::exchange::{Exchange, Failure};
use super::interim::Interim;
use super::pool::Pool;
use super::sending::{Sending, Unsent};
use super::upload::Upload;
use crate::fault::Fault;
use crate::http::client_connection::Link;

/// The connections for a request, and how it is sent.
pub(super) struct Line<'a> {
    pub(super) pool: &'a Rc<Pool>,
    pub(super) upstream: &'a str,
    pub(super) request_id: &'a str,
    /// Whether the request changes nothing and has no body.
    pub(super) may_repeat: bool,
    /// Whether it is a HEAD.
    pub(super) is_head: bool,
    /// The client's connection, if interim answers are for it.
    pub(super) interim: Option<&'a Rc<Link>>,
}

/// Sends a request on an idle connection if there is one, else on a new one. If the upstream had
/// closed the idle connection before anything was written, any request goes on a new one. If it
/// breaks later but before the first byte of an answer, the upstream has most likely closed it
/// while the request was in transit (RFC 9112 §9.3.1): a request that may be repeated then goes on
/// a new one, once. On a new connection nothing is sent twice.
pub(super) async fn send(
    line: &Line<'_>,
    head: Bytes,
    body: Upload,
) -> Result<(Answer, Exchange), Fault> {
    let mut sending = Sending::new(head.clone(), body);
    let mut interim = Interim::to(line.interim);
    if let Some(lease) = line.pool.take() {
        let mut exchange = Exchange::new(lease, sending, line.is_head);
        sending = match exchange.head(&mut interim).await {
            Ok(answer) => return Ok((answer, exchange)),
            Err(Failure::Unsent(Unsent::Untouched(_))) => exchange.into_sending(),
            Err(failure) if line.may_repeat && !exchange.has_begun() && failure.is_break() => {
                log::debug!(
                    upstream = line.upstream,
                    request_id = line.request_id;
                    "an idle connection had closed, the request is sent again: {failure}"
                );
                Sending::new(head, Upload::none())
            }
            Err(failure) => return Err(failure.into()),
        };
    }
    // Boxed, or each request would carry the space that a new connection needs.
    let lease = Box::pin(line.pool.connect()).await?;
    let mut exchange = Exchange::new(lease, sending, line.is_head);
    let answer = exchange.head(&mut interim).await?;
    Ok((answer, exchange))
}
