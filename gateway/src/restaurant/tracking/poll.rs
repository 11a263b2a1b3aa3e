//! Polls the services about an order, for all clients that watch it.

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

use super::inquiry::{Errand, Inquiry, Round};
use super::shared::{Duty, Latest};
use super::subject::Subject;
use super::watches::tell;
use crate::http::trace::Trace;
use crate::resilience::guard::Overloaded;

/// Often enough for somebody who waits for a meal.
const EVERY: Duration = Duration::from_secs(2);

/// Joins the watchers of an order, and returns the latest result once there is one.
///
/// # Errors
/// Too many orders are watched already.
pub(super) async fn join(
    inquiry: &Rc<Inquiry>,
    draining: &Draining,
) -> Result<(watch::Receiver<Latest<Round>>, Arc<Round>), Overloaded> {
    loop {
        let (mut receiver, duty) = inquiry.tracking.watches.join(&inquiry.subject)?;
        if let Some(duty) = duty {
            rt::spawn(poll(Rc::clone(inquiry), duty, draining.clone()));
        }
        let latest = receiver.wait_for(Option::is_some).await;
        // The task with the duty may have ended before it had an answer.
        if let Some(round) = latest.ok().and_then(|latest| latest.clone()) {
            return Ok((receiver, round));
        }
    }
}

/// Asks at least once, and then until nothing more will come or nobody watches.
async fn poll(inquiry: Rc<Inquiry>, duty: Duty<Subject, Round>, draining: Draining) {
    loop {
        let errand = Errand {
            request_id: &RequestId::make(),
            trace: &Trace::go_on_or_begin(&HeaderMap::new(), rand::random()),
            // Two seconds apart for each order: the log shows an outage without these.
            level: Level::Debug,
            client: None,
            is_poll: true,
        };
        let round = Arc::new(inquiry.ask(&errand).await);
        tell(&duty, &round);
        if round.is_last() {
            return;
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            () = duty.deserted() => return,
            () = draining.begun() => return,
        }
    }
}
