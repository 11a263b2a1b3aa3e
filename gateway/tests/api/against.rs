//! `check --against`: the report of an edit, and the exit codes.

use std::path::Path;
use std::process::Output;

use crate::process::gateway;

const OLD: &str = r#"
[upstreams.orders]
url = "http://127.0.0.1:8002"
probe = "/ready"
outage = "error"
[routes]
orders = [
    { path = "/menu", methods = ["GET"], outage = "stale", fresh = "2s", stale_if_error = "1h", shared = true, query = [], warm = true },
    { path = "/orders", methods = ["GET", "POST"] },
]
[features]
menu = { needs = ["orders"], probe = "GET /menu" }
"#;

const NEW: &str = r#"
[upstreams.orders]
url = "http://127.0.0.1:8002"
retries = 2
outage = "error"
[routes]
orders = [
    { path = "/menu", methods = ["GET"] },
    { path = "/orders", methods = ["POST"] },
    { path = "/specials", methods = ["GET"] },
]
[features]
menu = { needs = ["orders"], probe = "GET /menu" }
"#;

const TABLE: &str = "\
worse   GET /menu        orders down  last good answer up to 1h 2s, shared, warm  ->  503 problem
worse   feature menu     orders down  degraded                                    ->  down
worse   upstream orders  orders down  found out by the probe                      ->  found out by clients' requests
gone    GET /orders      always       an answer                                   ->  405 problem: no such method
better  upstream orders  orders down  asked again once                            ->  asked again 2 times
new     GET /specials    always       404 problem: no such route                  ->  an answer
";

const JSON: &str = r#"{
  "worse": 1,
  "changes": [
    {
      "verdict": "worse",
      "kind": "route",
      "name": "GET /menu",
      "down": "orders",
      "before": "last good answer up to 1h 2s",
      "after": "last good answer up to 10m 2s"
    }
  ]
}
"#;

/// Writes the files and runs `check --against old.toml` for `new.toml`.
fn check(old: &str, new: &str, options: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let (old, new) = (write("old.toml", old), write("new.toml", new));
    run(&old, &new, options)
}

fn run(old: &Path, new: &Path, options: &[&str]) -> Output {
    let mut command = gateway();
    command.arg("--config").arg(new).arg("check");
    command.arg("--against").arg(old).args(options);
    command.output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn the_table_says_what_becomes_of_each_route_feature_and_upstream() {
    let output = check(OLD, NEW, &[]);
    assert_eq!(out(&output), TABLE);
    assert_eq!(output.status.code(), Some(1));
    let err = std::str::from_utf8(&output.stderr).unwrap();
    let told = "gateway: 4 changes make an outage worse; --allow-worse accepts that\n";
    assert_eq!(err, told);
}

#[test]
fn worse_may_be_accepted() {
    let output = check(OLD, NEW, &["--allow-worse"]);
    assert_eq!(out(&output), TABLE);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_changes_are_there_as_json() {
    let shorter = OLD.replace("\"1h\"", "\"10m\"");
    let output = check(OLD, &shorter, &["--json"]);
    assert_eq!(out(&output), JSON);
    assert_eq!(output.status.code(), Some(1));
    let longer = check(&shorter, OLD, &["--json"]);
    assert!(out(&longer).contains("\"verdict\": \"better\""));
    assert_eq!(longer.status.code(), Some(0));
}

#[test]
fn the_same_file_changes_nothing() {
    let output = check(OLD, OLD, &[]);
    assert_eq!(out(&output), "no outage becomes better or worse\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_that_cannot_be_used_is_named_whichever_it_is() {
    for (old, new, name) in [("[rotes]", NEW, "old.toml"), (OLD, "[rotes]", "new.toml")] {
        let output = check(old, new, &["--allow-worse"]);
        assert_eq!(output.status.code(), Some(64));
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.contains(name), "{err}");
    }
    let output = run(Path::new("/nowhere.toml"), Path::new("/nowhere.toml"), &[]);
    assert_eq!(output.status.code(), Some(64));
}
