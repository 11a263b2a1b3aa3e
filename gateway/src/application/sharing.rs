//! Works beside the workers for what several gateways share: says that this gateway is there, tells
//! and hears which answers are out of date, and shares new ones.

use std::sync::Arc;
use std::time::Duration;

use service_kit::serve::Draining;
use tokio::time::{MissedTickBehavior, interval};

use crate::answer::site::Live;
use crate::resilience::shared_store::SharedStore;

/// The pause between two rounds of sharing answers.
const EVERY: Duration = Duration::from_secs(1);

/// Works until the gateway drains.
pub(super) async fn run(live: Live, store: Arc<SharedStore>, draining: Draining) {
    let work = async {
        tokio::join!(
            store.run_beats(),
            store.run_telling(),
            store.run_reading(|change| live.site().cache.apply(&change)),
            share(&live),
        )
    };
    tokio::select! {
        _ = work => {}
        () = draining.begun() => {}
    }
}

/// Tells what the last requests have changed, and that this gateway is gone.
pub(super) async fn finish(store: &SharedStore) {
    store.finish_telling().await;
    store.leave().await;
}

async fn share(live: &Live) {
    let mut rounds = interval(EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        live.site().cache.share().await;
    }
}
