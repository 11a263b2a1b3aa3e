//! The expected behaviour of each feature while a service is down, stated independently of the
//! gateway's configuration.

/// The gateway's name for each service, and the program.
pub(crate) const UPSTREAMS: [(&str, &str); 5] = [
    ("clients", "client-service"),
    ("orders", "order-service"),
    ("counter", "counter-service"),
    ("kitchen", "kitchen-mock"),
    ("delivery", "delivery-mock"),
];

/// A guest's answer, and the feature's `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As on any other day.
    Works,
    /// As on any other day, but `/status` reports a degradation.
    WorksDegraded,
    /// The last good answer.
    Stale,
    /// The available parts.
    Partial,
    /// The promise that the request is delivered later.
    Kept,
    /// A problem that names the service and says when to come back.
    Refused,
}

pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// The upstream without which it is down or serves stale answers.
    needs: &'static str,
    /// The upstreams without which it is degraded.
    uses: &'static [&'static str],
    without_needed: Outcome,
    without_used: Outcome,
}

const fn feature(
    name: &'static str,
    needs: &'static str,
    uses: &'static [&'static str],
) -> Feature {
    Feature {
        name,
        needs,
        uses,
        without_needed: Outcome::Refused,
        without_used: Outcome::WorksDegraded,
    }
}

pub(crate) const FEATURES: [Feature; 8] = [
    Feature {
        without_needed: Outcome::Stale,
        ..feature("menu", "orders", &[])
    },
    Feature {
        without_needed: Outcome::Kept,
        ..feature("ordering", "orders", &["kitchen"])
    },
    feature("orderStatus", "orders", &[]),
    feature("accounts", "clients", &[]),
    feature("login", "clients", &[]),
    feature("kitchen", "kitchen", &["orders"]),
    feature("delivery", "delivery", &["orders"]),
    Feature {
        without_needed: Outcome::Stale,
        without_used: Outcome::Partial,
        ..feature("tracking", "orders", &["kitchen", "delivery"])
    },
];

impl Feature {
    pub(crate) fn declared(&self, down: &str) -> Outcome {
        if self.needs == down {
            self.without_needed
        } else if self.uses.contains(&down) {
            self.without_used
        } else {
            Outcome::Works
        }
    }
}
