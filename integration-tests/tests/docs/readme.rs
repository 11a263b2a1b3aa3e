//! Tests of the README's commands, accounts, crates and links.

use shared_types::gateway::Status;
use stack::DEMO_ACCOUNTS;

use crate::{documents, exists, read, rows, size};

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    assert!(read("README.md").contains("\ncargo test --workspace\n"));
    assert!(read(".ci/run").contains("cargo test --workspace"));
    assert!(read(".github/workflows/ci.yml").contains("run: .ci/run"));
}

#[test]
fn the_demo_accounts_are_the_seeded_ones() {
    let seeded: Vec<_> = DEMO_ACCOUNTS
        .iter()
        .map(|account| {
            vec![
                account.email.to_owned(),
                account.password.to_owned(),
                account.role.to_string(),
            ]
        })
        .collect();
    assert_eq!(rows(&read("README.md"), "E-mail"), seeded);
}

#[test]
fn the_crate_table_lists_every_member() {
    let manifest = read("Cargo.toml");
    let readme = rows(&read("README.md"), "Crate");
    let mut listed: Vec<_> = readme
        .iter()
        .map(|row| {
            row[0]
                .trim_start_matches('[')
                .split(']')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    listed.sort();
    let members = manifest
        .split("members = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    let members: Vec<_> = members
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, members);
}

#[test]
fn the_pictures_of_the_readme_are_small() {
    let (english, french) = (read("README.md"), read("README.fr.md"));
    let targets = [&english, &french].map(|text| text.split("](").skip(1));
    let pictures: Vec<_> = targets
        .into_iter()
        .flatten()
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| target.ends_with(".webp"))
        .collect();
    assert_eq!(pictures.len(), 6, "{pictures:?}");
    let sizes = pictures.iter().map(|picture| size(picture));
    assert!(sizes.sum::<u64>() < 400_000);
}

/// The blocks of a document between code fences, and the cells of its tables that are code.
fn said_in_code(text: &str) -> (Vec<&str>, Vec<&str>) {
    let blocks = text.split("```").skip(1).step_by(2).collect();
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let cells = rows.flat_map(|row| row.split('|').filter(|cell| cell.contains('`')));
    (blocks, cells.map(str::trim).collect())
}

#[test]
fn the_french_readme_has_the_same_commands_routes_and_accounts() {
    let (english, french) = (read("README.md"), read("README.fr.md"));
    assert_eq!(said_in_code(&french), said_in_code(&english));
}

#[test]
fn the_status_that_is_shown_has_every_feature() {
    let readme = read("README.md");
    let (blocks, _) = said_in_code(&readme);
    let shown = blocks.iter().find(|block| block.contains("\"features\""));
    let json = shown.unwrap().trim_start_matches("json");
    let shown: Status = serde_json::from_str(json).unwrap();
    let config = read("gateway/gateway.toml");
    let table = config.split_once("\n[features]\n").unwrap().1;
    let rows = table.lines().take_while(|line| !line.starts_with('['));
    let mut names: Vec<_> = rows
        .filter_map(|row| Some(row.split_once(" = ")?.0))
        .collect();
    names.sort_unstable();
    assert!(shown.features.keys().eq(&names));
}

#[test]
fn every_link_leads_somewhere() {
    for file in documents() {
        let folder = file
            .rsplit_once('/')
            .map(|(folder, _)| format!("{folder}/"));
        let folder = folder.unwrap_or_default();
        let text = read(&file);
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let (path, section) = target.split_once('#').unwrap_or((target, ""));
            // A section of the same page.
            let path = match path.is_empty() {
                true => file.clone(),
                false => format!("{folder}{path}"),
            };
            assert!(exists(&path), "{file} links to {target}");
            if !section.is_empty() {
                let headings = read(&path).to_lowercase();
                let name = section.replace('-', " ");
                let mut levels = ["##", "###"].into_iter();
                let has = levels.any(|level| headings.contains(&format!("\n{level} {name}\n")));
                assert!(has, "{file} links to {target}");
            }
        }
    }
}

#[test]
fn every_file_that_the_architecture_names_exists() {
    let text = read("docs/ARCHITECTURE.md");
    let mut count = 0;
    for name in text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.ends_with(".rs"))
    {
        assert!(exists(name), "{name}");
        count += 1;
    }
    assert!(count > 5, "only {count} files were found");
}
