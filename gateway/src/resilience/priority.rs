//! How much a request matters when not all can be served: the lowest priority feels a limit first.

use schemars::JsonSchema;
use serde::Deserialize;

/// The priority of a route, and of a request for it.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    // The restaurant loses an order, or a person cannot enter.
    Critical,
    #[default]
    Normal,
    // An older answer, or a later one, is good enough.
    Sheddable,
}

/// The priorities of the routes to one upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Priorities {
    pub(crate) has_critical: bool,
    pub(crate) has_normal: bool,
}

impl Priorities {
    pub(crate) fn add(&mut self, priority: Priority) {
        match priority {
            Priority::Critical => self.has_critical = true,
            Priority::Normal => self.has_normal = true,
            Priority::Sheddable => {}
        }
    }
}
