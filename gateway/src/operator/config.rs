//! `POST /config`: reads the configuration again. What it is, and how the last reload ended.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use service_kit::env::ConfigError;
use service_kit::failure::Failure;
use service_kit::serve::resource;
use shared_types::gateway::{ConfigStatus, LastReload, OutageChange};
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{Operator, audit};
use crate::config::Origin;
use crate::config::against::Change;

/// The outcome of a reload that changed the running configuration.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reloaded {
    pub(crate) file: String,
    pub(crate) hash: String,
    /// How many changes make an outage worse.
    pub(crate) worse: usize,
    /// The changes that make an outage better or worse.
    pub(crate) changes: Vec<Change>,
    /// Keys with a new value that takes effect only at a new start.
    pub(crate) needs_restart: Vec<&'static str>,
}

/// How many changes `/status` lists. The console sends it every second.
const SHOWN: usize = 20;

/// Asks for a reload. The outcome is sent back.
pub(crate) type AskedReload = oneshot::Sender<Result<Reloaded, Refused>>;

/// Why a reload changed nothing.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) String);

/// The state of the configuration, for the operator.
pub(crate) struct ConfigState(Mutex<ConfigStatus>);

impl ConfigState {
    pub(crate) fn new(origin: &Origin) -> Self {
        Self(Mutex::new(ConfigStatus {
            file: origin.name.clone(),
            hash: origin.hash.clone(),
            since: Timestamp::now(),
            last_reload: None,
            needs_restart: Vec::new(),
        }))
    }

    pub(crate) fn note(&self, outcome: &Result<Reloaded, Refused>) {
        let at = Timestamp::now();
        let mut status = self.lock();
        if let Ok(reloaded) = outcome {
            let is_same = status.hash == reloaded.hash;
            status.file.clone_from(&reloaded.file);
            status.hash.clone_from(&reloaded.hash);
            status.since = if is_same { status.since } else { at };
            let keys = reloaded.needs_restart.iter();
            status.needs_restart = keys.map(ToString::to_string).collect();
        }
        status.last_reload = Some(LastReload {
            at,
            successful: outcome.is_ok(),
            error: outcome.as_ref().err().map(|refused| refused.0.clone()),
            worse: outcome.as_ref().map_or(0, |reloaded| reloaded.worse),
            changes: outcome.as_ref().map_or_else(|_| Vec::new(), shown),
        });
    }

    /// Whether the last reload was refused for the same reason.
    pub(crate) fn is_known(&self, refused: &Refused) -> bool {
        let status = self.lock();
        let error = status
            .last_reload
            .as_ref()
            .and_then(|last| last.error.as_ref());
        error == Some(&refused.0)
    }

    pub(crate) fn status(&self) -> ConfigStatus {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ConfigStatus> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The changes that `/status` lists.
fn shown(reloaded: &Reloaded) -> Vec<OutageChange> {
    let changes = reloaded.changes.iter().take(SHOWN);
    let changes = changes.map(|change| OutageChange {
        verdict: change.verdict.as_str().to_owned(),
        name: change.name.clone(),
        down: change.down.as_ref().map(ToString::to_string),
        before: change.before.clone(),
        after: change.after.clone(),
    });
    changes.collect()
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/config", "POST").route(web::post().to(reload)));
}

/// Whoever may write the file decides the configuration; whoever reaches this port does not. So the
/// file is read, and a body is refused.
async fn reload(
    request: HttpRequest,
    operator: web::Data<Operator>,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    audit::note(&request, RELOAD, String::new());
    if !body.is_empty() {
        return Err(Failure::new(Code::BadRequest).with_detail(NO_BODY));
    }
    let (sender, outcome) = oneshot::channel();
    let reloads = &operator.reloads;
    if reloads.send(sender).await.is_err() {
        return Err(stopping());
    }
    match outcome.await {
        Ok(Ok(reloaded)) => {
            let Reloaded { hash, worse, .. } = &reloaded;
            let changes = reloaded.changes.len();
            let details = format!("hash {hash}, {changes} changes for an outage, {worse} worse");
            audit::note(&request, RELOAD, details);
            Ok(HttpResponse::Ok().json(reloaded))
        }
        Ok(Err(Refused(reason))) => {
            audit::note(&request, RELOAD, reason.clone());
            let detail = Text::untranslated(&reason);
            Err(Failure::new(Code::ConfigInvalid).with_detail(detail))
        }
        Err(_dropped) => Err(stopping()),
    }
}

/// The name of this change in the audit log.
const RELOAD: &str = "config_reload";

const NO_BODY: Text = Text::fixed(|say| say.operator.empty_body);

fn stopping() -> Failure {
    Failure::new(Code::ServiceUnavailable)
}

/// The channel by which reloads are asked for, one after the other.
pub(crate) fn channel() -> (mpsc::Sender<AskedReload>, mpsc::Receiver<AskedReload>) {
    mpsc::channel(1)
}
