//! Sends a message to its recipient and reads the answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, RETRY_AFTER};
use awc::error::{ConnectError, SendRequestError};
use awc::{Client, ClientRequest};

use super::message::Message;
use crate::peer::PeerUrl;
use crate::request_id;
use crate::trace::{self, Kind, OpenSpan, traceparent};

/// The deadline of one try, including its answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(3);

/// More than any answer to a message has. An answer is read whole so that the connection can be
/// reused.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

#[derive(Clone)]
pub struct Recipient {
    /// The name in the table, the log and the metrics. After a restart, waiting messages are found
    /// by it.
    pub name: &'static str,
    pub peer: PeerUrl,
    /// Makes the request for a message; the body is added to it.
    pub request: fn(&Client, &PeerUrl, &Message) -> ClientRequest,
    /// Reads the status and body of the answer.
    pub verdict: fn(StatusCode, &[u8]) -> Verdict,
    pub impossible: Option<OnImpossible>,
}

/// Is told the topic of each message that can never be taken.
pub type OnImpossible = Arc<dyn Fn(&str) + Send + Sync>;

/// The meaning of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// The message can never be taken, and that is not an error.
    Impossible,
    /// To be tried again.
    Refused,
}

/// The result of a try.
#[derive(Debug)]
pub(super) enum Tried {
    Answered(Reply),
    /// No connection, or a proxy's answer for an unavailable service.
    Unavailable(String),
    /// A connection, but no answer.
    Unanswered(String),
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) verdict: Verdict,
    pub(super) status: StatusCode,
    /// The recipient's `Retry-After` (RFC 9110 §10.2.3).
    pub(super) retry_after: Option<Duration>,
}

impl Recipient {
    pub(super) async fn send(&self, client: &Client, message: &Message) -> Tried {
        let mut span = trace::open_stored(&message.trace, Kind::Client);
        let sent = span.as_ref().and_then(OpenSpan::traceparent);
        let sent = sent.as_ref().map_or(message.trace.as_bytes(), |sent| sent);
        let exchange = self.exchange(client, message, sent);
        let tried = tokio::time::timeout(DEADLINE, exchange).await;
        let tried = tried.unwrap_or_else(|_elapsed| Tried::Unanswered("out of time".to_owned()));
        if let Some(span) = &mut span {
            self.describe(span, message, &tried);
        }
        tried
    }

    fn describe(&self, span: &mut OpenSpan, message: &Message, tried: &Tried) {
        span.name(format!("send {}", self.name));
        span.set("messaging.system", "outbox");
        span.set("messaging.operation.name", "send");
        span.set("messaging.operation.type", "send");
        span.set("messaging.destination.name", self.name);
        span.set("service.peer.name", self.name);
        if let Ok(tries @ 1..) = u32::try_from(message.attempts) {
            span.set("http.request.resend_count", tries);
        }
        match tried {
            Tried::Answered(reply) => {
                span.set("http.response.status_code", reply.status.as_u16());
                if reply.verdict == Verdict::Refused {
                    span.fail("refused");
                }
            }
            Tried::Unavailable(_) => span.fail("unavailable"),
            Tried::Unanswered(_) => span.fail("unanswered"),
        }
    }

    async fn exchange(&self, client: &Client, message: &Message, traceparent: &[u8]) -> Tried {
        let mut request = (self.request)(client, &self.peer, message)
            // The topic, an order's id, is the request id: it finds the order in every service's
            // log.
            .insert_header((request_id::HEADER, message.topic.as_str()));
        if !traceparent.is_empty() {
            request = request.insert_header((traceparent::HEADER, traceparent));
        }
        let mut answer = match request.send_body(message.body.clone()).await {
            Ok(answer) => answer,
            // A connection that was lost is no sign of an unavailable recipient: the message may be
            // the cause.
            Err(SendRequestError::Connect(error))
                if !matches!(error, ConnectError::Disconnected) =>
            {
                return Tried::Unavailable(error.to_string());
            }
            Err(error) => return Tried::Unanswered(error.to_string()),
        };
        match answer.body().limit(MAX_ANSWER_BYTES).await {
            // A proxy answers this for an unavailable service, and a service for itself while it
            // can do nothing.
            Ok(_body) if is_unavailable(answer.status()) => {
                Tried::Unavailable(answer.status().to_string())
            }
            Ok(body) => {
                let status = answer.status();
                Tried::Answered(Reply {
                    verdict: (self.verdict)(status, &body),
                    status,
                    retry_after: retry_after(answer.headers()),
                })
            }
            Err(error) => Tried::Unanswered(error.to_string()),
        }
    }
}

/// Ignores a date, which requires synchronized clocks.
fn retry_after(fields: &HeaderMap) -> Option<Duration> {
    let seconds = fields.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn is_unavailable(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::retry_after;

    #[test]
    fn only_a_number_of_seconds_says_when_to_come_back() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        for (value, expected) in [("60", Some(60)), (date, None), ("-1", None), ("", None)] {
            let mut fields = HeaderMap::new();
            fields.insert(RETRY_AFTER, HeaderValue::from_static(value));
            assert_eq!(retry_after(&fields), expected.map(Duration::from_secs));
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
