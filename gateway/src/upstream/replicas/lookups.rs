//! Resolves the names of the upstreams again and again, so that replicas that join, leave or move
//! are noticed although connections to the others stay open.
//!
//! The system's resolver is asked, as it knows the hosts file and the search domains of a cluster.
//! It does not say how long an answer holds: whoever caches answers for it does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::Replicas;
/// The pause between two lookups.
const EVERY: Duration = Duration::from_secs(1);

/// The lookups of all upstreams, each a task of its own. Dropping it ends them.
#[derive(Default)]
pub(crate) struct Lookups(Vec<(Arc<Replicas>, AbortOnDropHandle<()>)>);

impl Lookups {
    /// Resolves the names of these upstreams from now on, and no others.
    pub(crate) fn follow<'r>(&mut self, upstreams: impl Iterator<Item = &'r Arc<Replicas>>) {
        let mut before = std::mem::take(&mut self.0);
        for replicas in upstreams {
            if !replicas.have_names() {
                continue;
            }
            let known = before
                .iter()
                .position(|(one, _)| Arc::ptr_eq(one, replicas));
            self.0.push(match known {
                Some(known) => before.swap_remove(known),
                None => {
                    let task = actix_web::rt::spawn(resolve(Arc::clone(replicas)));
                    (Arc::clone(replicas), AbortOnDropHandle::new(task))
                }
            });
        }
    }
}

async fn resolve(replicas: Arc<Replicas>) {
    loop {
        // A failure is logged there, or by the requests that it concerns.
        let _ = replicas.resolve().await;
        sleep(EVERY).await;
    }
}
