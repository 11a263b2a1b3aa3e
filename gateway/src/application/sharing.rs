//! Works beside the workers for what several gateways share: says that this gateway is there, tells
//! and hears which answers are out of date, and shares new ones.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use crate::answer::site::Live;
use crate::resilience::shared_store::SharedStore;

/// The pause between two rounds of sharing answers.
const EVERY: Duration = Duration::from_secs(1);

/// The work for what gateways share.
pub(super) struct Sharing {
    live: Live,
    store: Arc<SharedStore>,
}

impl Sharing {
    /// `None` if this gateway shares nothing.
    pub(super) fn of(live: &Live) -> Option<Self> {
        let store = live.site().shared_store.clone()?;
        let live = live.clone();
        Some(Self { live, store })
    }

    /// Works until the handle is dropped: as long as there are requests, which may change something.
    pub(super) fn begin(&self) -> AbortOnDropHandle<()> {
        let (live, store) = (self.live.clone(), Arc::clone(&self.store));
        let work = actix_web::rt::spawn(async move {
            tokio::join!(
                store.run_beats(),
                store.run_telling(),
                store.run_reading(|heard| live.site().cache.apply(&heard)),
                share(&live),
            );
        });
        AbortOnDropHandle::new(work)
    }

    /// Tells what the last requests have changed, and that this gateway is gone.
    pub(super) async fn finish(&self) {
        self.store.finish_telling().await;
        self.store.leave().await;
    }
}

async fn share(live: &Live) {
    let mut rounds = interval(EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        live.site().cache.share().await;
    }
}
