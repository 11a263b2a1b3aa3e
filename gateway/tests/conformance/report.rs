//! Writes the comparison to docs/CONFORMANCE.md. The ordinary run only checks that the file has a
//! row for each case.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use crate::case::{Case, Group};
use crate::product::Product;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFORMANCE.md");

/// Few, so that no deadline is missed for lack of a core.
const AT_ONCE: usize = 4;

/// The section after the last group. `.ci/cache-tests` writes it, and it stays unchanged here.
const CACHE_SECTION: &str = "\n## Public HTTP cache test suite\n";

const PREFACE: &str = "\
# Conformance

This page compares behaviour on the wire, byte for byte. Each case starts one product in front of a
scripted upstream, writes the bytes that it names, and reads the answer as a strict recipient:
anything that RFC 9112 does not allow is noticed.

- All products have the same routes, limits and deadlines. They keep connections to the upstream and
  buffer no body. Their configurations are in
  [`gateway/tests/conformance/peers`](../gateway/tests/conformance/peers).
- If the standard leaves a choice, every choice passes.
- *Ours* is a promise of this gateway beyond the standard. The other products are not asked for it.
- nginx and HAProxy are Debian's, without added modules. Like the gateway, they match the path as it
  was sent.

`cargo test -p gateway --test conformance` runs the cases against the gateway. This command runs all
of them and writes this page:

```sh
cargo test -p gateway --test conformance -- compare
```

";

#[derive(Clone)]
enum Outcome {
    Passed,
    /// The text says how the product behaved instead.
    Failed(String),
    NotAsked,
    NotInstalled,
}

/// Runs every case on every installed product, and writes the report.
pub(crate) fn compare(groups: &'static [Group]) -> ExitCode {
    let mut columns = Vec::new();
    for product in Product::ALL {
        columns.push(ask(product, groups));
    }
    let mut text = render(groups, &columns);
    if let Ok(before) = fs::read_to_string(FILE)
        && let Some(at) = before.find(CACHE_SECTION)
    {
        text.push_str(&before[at..]);
    }
    let written = fs::write(FILE, text);
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{FILE}: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Checks that the report has exactly one row for each case, in its group and order.
pub(crate) fn check(groups: &[Group]) -> Result<(), String> {
    let report = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    for group in groups {
        let heading = format!("\n## {}\n", group.name);
        let (_, section) = report.split_once(&heading).ok_or(heading)?;
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows = section.lines().filter(|line| line.starts_with("| "));
        let named: Vec<_> = rows
            .skip(1)
            .filter_map(|row| row.split(" | ").next())
            .collect();
        let cases: Vec<_> = group
            .cases()
            .map(|case| format!("| {}", cell(case.name)))
            .collect();
        if named != cases {
            let differs = |name: &&str| !cases.iter().any(|case| case == *name);
            let gone: Vec<_> = named.iter().filter(|name| differs(name)).collect();
            let new: Vec<_> = cases
                .iter()
                .filter(|case| !named.contains(&case.as_str()))
                .collect();
            return Err(format!(
                "run `cargo test -p gateway --test conformance -- compare`: docs/CONFORMANCE.md, {}: \
                 too many {gone:?}, missing {new:?}, or another order",
                group.name
            ));
        }
    }
    Ok(())
}

fn ask(product: Product, groups: &'static [Group]) -> Vec<Outcome> {
    let cases: Vec<&Case> = groups.iter().flat_map(Group::cases).collect();
    if product.program().is_none() {
        say(&format!("{} is not installed", product.name()));
        return vec![Outcome::NotInstalled; cases.len()];
    }
    let outcomes = Mutex::new(vec![Outcome::NotAsked; cases.len()]);
    let next = Mutex::new(cases.iter().enumerate());
    let take = || next.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((index, case)) = take() {
                    let outcome = judge(product, case);
                    outcomes.lock().unwrap()[index] = outcome;
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

fn judge(product: Product, case: &Case) -> Outcome {
    if case.is_ours && product != Product::Gateway {
        return Outcome::NotAsked;
    }
    // A case that panics has found a fault of the suite, and ends the comparison.
    match (case.judge)(product) {
        Ok(()) => Outcome::Passed,
        Err(deviation) => {
            say(&format!("{}: {}: {deviation}", product.name(), case.name));
            Outcome::Failed(deviation.did)
        }
    }
}

fn render(groups: &[Group], columns: &[Vec<Outcome>]) -> String {
    let mut text = PREFACE.to_owned();
    text.push_str("| | Version | Cases | Passed | Failed |\n|---|---|---:|---:|---:|\n");
    for (product, outcomes) in Product::ALL.iter().zip(columns) {
        let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|one| is(one)).count();
        let passed = count(|outcome| matches!(outcome, Outcome::Passed));
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let version = product.version().unwrap_or("not installed".to_owned());
        let asked = passed + failed;
        let name = product.name();
        let _ = writeln!(
            text,
            "| {name} | {version} | {asked} | {passed} | {failed} |"
        );
    }
    let mut at = 0;
    for group in groups {
        let count = group.cases().count();
        let columns: Vec<_> = columns
            .iter()
            .map(|outcomes| &outcomes[at..at + count])
            .collect();
        render_group(&mut text, group, &columns);
        at += count;
    }
    text
}

fn render_group(text: &mut String, group: &Group, columns: &[&[Outcome]]) {
    let names = Product::ALL.map(Product::name).join(" | ");
    let _ = write!(
        text,
        "\n## {}\n\n| Case | Cites | {names} |\n|---|---|---|---|---|\n",
        group.name
    );
    let mut notes: Vec<String> = Vec::new();
    for (row, case) in group.cases().enumerate() {
        let _ = write!(text, "| {} | {} |", cell(case.name), cell(case.cites));
        for (product, outcomes) in Product::ALL.iter().zip(columns) {
            let said = match &outcomes[row] {
                Outcome::Passed => "pass".to_owned(),
                Outcome::NotAsked => "*ours*".to_owned(),
                Outcome::NotInstalled => "–".to_owned(),
                Outcome::Failed(did) => {
                    notes.push(format!("{}: {}.", product.name(), cell(did)));
                    format!("**fail** ({})", notes.len())
                }
            };
            let _ = write!(text, " {said} |");
        }
        text.push('\n');
    }
    if !notes.is_empty() {
        text.push_str("\nWhat was done instead:\n\n");
    }
    for (index, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "{}. {note}", index + 1);
    }
}

/// Escapes pipes, which would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn say(line: &str) {
    // If standard error is gone, nobody is left to tell.
    let _ = writeln!(io::stderr(), "{line}");
}
