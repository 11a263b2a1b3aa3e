//! Resolves the names of the upstreams again and again, so that replicas that join, leave or move
//! are noticed although connections to the others stay open.
//!
//! The system's resolver does not say how long an answer holds: whoever caches answers for it knows
//! that. The gateway keeps the answers about SRV records itself for as long as they hold, so that most
//! of these lookups ask nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::Replicas;
use crate::settings::Endpoint;

/// The pause between two lookups of a host. Each asks the system's resolver.
const HOST_EVERY: Duration = Duration::from_secs(1);

/// The pause between two lookups of SRV records. Most are answered from memory.
const SERVICE_EVERY: Duration = Duration::from_millis(250);

/// The lookups of all names, each a task of its own, so that one that hangs delays no other.
/// Dropping it ends them.
#[derive(Default)]
pub(crate) struct Lookups(Vec<Lookup>);

struct Lookup {
    replicas: Arc<Replicas>,
    name: Endpoint,
    _task: AbortOnDropHandle<()>,
}

impl Lookups {
    /// Looks up the names of these upstreams from now on, and no others.
    pub(crate) fn follow<'r>(&mut self, upstreams: impl Iterator<Item = &'r Arc<Replicas>>) {
        let mut before = std::mem::take(&mut self.0);
        for replicas in upstreams {
            for name in replicas.names() {
                let known = before
                    .iter()
                    .position(|one| Arc::ptr_eq(&one.replicas, replicas) && one.name == name);
                self.0.push(match known {
                    Some(known) => before.swap_remove(known),
                    None => Lookup::begin(Arc::clone(replicas), name),
                });
            }
        }
    }
}

impl Lookup {
    fn begin(replicas: Arc<Replicas>, name: Endpoint) -> Self {
        let task = look_up(Arc::clone(&replicas), name.clone());
        Self {
            replicas,
            name,
            _task: AbortOnDropHandle::new(actix_web::rt::spawn(task)),
        }
    }
}

async fn look_up(replicas: Arc<Replicas>, name: Endpoint) {
    loop {
        // A failure is logged there.
        let found = replicas.look_up(&name).await;
        // No memory answers after a failure.
        let pause = match found {
            Ok(()) if name.is_service() => SERVICE_EVERY,
            _ => HOST_EVERY,
        };
        sleep(pause).await;
    }
}
