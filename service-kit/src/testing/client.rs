//! A client for tests: it panics on failure and reads problem bodies.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use serde_json::Value;
use shared_types::problem::Problem;

/// Longer than any deadline that a test waits for, and than a hundred passwords take one after
/// another on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Client {
    base: String,
    http: awc::Client,
}

pub struct Request(awc::ClientRequest);

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    #[must_use]
    pub fn of(addr: SocketAddr) -> Self {
        Self {
            base: format!("http://{addr}"),
            http: awc::Client::builder()
                .timeout(TIMEOUT)
                .disable_redirects()
                .finish(),
        }
    }

    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request(self.http.request(method, format!("{}{path}", self.base)))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    pub async fn post(&self, path: &str, body: impl Into<JsonText>) -> Answer {
        self.request(Method::POST, path).send_json(body).await
    }

    pub async fn patch(&self, path: &str, body: impl Into<JsonText>) -> Answer {
        self.request(Method::PATCH, path).send_json(body).await
    }
}

/// JSON to send: a value, or text as it is (a golden example, or deliberately broken text).
pub struct JsonText(String);

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        Self(value.to_string())
    }
}

impl From<&str> for JsonText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Request {
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.append_header((name, value)))
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    pub async fn send(self) -> Answer {
        self.send_body(Bytes::new()).await
    }

    pub async fn send_json(self, body: impl Into<JsonText>) -> Answer {
        let JsonText(text) = body.into();
        Self(self.0.content_type("application/json"))
            .send_body(Bytes::from(text))
            .await
    }

    pub async fn send_body(self, body: Bytes) -> Answer {
        let sent = if body.is_empty() {
            self.0.send().await
        } else {
            self.0.send_body(body).await
        };
        let mut answer = sent.expect("the server answers");
        let body = answer
            .body()
            .limit(64 << 20)
            .await
            .expect("the whole body arrives");
        Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body,
        }
    }
}

impl Answer {
    #[must_use]
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body))
    }

    #[must_use]
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("text"))
    }

    /// The problem body, after checking every rule of the contract on it.
    #[must_use]
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Problem {
        let problem: Problem = serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body));
        assert_eq!(
            (self.status.as_u16(), problem.code.as_str()),
            (status, code),
            "{problem:?}"
        );
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(problem.status, status);
        assert_eq!(problem.message, problem.detail);
        assert_eq!(problem.error, problem.code);
        assert_eq!(
            problem.kind,
            format!("/problems/{}", code.replace('_', "-"))
        );
        assert_eq!(
            self.header("x-request-id"),
            Some(problem.request_id.as_str())
        );
        problem
    }

    /// The JSON body, after checking the status.
    #[must_use]
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        self.json()
    }
}
