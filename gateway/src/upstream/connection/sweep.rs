//! Looks after the answers that wait for their clients. The server polls a body only while the
//! client has room for more. Behind a full socket, or a closed HTTP/2 window, nobody polls, and no
//! timer of the body is checked. So a task of the worker checks them, ten times a second, and only
//! while there are such answers.
//!
//! Each answer that is incomplete when it is relayed is noted here, which costs an entry in a list.
//! A timer or a task for each would cost more, and most answers need neither.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The pause between two checks: a permit, or a connection to an upstream, may be held this long
/// for a client that takes nothing.
const EVERY: Duration = Duration::from_millis(100);

/// The task ends after this many checks without an answer, so that an occasional answer does not
/// start a task each time.
const LINGER: u32 = 20;

/// An answer that waits for its client.
pub(in crate::upstream) trait Tended {
    /// Checks its timers. Returns whether it is still to be looked after.
    fn tend(&mut self, now: Instant) -> bool;
}

/// The waiting answers of one pool of connections.
#[derive(Default)]
pub(in crate::upstream) struct Sweep {
    transfers: RefCell<Vec<Weak<RefCell<dyn Tended>>>>,
    is_running: Cell<bool>,
}

impl Sweep {
    pub(in crate::upstream) fn note(self: &Rc<Self>, transfer: Weak<RefCell<dyn Tended>>) {
        self.transfers.borrow_mut().push(transfer);
        if !self.is_running.replace(true) {
            actix_web::rt::spawn(Rc::clone(self).run());
        }
    }

    async fn run(self: Rc<Self>) {
        let mut idle = 0;
        while idle < LINGER {
            sleep(EVERY).await;
            idle = if self.look() { 0 } else { idle + 1 };
        }
        self.is_running.set(false);
    }

    /// Checks all answers. Returns whether there was any.
    fn look(&self) -> bool {
        let now = Instant::now();
        let mut transfers = self.transfers.take();
        let has_any = !transfers.is_empty();
        transfers.retain(|transfer| {
            let Some(transfer) = transfer.upgrade() else {
                return false;
            };
            transfer.borrow_mut().tend(now)
        });
        self.transfers.borrow_mut().append(&mut transfers);
        has_any
    }
}
