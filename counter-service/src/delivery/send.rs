//! Sends one kept request and reads the answer.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use awc::error::{ConnectError, SendRequestError};
use awc::{Client, ClientRequest};
use service_kit::peer::{PeerSecret, PeerUrl, VOUCHER};

use super::verdict::{Verdict, verdict, wait};
use crate::request::{DEFERRED_ID, IDEMPOTENCY_KEY, Kept};
use crate::store::{Claimed, Outcome};

/// The deadline of one try, including its answer.
const DEADLINE: Duration = Duration::from_secs(3);

/// The deadline of a probe.
const PROBE_DEADLINE: Duration = Duration::from_secs(1);

/// Four times the largest order. A longer answer is not kept; the request is accepted or refused all
/// the same.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The outcome of a try, and what it tells of the upstream.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    pub(super) is_lost: bool,
    /// For the log, if the outcome is not final.
    pub(super) trouble: String,
}

pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) url: PeerUrl,
    pub(super) voucher: Option<PeerSecret>,
}

impl Sender {
    /// Whether the upstream answers, and does not say of itself that it can do nothing. One without
    /// `/ready` is there if it answers anything.
    pub(super) async fn probe(&self) -> Result<(), String> {
        let request = self.client.get(self.url.at("/ready")).send();
        match tokio::time::timeout(PROBE_DEADLINE, request).await {
            Ok(Ok(answer)) if answer.status().is_server_error() => Err(answer.status().to_string()),
            Ok(Ok(_answer)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_elapsed) => Err("out of time".to_owned()),
        }
    }

    pub(super) async fn send(&self, entry: &Claimed, kept: Kept) -> Tried {
        let Some(request) = self.request(entry, &kept) else {
            return failed(entry, false, false, "it cannot be sent".to_owned());
        };
        let exchange = self.exchange(entry, request, kept.body);
        match tokio::time::timeout(DEADLINE, exchange).await {
            Ok(tried) => tried,
            Err(_elapsed) => failed(entry, true, true, "out of time".to_owned()),
        }
    }

    /// `None` for a method that is none, which is not taken.
    fn request(&self, entry: &Claimed, kept: &Kept) -> Option<ClientRequest> {
        let method = Method::from_bytes(entry.method.as_bytes()).ok()?;
        let mut request = self.client.request(method, self.url.at(&entry.target));
        for (name, value) in &kept.fields {
            request = request.append_header((name.as_str(), value.as_str()));
        }
        request = request
            .insert_header((IDEMPOTENCY_KEY, entry.idempotency_key.as_str()))
            .insert_header((DEFERRED_ID, entry.id.as_str()));
        Some(match &self.voucher {
            Some(secret) => request.insert_header((VOUCHER, secret.expose())),
            None => request,
        })
    }

    async fn exchange(&self, entry: &Claimed, request: ClientRequest, body: Vec<u8>) -> Tried {
        let mut answer = match request.send_body(body).await {
            Ok(answer) => answer,
            // A connection that was lost may have brought the request.
            Err(SendRequestError::Connect(error))
                if !matches!(error, ConnectError::Disconnected) =>
            {
                return Tried {
                    outcome: Outcome::Untouched,
                    is_lost: true,
                    trouble: error.to_string(),
                };
            }
            Err(error) => return failed(entry, true, true, error.to_string()),
        };
        let status = answer.status();
        let body = answer.body().limit(MAX_ANSWER_BYTES).await;
        let outcome = match verdict(status) {
            Verdict::Repeat { is_unsure, is_lost } => {
                let asked = retry_after(status, answer.headers());
                let mut tried = failed(entry, is_unsure, is_lost, status.to_string());
                if let Outcome::Failed { wait: pause, .. } = &mut tried.outcome {
                    *pause = wait(entry.attempts, asked, rand::random());
                }
                return tried;
            }
            decided => {
                let body = match body {
                    Ok(body) => Some(json(&body)),
                    Err(awc::error::PayloadError::Overflow) => None,
                    // The same key gets the same answer again.
                    Err(error) => return failed(entry, true, false, error.to_string()),
                };
                match decided {
                    Verdict::Accepted => Outcome::Accepted(body),
                    _ => Outcome::Refused(body),
                }
            }
        };
        Tried {
            outcome,
            is_lost: false,
            trouble: String::new(),
        }
    }
}

pub(super) fn failed(entry: &Claimed, is_unsure: bool, is_lost: bool, trouble: String) -> Tried {
    Tried {
        outcome: Outcome::Failed {
            wait: wait(entry.attempts, None, rand::random()),
            is_unsure,
        },
        is_lost,
        trouble,
    }
}

/// Ignores a date, which requires synchronized clocks.
fn retry_after(status: StatusCode, fields: &HeaderMap) -> Option<Duration> {
    if status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds = fields.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// A body that is no JSON becomes a JSON string.
fn json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
        Ok(_is_json) => text.into_owned(),
        Err(_other) => serde_json::Value::from(text).to_string(),
    }
}
