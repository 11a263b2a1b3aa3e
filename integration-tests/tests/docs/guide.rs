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

const EXAMPLE: &str = "examples/three-services";

/// The lines of a file that are neither empty nor comments.
fn lines(toml: &str) -> Vec<&str> {
    let lines = toml.lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[test]
fn fifteen_lines_are_enough_for_three_services() {
    let file = read(&format!("{EXAMPLE}/gateway.toml"));
    let count = lines(&file).len();
    assert!(count <= 15, "{count} lines");
    let config = Config::parse("gateway.toml", &file, &Env::of_pairs([])).unwrap();
    assert_eq!(config.upstreams.len(), 3);
    let paths: Vec<_> = config.routes.routes().map(|route| &*route.path).collect();
    for path in ["/books", "/desk/{*rest}", "/card/{id}"] {
        assert!(paths.contains(&path), "{path}");
    }
}

#[test]
fn the_aggregate_fits_into_the_first_file() {
    let guide = read("docs/GUIDE.md");
    let [first, _whole, aggregate, ..] = fragments(&guide)[..] else {
        panic!("GUIDE.md has other fragments than these");
    };
    let text = format!("{first}\n{aggregate}");
    let config = Config::parse("gateway.toml", &text, &Env::of_pairs([])).unwrap();
    let paths: Vec<_> = config.routes.routes().map(|route| &*route.path).collect();
    for path in ["/book/{id}", "/book/{id}/events"] {
        assert!(paths.contains(&path), "{path}");
    }
}

#[test]
fn the_guide_shows_the_file_of_the_example() {
    let file = read(&format!("{EXAMPLE}/gateway.toml"));
    assert_eq!(fragments(&read("docs/GUIDE.md"))[0], file);
    // Its comments are in French.
    assert_eq!(lines(fragments(&read("docs/GUIDE.fr.md"))[0]), lines(&file));
}

#[test]
fn the_example_starts_each_service_where_its_file_expects_it() {
    let file = read(&format!("{EXAMPLE}/gateway.toml"));
    let compose = read(&format!("{EXAMPLE}/docker-compose.yml"));
    let upstreams = lines(&file).into_iter().filter_map(|line| {
        let (name, table) = line.strip_prefix("upstreams.")?.split_once(" = ")?;
        let (_, url) = table.split_once(&format!("http://{name}:"))?;
        Some((name, url.split('"').next()?))
    });
    let upstreams: Vec<_> = upstreams.collect();
    assert_eq!(upstreams.len(), 3);
    for (name, port) in upstreams {
        let command = format!(
            "\n  {name}:\n    <<: *service\n    command: uvicorn {name}:app --host 0.0.0.0 --port {port}\n"
        );
        assert!(compose.contains(&command), "{command}");
    }
}

#[test]
fn the_routes_with_compression_and_with_a_websocket_are_routes() {
    let guide = read("docs/GUIDE.md");
    for (fragment, key) in [(4, "compress = true"), (6, "upgrade = [\"websocket\"]")] {
        let routes = fragments(&guide)[fragment];
        let text = format!("upstreams.stock.url = \"http://127.0.0.1:1\"\n{routes}");
        Config::parse("mine.toml", &text, &Env::of_pairs([])).unwrap();
        assert!(routes.contains(key), "{routes}");
    }
}

#[test]
fn the_file_with_priorities_is_one() {
    let guide = read("docs/GUIDE.md");
    let text = fragments(&guide)[5];
    Config::parse("mine.toml", text, &Env::of_pairs([])).unwrap();
    assert!(text.contains("priority = \"critical\""), "{text}");
}

#[test]
fn the_whole_file_is_one_and_the_row_fits_into_ours() {
    let guide = read("docs/GUIDE.md");
    let [
        _first,
        whole,
        _aggregate,
        described,
        _compressed,
        _prioritised,
        _live,
        row,
    ] = fragments(&guide)[..]
    else {
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
    let rows = "routes.stock = [{ path = \"/stock/{*rest}\", outage = \"error\" }]";
    Config::parse("mine.toml", &format!("{rows}\n{described}"), &env).unwrap();

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
