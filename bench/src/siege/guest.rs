//! The honest client: it asks at a steady rate, each time on a new connection, and should notice
//! nothing.
//!
//! Each request has a new connection, since a server that takes no more connections shows in
//! nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::net::{GUEST, Target};
use crate::Error;
use crate::report::stats::Waits;
use crate::traffic::load::Pace;

/// Nobody waits longer than this for a page.
const PATIENCE: Duration = Duration::from_secs(3);

/// One kind of the honest client's requests.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) bearer: Option<String>,
    pub(super) body: String,
    /// Whether the answer never ends, so that its first part is enough.
    pub(super) is_stream: bool,
    /// Requests per second.
    pub(super) rate: u32,
}

/// How the requests of the honest client ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Visit {
    pub(super) asked: usize,
    /// Every outcome other than a 2xx, with its count.
    pub(super) refused: BTreeMap<String, usize>,
    /// How long answered requests took.
    pub(super) waits: Waits,
}

impl Call {
    pub(super) fn get(path: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
            bearer: None,
            body: String::new(),
            is_stream: false,
            // Less than the default rate limit allows for long.
            rate: 50,
        }
    }

    pub(super) fn post(path: &'static str, body: &str) -> Self {
        Self {
            method: Method::POST,
            body: body.to_owned(),
            ..Self::get(path)
        }
    }

    /// Asks once and gives the body of the answer, which must be a 2xx.
    pub(super) async fn answer(&self, target: &Target) -> Result<Vec<u8>, Error> {
        let (status, body) = timeout(PATIENCE, self.send(target)).await??;
        if status.is_success() {
            return Ok(body);
        }
        let body = String::from_utf8_lossy(&body);
        Err(format!(
            "{} {} was answered {status}: {body}",
            self.method, self.path
        )
        .into())
    }

    /// Asks for `duration`. No request waits for another.
    pub(super) async fn visit(&self, target: &Target, duration: Duration) -> Result<Visit, Error> {
        let pace = Pace {
            rate: Some(self.rate),
            catches_up: true,
            duration,
        };
        let (mut turns, mut requests) = (pace.turns(Instant::now(), 0, 1), JoinSet::new());
        while turns.next().await.is_some() {
            let (call, target) = (self.clone(), target.clone());
            requests.spawn(async move { call.ask(&target).await });
        }
        let mut visit = Visit::default();
        while let Some(request) = requests.join_next().await {
            visit.asked += 1;
            match request? {
                Ok(took) => visit.waits.add(took),
                Err(end) => *visit.refused.entry(end).or_default() += 1,
            }
        }
        Ok(visit)
    }

    /// How long the answer took, or how else the request ended.
    async fn ask(&self, target: &Target) -> Result<Duration, String> {
        let begun = Instant::now();
        match timeout(PATIENCE, self.send(target)).await {
            Ok(Ok((status, _))) if status.is_success() => Ok(begun.elapsed()),
            Ok(Ok((status, _))) => Err(status.as_u16().to_string()),
            Ok(Err(_)) => Err("no connection".to_owned()),
            Err(_elapsed) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
        }
    }

    async fn send(&self, target: &Target) -> Result<(StatusCode, Vec<u8>), Error> {
        let stream = target.open(GUEST, "http/1.1").await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(&self.method)
            .uri(self.path)
            .header(HOST, "localhost");
        if let Some(token) = &self.bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let (head, mut body) = sender
            .send_request(request.body(self.body.clone())?)
            .await?
            .into_parts();
        let body = if self.is_stream && head.status.is_success() {
            let part = body.frame().await.ok_or("a stream without an event")??;
            part.into_data().map_err(|_trailers| "no data")?.into()
        } else {
            body.collect().await?.to_bytes().into()
        };
        connection.abort();
        Ok((head.status, body))
    }
}

impl Visit {
    pub(super) fn refusals(&self) -> usize {
        self.refused.values().sum()
    }
}
