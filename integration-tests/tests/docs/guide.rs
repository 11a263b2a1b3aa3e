//! Tests that the configurations in GUIDE.md are valid.

use gateway::Config;
use service_kit::env::Env;

use crate::read;

/// The TOML blocks, in order.
fn fragments(text: &str) -> Vec<&str> {
    let blocks = text.split("```toml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn fifteen_lines_are_enough_for_three_services() {
    let guide = read("docs/GUIDE.md");
    let first = fragments(&guide)[0];
    let lines = first.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 15, "{lines} lines");
    let config = Config::parse("mine.toml", first, &Env::of_pairs([])).unwrap();
    assert_eq!(config.upstreams.len(), 3);
    let paths: Vec<_> = config.routes.routes().map(|route| &*route.path).collect();
    for path in ["/stock/{*rest}", "/bills/{*rest}", "/search"] {
        assert!(paths.contains(&path), "{path}");
    }
}

#[test]
fn the_aggregate_fits_into_the_first_file() {
    let guide = read("docs/GUIDE.md");
    let [first, _whole, aggregate, _row] = fragments(&guide)[..] else {
        panic!("GUIDE.md has other fragments than these");
    };
    let text = format!("{first}\n{aggregate}");
    let config = Config::parse("mine.toml", &text, &Env::of_pairs([])).unwrap();
    let paths: Vec<_> = config.routes.routes().map(|route| &*route.path).collect();
    for path in ["/item/{id}", "/item/{id}/events"] {
        assert!(paths.contains(&path), "{path}");
    }
}

#[test]
fn the_whole_file_is_one_and_the_row_fits_into_ours() {
    let guide = read("docs/GUIDE.md");
    let [_first, whole, _aggregate, row] = fragments(&guide)[..] else {
        panic!("GUIDE.md has other fragments than these");
    };
    let env = Env::of_pairs([]);
    let config = Config::parse("mine.toml", whole, &env).unwrap();
    assert!(
        config
            .routes
            .routes()
            .any(|route| *route.path == *"/stock/{id}")
    );

    let list = "[routes]\norders = [\n";
    let row = row.strip_prefix(list).unwrap().strip_suffix("]\n").unwrap();
    let ours = read("gateway/gateway.toml");
    let with_it = ours.replacen("\norders = [\n", &format!("\norders = [\n{row}"), 1);
    assert_ne!(with_it, ours);
    let config = Config::parse("gateway.toml", &with_it, &env).unwrap();
    assert!(
        config
            .routes
            .routes()
            .any(|route| *route.path == *"/order-api/specials")
    );
}
