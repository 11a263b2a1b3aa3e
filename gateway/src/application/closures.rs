//! Gives the announced closures what a configuration declares.

use std::sync::Arc;

use shared_types::gateway::ClosureTarget;

use crate::answer::site::Site;
use crate::resilience::closures::{Closure, RouteAt};

/// The closures follow this site, and the file's are now `declared`.
pub(super) fn follow(site: &Site, declared: &[(ClosureTarget, Closure)]) {
    let routes = site.features.iter().map(|feature| {
        let routes = feature.all_routes().filter_map(|at| {
            let circuits = &at.upstream.settings.circuits;
            Some(RouteAt {
                upstream: Arc::clone(at.upstream.name()),
                route: circuits.get(at.circuit)?.clone(),
            })
        });
        (feature.name.clone(), routes.collect())
    });
    let has = |target: &ClosureTarget| match target {
        ClosureTarget::Upstream(name) => site.upstreams.iter().any(|one| **one.name() == **name),
        ClosureTarget::Feature(name) => site.features.iter().any(|one| one.name == *name),
    };
    site.closures.follow(declared, routes.collect(), has);
}
