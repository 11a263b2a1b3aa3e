//! Prints the route table, for people.

use std::io::{self, Write};

use super::table;
use crate::config::Config;
use crate::routing::route::{Route, To};

pub(super) fn print(config: &Config, out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<[String; 5]> = config
        .routes
        .routes()
        .map(|route| row(route, config))
        .collect();
    let titles = ["METHOD", "PATH", "UPSTREAM", "PATH THERE", "OUTAGE"];
    table::print(titles, &rows, out)
}

fn row(route: &Route, config: &Config) -> [String; 5] {
    let (upstream, target, outage) = match &route.to {
        To::Own(_) => ("-".to_owned(), "-".to_owned(), "-"),
        To::Aggregate(index, _) => (upstreams_of(*index, config), "-".to_owned(), "-"),
        To::Upstream(to) => {
            let upstream = config.upstreams.get(to.upstream);
            let name = upstream.map(|upstream| upstream.name.to_string());
            (
                name.unwrap_or_default(),
                to.target.to_string(),
                to.outage.as_str(),
            )
        }
    };
    [
        route.method.to_string(),
        route.path.to_string(),
        upstream,
        target,
        outage.to_owned(),
    ]
}

/// The names of an aggregate's upstreams, in the order of its parts.
fn upstreams_of(index: usize, config: &Config) -> String {
    let mut names: Vec<&str> = Vec::new();
    let parts = config.aggregates.get(index).map(|one| &one.parts);
    for part in parts.into_iter().flatten() {
        let upstream = config.upstreams.get(part.upstream);
        let name = upstream.map_or("-", |upstream| &*upstream.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
