//! Asks the running gateway on its operator's port.

use std::time::Duration;

use actix_web::web::Bytes;
use awc::ClientRequest;
use serde::de::DeserializeOwned;
use service_kit::health::reachable;
use shared_types::problem::Problem;

use super::terminal::plain;
use crate::config::Config;
use crate::settings::admin_token::AdminToken;

/// The gateway answers from memory.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Metrics of thousands of routes are some megabytes.
const MOST_BYTES: usize = 64 << 20;

/// The error if the running gateway gives no answer, or refuses to.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {cause}")]
pub(super) struct NoAnswer {
    url: String,
    cause: String,
}

impl NoAnswer {
    /// What listens there may be another program, and its words are for a terminal.
    fn of(url: &str, cause: &str) -> Self {
        Self {
            url: url.to_owned(),
            cause: plain(cause),
        }
    }
}

/// A running gateway.
pub(super) struct Running {
    origin: String,
    token: Option<AdminToken>,
    client: awc::Client,
}

impl Running {
    /// Needs a runtime.
    pub(super) fn of(config: &Config) -> Self {
        Self {
            origin: format!("http://{}", reachable(config.admin_bind)),
            token: config.admin_token.clone(),
            client: awc::Client::builder().timeout(TIMEOUT).finish(),
        }
    }

    /// `http://127.0.0.1:9000`.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// # Errors
    /// It cannot be reached, or its answer is no success.
    pub(super) async fn get(&self, path: &str) -> Result<Bytes, NoAnswer> {
        let url = format!("{}{path}", self.origin);
        let request = with_token(self.client.get(&url), self.token.as_ref());
        answer(request, url).await
    }
}

/// Reads the answer of `url`.
///
/// # Errors
/// It is not what this gateway answers: another program, or another version, listens there.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], url: &str) -> Result<T, NoAnswer> {
    serde_json::from_slice(body).map_err(|error| {
        NoAnswer::of(
            url,
            &format!("no answer of this version of the gateway: {error}"),
        )
    })
}

/// The request with the token of the operator's port, if this command has one too.
pub(super) fn with_token(request: ClientRequest, token: Option<&AdminToken>) -> ClientRequest {
    match token {
        Some(token) => request.bearer_auth(token.expose()),
        None => request,
    }
}

/// Sends a request, and returns the body of its answer.
///
/// # Errors
/// No answer comes, or it is no success. Of a problem, the error has the detail.
pub(super) async fn answer(request: ClientRequest, url: String) -> Result<Bytes, NoAnswer> {
    let failed = |cause: String| NoAnswer::of(&url, &cause);
    let answer = request.send().await;
    let mut answer = answer.map_err(|error| failed(error.to_string()))?;
    let body = answer.body().limit(MOST_BYTES).await;
    let body = body.map_err(|error| failed(error.to_string()))?;
    if answer.status().is_success() {
        return Ok(body);
    }
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    let detail = problem.map_or_else(|| answer.status().to_string(), |problem| problem.detail);
    Err(failed(detail))
}
