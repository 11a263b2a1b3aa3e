//! Whom a message goes to, as which request, and what the answer means.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, RETRY_AFTER};
use awc::error::{ConnectError, SendRequestError};
use awc::{Client, ClientRequest};

use super::message::Message;
use crate::peer::PeerUrl;
use crate::{request_id, traceparent};

/// How long one try may take, its answer included.
pub(super) const DEADLINE: Duration = Duration::from_secs(3);

/// More than any answer to a message has; reading it whole lets the connection be used again.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A recipient of the outbox.
#[derive(Clone)]
pub struct Link {
    /// Its name in the table, in logs and in metrics. What waits for it is found by it after a restart.
    pub name: &'static str,
    pub peer: PeerUrl,
    /// The request that brings the message; its body is added.
    pub request: fn(&Client, &PeerUrl, &Message) -> ClientRequest,
    /// What the answer says, by its status and body.
    pub verdict: fn(StatusCode, &[u8]) -> Verdict,
}

/// What an answer says of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// It will never be taken, and there is nothing wrong with that.
    Impossible,
    /// To be tried again.
    Refused,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum Tried {
    Answered(Answer),
    /// Nobody was there to look at it.
    Away(String),
    /// The connection was there, the answer was not.
    Unanswered(String),
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) verdict: Verdict,
    pub(super) status: StatusCode,
    /// How long the recipient wants to be left alone with the message (RFC 9110 §10.2.3).
    pub(super) retry_after: Option<Duration>,
}

impl Link {
    pub(super) async fn send(&self, client: &Client, message: &Message) -> Tried {
        let tried = tokio::time::timeout(DEADLINE, self.exchange(client, message)).await;
        tried.unwrap_or_else(|_elapsed| Tried::Unanswered("out of time".to_owned()))
    }

    async fn exchange(&self, client: &Client, message: &Message) -> Tried {
        let mut request = (self.request)(client, &self.peer, message)
            // So that what became of an order is found in every service's log by its id.
            .insert_header((request_id::HEADER, message.topic.as_str()));
        if !message.trace.is_empty() {
            request = request.insert_header((traceparent::HEADER, message.trace.as_str()));
        }
        let mut answer = match request.send_body(message.body.clone()).await {
            Ok(answer) => answer,
            // A connection that was had and then lost is no sign that nobody is there: it may be the message.
            Err(SendRequestError::Connect(error))
                if !matches!(error, ConnectError::Disconnected) =>
            {
                return Tried::Away(error.to_string());
            }
            Err(error) => return Tried::Unanswered(error.to_string()),
        };
        match answer.body().limit(MAX_ANSWER_BYTES).await {
            // What a proxy says of whoever is behind it, and a service of itself while it can do nothing.
            Ok(_body) if is_away(answer.status()) => Tried::Away(answer.status().to_string()),
            Ok(body) => {
                let status = answer.status();
                Tried::Answered(Answer {
                    verdict: (self.verdict)(status, &body),
                    status,
                    retry_after: retry_after(answer.headers()),
                })
            }
            Err(error) => Tried::Unanswered(error.to_string()),
        }
    }
}

/// A date is none: it is for clocks that agree.
fn retry_after(fields: &HeaderMap) -> Option<Duration> {
    let seconds = fields.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn is_away(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.name)
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
