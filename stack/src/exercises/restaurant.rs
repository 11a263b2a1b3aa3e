//! A restaurant of the judge's own, on free ports and with new databases, and its client.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use awc::ClientRequest;
use awc::http::header::HeaderMap;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::program::RunError;
use tempfile::TempDir;

use crate::{Options, Service, Stack};

/// A verdict about every outage takes some seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A dish of the sample menu.
const DISH: &str = "0192f0c4-0a11-7000-8000-000000000001";

pub(super) struct Restaurant {
    pub(super) stack: Stack,
    http: awc::Client,
    _data: TempDir,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Restaurant {
    pub(super) async fn open(
        services: &[Service],
        variables: &[(&'static str, String)],
    ) -> Result<Self, RunError> {
        let variables: BTreeMap<_, _> = variables.iter().cloned().collect();
        let env = Env::new(move |name| match name {
            "GATEWAY_WORKERS" => Some("1".to_owned()),
            name => variables.get(name).cloned(),
        });
        let data = tempfile::tempdir()?;
        let options = Options {
            services: services.to_vec(),
            ..Options::on_free_ports(data.path(), env)
        };
        Ok(Self {
            stack: Stack::start(options).await?,
            http: awc::Client::builder().timeout(TIMEOUT).finish(),
            _data: data,
        })
    }

    pub(super) async fn close(self) {
        self.stack.stop().await;
    }

    /// A request to the gateway.
    pub(super) fn request(&self, method: Method, path: &str) -> ClientRequest {
        let addr = self.stack.addr();
        self.http.request(method, format!("http://{addr}{path}"))
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, RunError> {
        answer(self.request(Method::GET, path), None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer, RunError> {
        answer(self.request(Method::POST, path), Some(body)).await
    }

    /// What is wrong with this path while no service is down.
    pub(super) async fn fault_of(&self, path: &str) -> Result<Option<String>, RunError> {
        let answer = self.get(path).await?;
        let fault = || format!("while all is well, GET {path} is {}", answer.status);
        Ok((!answer.is(200)).then(fault))
    }

    /// Places an order.
    pub(super) async fn order(&self) -> Result<Answer, RunError> {
        self.post("/order-api/commandes", &order()).await
    }

    /// Makes the upstream look as if it failed.
    pub(super) async fn drill(&self, upstream: &str, drill: &Value) -> Result<(), RunError> {
        let request = self.operator(Method::PUT, &format!("/drills/{upstream}"));
        let begun = answer(request, Some(drill)).await?;
        if begun.is(404) {
            return Err(format!("the file has no upstream {upstream} any more").into());
        }
        begun.expect(200)
    }

    pub(super) async fn end_drill(&self, upstream: &str) -> Result<(), RunError> {
        let request = self.operator(Method::DELETE, &format!("/drills/{upstream}"));
        answer(request, None).await?.expect(204)
    }

    pub(super) async fn verdict(&self) -> Result<Value, RunError> {
        answer(self.operator(Method::POST, "/drills/verdict"), None)
            .await?
            .json()
    }

    pub(super) async fn metrics(&self) -> Result<String, RunError> {
        let answer = answer(self.operator(Method::GET, "/metrics"), None).await?;
        Ok(String::from_utf8(answer.body.to_vec())?)
    }

    fn operator(&self, method: Method, path: &str) -> ClientRequest {
        let addr = self.stack.admin_addr();
        self.http.request(method, format!("http://{addr}{path}"))
    }
}

/// The body of an order.
pub(super) fn order() -> Value {
    json!({
        "clientId": "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e",
        "items": [{"menuId": DISH, "quantite": 1}],
    })
}

/// A drill that takes no connection, for longer than any check takes.
pub(super) fn down() -> Value {
    json!({"mode": "down", "for": "5m"})
}

pub(super) async fn answer(
    request: ClientRequest,
    body: Option<&Value>,
) -> Result<Answer, RunError> {
    let sent = match body {
        Some(body) => request.send_json(body).await,
        None => request.send().await,
    };
    let mut answer = sent.map_err(|error| error.to_string())?;
    Ok(Answer {
        status: answer.status(),
        headers: answer.headers().clone(),
        body: answer.body().await?,
    })
}

impl Answer {
    pub(super) fn is(&self, status: u16) -> bool {
        self.status.as_u16() == status
    }

    /// For what must work whatever the learner has written.
    pub(super) fn expect(&self, status: u16) -> Result<(), RunError> {
        if self.is(status) {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(format!("{} instead of {status}: {body}", self.status).into())
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(super) fn json(&self) -> Result<Value, RunError> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The text under this key, such as an id.
    pub(super) fn text(&self, key: &str) -> Result<String, RunError> {
        let body = self.json()?;
        let text = body.get(key).and_then(Value::as_str);
        let text = text.ok_or_else(|| format!("no {key} in {body}"))?;
        Ok(text.to_owned())
    }
}
