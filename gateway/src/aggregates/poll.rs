//! Polls the services about a key, for all clients that watch it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::rt;
use log::Level;
use service_kit::request_id::RequestId;
use service_kit::serve::Draining;
use tokio::sync::watch;
use tokio::time::sleep;

use super::gather::{Gathered, Gatherer, Query};
use super::key::Key;
use super::shared::{Duty, Latest};
use super::watches::{Watches, tell};
use crate::http::trace::Trace;
use crate::resilience::guard::Overloaded;

/// Often enough for somebody who looks on.
const EVERY: Duration = Duration::from_secs(2);

/// Joins the watchers of a key, and returns the latest result once there is one.
///
/// # Errors
/// Too many keys are watched already.
pub(super) async fn join(
    gatherer: &Rc<Gatherer>,
    watches: &Watches,
    draining: &Draining,
) -> Result<(watch::Receiver<Latest<Gathered>>, Arc<Gathered>), Overloaded> {
    loop {
        let (mut receiver, duty) = watches.join(&gatherer.key)?;
        if let Some(duty) = duty {
            rt::spawn(poll(Rc::clone(gatherer), duty, draining.clone()));
        }
        let latest = receiver.wait_for(Option::is_some).await;
        // The task with the duty may have ended before it had an answer.
        if let Some(gathered) = latest.ok().and_then(|latest| latest.clone()) {
            return Ok((receiver, gathered));
        }
    }
}

/// Asks at least once, and then until nothing more will come or nobody watches.
async fn poll(gatherer: Rc<Gatherer>, duty: Duty<Key, Gathered>, draining: Draining) {
    loop {
        let mut trace = Trace::go_on_or_begin(&HeaderMap::new(), rand::random());
        if gatherer.is_traced {
            trace.leave_unrecorded();
        }
        let query = Query {
            request_id: &RequestId::make(),
            trace: &trace,
            // Two seconds apart for each key: the log shows an outage without these.
            level: Level::Debug,
            client: None,
            is_poll: true,
        };
        let gathered = Arc::new(gatherer.ask(&query).await);
        tell(&duty, &gathered);
        if gathered.is_last() {
            return;
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            () = duty.deserted() => return,
            () = draining.begun() => return,
        }
    }
}
