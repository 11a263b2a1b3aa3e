//! The console's first event: everything that does not change.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use shared_types::problem::Code;
use shared_types::text::{PerLang, Text};

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
        "traces": operator.traces.described(),
        "journey": site.console,
        "problems": titles(),
        "features": site.features.iter().map(Offered::of).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The titles of the problems, by their codes.
fn titles() -> BTreeMap<&'static str, PerLang<&'static str>> {
    let titles = Code::ALL.iter();
    let titles = titles.map(|code| (code.as_str(), PerLang::of(|lang| code.title(lang))));
    titles.collect()
}

#[derive(Serialize)]
struct Known<'c> {
    name: &'c str,
    label: PerLang<&'c str>,
}

#[derive(Serialize)]
struct Offered<'c> {
    name: &'c str,
    label: PerLang<&'c str>,
    needs: Vec<&'c str>,
    uses: Vec<&'c str>,
}

fn in_each(text: &Text) -> PerLang<&str> {
    PerLang::of(|lang| text.to(lang))
}

impl<'c> Known<'c> {
    fn of(upstream: &'c Upstream) -> Self {
        Self {
            name: upstream.name(),
            label: in_each(&upstream.settings.label),
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
            label: in_each(&feature.label),
            needs: names(&feature.needs),
            uses: names(&feature.uses),
        }
    }
}
