//! Sends a request on a connection, idle or new.

use std::rc::Rc;

use bytes::Bytes;

use crate::fault::Fault;
use crate::http::client_connection::ClientConnection;
use crate::upstream::answer::{Answer, Expected};
use crate::upstream::connection::pick::Pick;
use crate::upstream::exchange::interim::Interim;
use crate::upstream::exchange::sending::{Sending, Unsent};
use crate::upstream::exchange::{Exchange, Failure};
use crate::upstream::request::upload::Upload;

/// The connections for a request, and how it is sent.
pub(in crate::upstream) struct Line<'a> {
    pub(in crate::upstream) pick: &'a Pick,
    pub(in crate::upstream) upstream: &'a str,
    pub(in crate::upstream) request_id: &'a str,
    /// Whether the request changes nothing and has no body.
    pub(in crate::upstream) may_repeat: bool,
    pub(in crate::upstream) expected: Expected,
    /// The client's connection, if interim answers are for it.
    pub(in crate::upstream) interim: Option<&'a Rc<ClientConnection>>,
}

/// Sends a request on an idle connection if there is one, else on a new one. `head` writes its head
/// for a `Host`. If the upstream had closed the idle connection before anything was written, any
/// request goes on a new one. If it breaks later but before the first byte of an answer, the
/// upstream has most likely closed it while the request was in transit (RFC 9112 §9.3.1): a request
/// that may be repeated then goes on a new one, once. On a new connection nothing is sent twice.
pub(in crate::upstream) async fn send(
    line: &Line<'_>,
    head: impl Fn(&[u8]) -> Result<Bytes, Fault>,
    mut body: Option<Box<Upload>>,
) -> Result<(Answer, Exchange), Fault> {
    let mut interim = Interim::to(line.interim);
    if let Some(lease) = line.pick.take() {
        let sending = Sending::new(head(lease.host())?, body);
        let mut exchange = Exchange::new(lease, sending, line.expected);
        body = match exchange.head(&mut interim).await {
            Ok(answer) => return Ok((answer, exchange)),
            Err(Failure::Unsent(Unsent::Untouched(_))) => exchange.into_body(),
            Err(failure) if line.may_repeat && !exchange.has_begun() && failure.is_break() => {
                log::debug!(
                    upstream = line.upstream,
                    request_id = line.request_id;
                    "an idle connection had closed, the request is sent again: {failure}"
                );
                None
            }
            Err(failure) => return Err(failure.into()),
        };
    }
    // Boxed, or each request would carry the space that a new connection needs.
    let lease = Box::pin(line.pick.connect()).await?;
    let sending = Sending::new(head(lease.host())?, body);
    let mut exchange = Exchange::new(lease, sending, line.expected);
    let answer = exchange.head(&mut interim).await?;
    Ok((answer, exchange))
}
