//! One change at a time, for a service that keeps its state in memory and writes a report of each change to a file.
//!
//! A change is checked, its report is written, and then it shows. Whatever came between the first step and the last could
//! make the change impossible once its report is written. So each change waits for the one before it. Reading waits for
//! none of them. Marking first and taking the mark back where the report cannot be written was rejected: others would have
//! seen a mark that was never made.

use std::future::Future;
use std::time::Duration;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use shared_types::problem::Code;
use tokio::sync::{Mutex, MutexGuard};

use crate::failure::Failure;
use crate::trace::{self, Trace};

/// How long a change waits for the others. With the time that its own report may take to write (4 s), it is still less
/// than a caller waits who has an answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub struct Turns(Mutex<()>);

/// Nobody else changes anything until this is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _held: MutexGuard<'a, ()>,
}

impl Turns {
    /// The next turn, in the order of asking.
    ///
    /// # Errors
    /// Those before take too long, as they do while the disk hangs.
    pub async fn next(&self) -> Result<Turn<'_>, Failure> {
        match tokio::time::timeout(PATIENCE, self.0.lock()).await {
            Ok(held) => Ok(Turn { _held: held }),
            Err(_elapsed) => Err(Failure::new(Code::ServiceUnavailable)
                .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
                .caused_by("the changes before this one are not written yet")),
        }
    }
}

/// Does a change to its end, even if whoever asked for it hangs up: between its report and itself it must not be dropped.
///
/// # Errors
/// Those of the change. A panic is one, too.
pub async fn to_its_end<T: 'static>(
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

    use super::{Turns, to_its_end};

    #[tokio::test(start_paused = true)]
    async fn a_change_behind_one_that_hangs_is_refused_and_may_be_asked_for_again() {
        let turns = Turns::default();
        let hanging = turns.next().await.unwrap();
        let refused = turns.next().await.unwrap_err();
        assert_eq!(refused.code(), Code::ServiceUnavailable);
        assert_eq!(refused.header().unwrap().1, "1");
        drop(hanging);
        assert!(turns.next().await.is_ok());
    }

    #[actix_web::test]
    async fn a_change_ends_though_whoever_asked_has_gone() {
        let done = Rc::new(Cell::new(false));
        let (gate, opened) = tokio::sync::oneshot::channel::<()>();
        let noted = Rc::clone(&done);
        let change = to_its_end(async move {
            opened.await.unwrap();
            noted.set(true);
            Ok(())
        });
        let asked = tokio::time::timeout(Duration::from_millis(1), change).await;
        assert!(asked.is_err(), "it waits");
        gate.send(()).unwrap();
        while !done.get() {
            tokio::task::yield_now().await;
        }
    }
}
