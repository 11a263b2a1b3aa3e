//! The console's first event: everything that does not change.

use serde::Serialize;
use serde_json::json;
use shared_types::text::Lang;

use crate::application::state::State;
use crate::config::Upstream;
use crate::restaurant::features::Feature;

/// The data of the first event.
pub(super) fn of(state: &State) -> String {
    let config = &state.config;
    let features = config.features.iter();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "drills": state.drills.is_some(),
        "upstreams": config.upstreams.iter().map(Known::of).collect::<Vec<_>>(),
        "features": features.map(|feature| Offered::of(feature, &config.upstreams)).collect::<Vec<_>>(),
    })
    .to_string()
}

#[derive(Serialize)]
struct Known<'c> {
    name: &'c str,
    label: Label<'c>,
}

#[derive(Serialize)]
struct Label<'c> {
    fr: &'c str,
    en: &'c str,
}

#[derive(Serialize)]
struct Offered<'c> {
    name: &'c str,
    needs: Vec<&'c str>,
    uses: Vec<&'c str>,
}

impl<'c> Known<'c> {
    fn of(upstream: &'c Upstream) -> Self {
        Self {
            name: &upstream.name,
            label: Label {
                fr: upstream.label.to(Lang::Fr),
                en: upstream.label.to(Lang::En),
            },
        }
    }
}

impl<'c> Offered<'c> {
    fn of(feature: &'c Feature, upstreams: &'c [Upstream]) -> Self {
        let names = |indices: &[usize]| {
            let upstreams = indices.iter().filter_map(|index| upstreams.get(*index));
            upstreams.map(|upstream| &*upstream.name).collect()
        };
        Self {
            name: &feature.name,
            needs: names(&feature.needs),
            uses: names(&feature.uses),
        }
    }
}
