//! What was asked of the shared store.

use prometheus::{IntCounter, IntGauge, Registry};

use super::{counters, register};

/// What the store is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreUse {
    Quota,
    Answer,
    Change,
    Beat,
}

/// The counters. They are listed only where gateways share a store.
#[derive(Clone)]
pub(crate) struct StoreMetrics {
    /// 1 while requests ask the store, else 0.
    pub(crate) up: IntGauge,
    /// By use: what was answered, and what was not.
    uses: [(IntCounter, IntCounter); 4],
}

impl StoreUse {
    const ALL: [Self; 4] = [Self::Quota, Self::Answer, Self::Change, Self::Beat];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Answer => "answer",
            Self::Change => "change",
            Self::Beat => "beat",
        }
    }
}

impl StoreMetrics {
    /// # Errors
    /// Another family has one of the names.
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let up = IntGauge::new(
            "gateway_shared_store_up",
            "1 while requests ask the store that gateways share, else 0.",
        );
        let family = counters(
            registry,
            "gateway_shared_store_commands_total",
            "Commands to the store that gateways share, by use and outcome.",
            &["use", "outcome"],
        )?;
        let of = |what: StoreUse| -> prometheus::Result<_> {
            let of = |outcome| family.get_metric_with_label_values(&[what.as_str(), outcome]);
            Ok((of("ok")?, of("failed")?))
        };
        let [quota, answer, change, beat] = StoreUse::ALL.map(of);
        Ok(Self {
            up: register(registry, up)?,
            uses: [quota?, answer?, change?, beat?],
        })
    }

    pub(crate) fn succeeded(&self, what: StoreUse) {
        if let Some((succeeded, _)) = self.uses.get(what as usize) {
            succeeded.inc();
        }
    }

    pub(crate) fn failed(&self, what: StoreUse) {
        if let Some((_, failed)) = self.uses.get(what as usize) {
            failed.inc();
        }
    }
}
