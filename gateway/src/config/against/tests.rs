//! The verdict on many edits of the compiled-in file, and the text of the report.

mod edits;

use service_kit::env::Env;
use toml::Table;

use super::{Change, Verdict, compare};
use crate::config::Config;
use edits::{Edits, shipped};

fn config(file: &Table) -> Config {
    let text = toml::to_string(file).unwrap();
    Config::parse("test.toml", &text, &Env::of_pairs([]))
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn changes(old: &Table, new: &Table) -> Vec<Change> {
    compare(&config(old), &config(new))
}

#[test]
fn each_worsening_edit_is_caught_and_its_reverse_is_not_worse() {
    let edits = Edits::worsening().0;
    assert!(edits.len() >= 100, "{}", edits.len());
    for edit in edits {
        let found = changes(&edit.old, &edit.new);
        for name in &edit.names {
            let is_caught = found
                .iter()
                .any(|change| change.is_worse() && change.name == *name);
            assert!(is_caught, "{}: {name}: {found:?}", edit.title);
        }
        let is_better = |change: &Change| matches!(change.verdict, Verdict::Better | Verdict::New);
        assert!(!found.iter().any(is_better), "{}: {found:?}", edit.title);
        let reverse = changes(&edit.new, &edit.old);
        assert!(reverse.iter().all(is_better), "{}: {reverse:?}", edit.title);
        assert_eq!(reverse.len(), found.len(), "{}", edit.title);
    }
}

#[test]
fn a_neutral_edit_makes_nothing_worse_or_better() {
    let edits = Edits::neutral().0;
    assert!(edits.len() >= 50, "{}", edits.len());
    for edit in edits {
        let found = changes(&edit.old, &edit.new);
        let is_new = |change: &Change| change.verdict == Verdict::New;
        assert!(found.iter().all(is_new), "{}: {found:?}", edit.title);
        assert_eq!(
            found.is_empty(),
            !edit.title.contains(" new "),
            "{}",
            edit.title
        );
    }
}

#[test]
fn a_file_against_itself_reports_nothing() {
    assert_eq!(changes(&shipped(), &shipped()), []);
}

/// The changes between two tables of routes, as verdict and name.
fn moves(old: &str, new: &str) -> Vec<(Verdict, String)> {
    let file = |rows: &str| -> Table {
        let stock = "url = \"http://127.0.0.1:1\"\noutage = \"error\"";
        let text = format!("[upstreams.stock]\n{stock}\n[routes]\nstock = [{rows}]");
        text.parse().unwrap()
    };
    let found = changes(&file(old), &file(new)).into_iter();
    found.map(|change| (change.verdict, change.name)).collect()
}

#[test]
fn a_row_that_takes_over_the_path_counts_as_the_same_route() {
    const ANY: &str = r#"{ path = "/stock/{*rest}", methods = ["GET"] }"#;
    const ONE: &str = r#"{ path = "/stock/{id}", methods = ["GET"] }"#;
    const LIST: &str = r#"{ path = "/stock/list", methods = ["GET"] }"#;
    const STALE: &str =
        r#"{ path = "/stock/list", methods = ["GET"], outage = "stale", stale_if_error = "1h" }"#;
    let list = |verdict| vec![(verdict, "GET /stock/list".to_owned())];
    let any = |verdict| vec![(verdict, "GET /stock/{*rest}".to_owned())];
    assert_eq!(moves(ONE, ANY), any(Verdict::New));
    assert_eq!(moves(ANY, ONE), any(Verdict::Gone));
    assert_eq!(moves(&format!("{ANY}, {LIST}"), ANY), []);
    assert_eq!(moves(&format!("{ANY}, {STALE}"), ANY), list(Verdict::Worse));
    assert_eq!(
        moves(ANY, &format!("{ANY}, {STALE}")),
        list(Verdict::Better)
    );
}
