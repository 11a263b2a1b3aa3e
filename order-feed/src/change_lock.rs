//! Makes one change at a time in a service that holds its state in memory and reports its changes.
//!
//! A change is checked, its report is written to a file, and then the change shows. Another change
//! between the check and the end could make it impossible after its report is written. So each
//! change waits for the one before it; reads wait for none. Marking first and undoing the mark when
//! the report cannot be written was rejected: others would have seen a mark that was never made.

use std::future::Future;
use std::time::Duration;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use service_kit::failure::Failure;
use service_kit::trace::{self, Trace};
use shared_types::problem::Code;
use tokio::sync::{Mutex, MutexGuard};

/// How long a change waits for the changes before it. Together with the 4 s that its own report may
/// take to write, this stays below the deadline of a caller.
const TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub struct ChangeLock(Mutex<()>);

/// No other change is made until this is dropped.
#[derive(Debug)]
pub struct ChangeGuard<'a> {
    _held: MutexGuard<'a, ()>,
}

impl ChangeLock {
    /// Waits in order of arrival.
    ///
    /// # Errors
    /// 503 when the changes before take longer than 2 s, as they do while the disk hangs.
    pub async fn acquire(&self) -> Result<ChangeGuard<'_>, Failure> {
        match tokio::time::timeout(TIMEOUT, self.0.lock()).await {
            Ok(held) => Ok(ChangeGuard { _held: held }),
            Err(_elapsed) => Err(Failure::new(Code::ServiceUnavailable)
                .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
                .caused_by("the changes before this one are not written yet")),
        }
    }
}

/// Completes a change even when its client disconnects: it must not be dropped after its report is
/// written.
///
/// # Errors
/// The error of the change, or its panic as an internal error.
pub async fn run_to_end<T: 'static>(
    change: impl Future<Output = Result<T, Failure>> + 'static,
) -> Result<T, Failure> {
    let change = trace::within(Trace::current(), change);
    actix_web::rt::spawn(change)
        .await
        .map_err(Failure::internal)?
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use shared_types::problem::Code;

    use super::{ChangeLock, run_to_end};

    #[tokio::test(start_paused = true)]
    async fn a_change_behind_one_that_hangs_is_refused_and_may_be_asked_for_again() {
        let lock = ChangeLock::default();
        let hanging = lock.acquire().await.unwrap();
        let refused = lock.acquire().await.unwrap_err();
        assert_eq!(refused.code(), Code::ServiceUnavailable);
        assert_eq!(refused.header().unwrap().1, "1");
        drop(hanging);
        assert!(lock.acquire().await.is_ok());
    }

    #[actix_web::test]
    async fn a_change_ends_although_its_client_has_disconnected() {
        let done = Rc::new(Cell::new(false));
        let (proceed, proceeds) = tokio::sync::oneshot::channel::<()>();
        let noted = Rc::clone(&done);
        let change = run_to_end(async move {
            proceeds.await.unwrap();
            noted.set(true);
            Ok(())
        });
        let timed_out = tokio::time::timeout(Duration::from_millis(1), change).await;
        assert!(timed_out.is_err(), "it waits");
        proceed.send(()).unwrap();
        while !done.get() {
            tokio::task::yield_now().await;
        }
    }
}
