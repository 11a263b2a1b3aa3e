//! A request on a connection, old or new.

use std::rc::Rc;

use hyper::body::Incoming;

use super::diagnosis;
use super::pool::{Lease, Pool};
use super::upload::Upload;
use crate::fault::Fault;

/// Where a request is sent on.
pub(super) struct Line<'a> {
    pub(super) pool: &'a Rc<Pool>,
    pub(super) upstream: &'a str,
    pub(super) request_id: &'a str,
    /// The request changes nothing and has no body.
    pub(super) may_repeat: bool,
}

/// Sends a request on an idle connection, where there is one, else on a new one. Where the upstream had closed the
/// idle one before anything was written, whatever the request is goes on a new one. Where the idle one breaks later
/// but before the first byte of an answer, the upstream has most likely closed it while the request was on its way
/// (RFC 9112 §9.3.1): a request that may be repeated goes on a new one, once. On a new connection nothing is sent twice.
pub(super) async fn send(
    line: &Line<'_>,
    mut request: http::Request<Upload>,
    again: impl Fn() -> Result<http::Request<Upload>, Fault>,
) -> Result<(http::Response<Incoming>, Lease), Fault> {
    if let Some(mut lease) = line.pool.take() {
        let connection = &mut lease.connection;
        connection.first_byte.expect();
        match connection.sender.try_send_request(request).await {
            Ok(answer) => return Ok((answer, lease)),
            Err(mut refused) => match refused.take_message() {
                Some(unsent) => request = unsent,
                None => {
                    let is_unanswered = !connection.first_byte.has_come();
                    let error = refused.into_error();
                    if !(line.may_repeat && is_unanswered && diagnosis::is_break(&error)) {
                        return Err(error.into());
                    }
                    log::debug!(
                        upstream = line.upstream,
                        request_id = line.request_id;
                        "a connection had gone stale, the request is sent once more: {error}"
                    );
                    request = again()?;
                }
            },
        }
    }
    // Boxed, or each request would carry the room that a new connection needs.
    let mut lease = Box::pin(line.pool.connect()).await?;
    match lease.connection.sender.try_send_request(request).await {
        Ok(answer) => Ok((answer, lease)),
        Err(refused) => Err(refused.into_error().into()),
    }
}
