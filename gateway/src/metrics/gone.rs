//! Removes the series of what a new configuration does not have any more.

use std::collections::{BTreeSet, HashMap};

use prometheus::core::{Collector as _, MetricVec, MetricVecBuilder};

/// The names that the running configuration has.
#[derive(Debug, Default)]
pub(crate) struct Known<'k> {
    /// The methods and paths of the rows.
    pub(crate) rows: BTreeSet<(&'k str, &'k str)>,
    pub(crate) upstreams: BTreeSet<&'k str>,
    /// The upstreams, methods and paths of the circuits.
    pub(crate) circuits: BTreeSet<(&'k str, &'k str, &'k str)>,
    /// The paths of the rows with `warm = true`.
    pub(crate) warm: BTreeSet<&'k str>,
}

/// Removes the series whose labels are not to be kept. `keeps` is given the value of a label by its
/// name.
pub(super) fn retain<T: MetricVecBuilder>(
    family: &MetricVec<T>,
    keeps: impl Fn(&dyn Fn(&str) -> String) -> bool,
) {
    for metric in family
        .collect()
        .iter()
        .flat_map(|family| family.get_metric())
    {
        let labels = metric.get_label().iter();
        let labels: HashMap<_, _> = labels.map(|label| (label.name(), label.value())).collect();
        let value = |name: &str| labels.get(name).copied().unwrap_or_default().to_owned();
        if !keeps(&value) {
            // It fails only for a series that is gone already.
            let _ = family.remove(&labels);
        }
    }
}
