//! The console's first event: everything that does not change.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use shared_types::text::{Lang, Text};

use crate::answer::features::Feature;
use crate::operator::Operator;
use crate::upstream::Upstream;

/// The data of the first event that a console gets.
pub(super) fn of(operator: &Operator) -> String {
    let site = operator.site();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "drills": operator.drills.is_some(),
        "upstreams": site.upstreams.iter().map(|upstream| Known::of(upstream)).collect::<Vec<_>>(),
        "journey": site.console,
        "features": site.features.iter().map(Offered::of).collect::<Vec<_>>(),
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
    label: Label<'c>,
    needs: Vec<&'c str>,
    uses: Vec<&'c str>,
}

impl<'c> Label<'c> {
    fn of(text: &'c Text) -> Self {
        Self {
            fr: text.to(Lang::Fr),
            en: text.to(Lang::En),
        }
    }
}

impl<'c> Known<'c> {
    fn of(upstream: &'c Upstream) -> Self {
        Self {
            name: upstream.name(),
            label: Label::of(&upstream.settings.label),
        }
    }
}

impl<'c> Offered<'c> {
    fn of(feature: &'c Feature<Arc<Upstream>>) -> Self {
        let names = |upstreams: &'c [Arc<Upstream>]| {
            let names = upstreams.iter().map(|upstream| &**upstream.name());
            names.collect()
        };
        Self {
            name: &feature.name,
            label: Label::of(&feature.label),
            needs: names(&feature.needs),
            uses: names(&feature.uses),
        }
    }
}
