//! Tests that each French document has the structure of its English twin: the same sections, blocks,
//! tables, lists, codes and links. Only the words differ.

use std::collections::BTreeSet;

use crate::{documents, exists, read};

type Codes = BTreeSet<String>;

/// The part of a section that no translation changes.
#[derive(Debug, Default, PartialEq)]
struct Content {
    /// Each with its language on the first line, without comments.
    blocks: Vec<String>,
    /// The codes of each cell, by table and row.
    tables: Vec<Vec<Vec<Codes>>>,
    items: usize,
    codes: Codes,
    links: BTreeSet<String>,
}

#[derive(Default)]
struct Section<'a> {
    level: usize,
    heading: &'a str,
    prose: String,
    content: Content,
}

/// The French tutorial gets its answers in French.
const IN_ENGLISH: &str = " -H 'Accept-Language: en'";

fn without_comment(line: &str) -> &str {
    let code = line.split(" # ").next().unwrap_or(line);
    if code.starts_with("# ") {
        ""
    } else {
        code.trim_end()
    }
}

fn codes(text: &str) -> Codes {
    let codes = text.split('`').skip(1).step_by(2);
    codes.map(|code| code.replace('\n', " ")).collect()
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    targets.filter_map(|rest| rest.split([')', '#']).next())
}

fn is_item(line: &str) -> bool {
    let numbered = line.trim_start_matches(|digit: char| digit.is_ascii_digit());
    line.starts_with("- ") || (numbered != line && numbered.starts_with(". "))
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    let (mut in_block, mut in_table) = (false, false);
    for line in text.lines() {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if level > 0 && !in_block {
            sections.push(Section {
                level,
                heading: line,
                ..Section::default()
            });
        }
        let section = sections.last_mut().unwrap();
        let content = &mut section.content;
        let is_row = !in_block && line.starts_with('|');
        if line.starts_with("```") {
            in_block = !in_block;
            if in_block {
                content.blocks.push(line.to_owned());
            }
        } else if in_block {
            let block = content.blocks.last_mut().unwrap();
            block.push('\n');
            block.push_str(&without_comment(line).replace(IN_ENGLISH, ""));
        } else {
            if is_row && !in_table {
                content.tables.push(Vec::new());
            }
            if is_row {
                let cells = line.split('|').map(codes).collect();
                content.tables.last_mut().unwrap().push(cells);
            }
            content.items += usize::from(is_item(line));
            section.prose.push_str(line);
            section.prose.push('\n');
        }
        in_table = is_row;
    }
    for section in &mut sections {
        section.content.codes = codes(&section.prose);
        let links = links(&section.prose).map(|target| target.replace(".fr.", "."));
        section.content.links = links.collect();
    }
    sections
}

/// The French name of each document that has a twin, and the English name.
fn twins() -> Vec<(String, String)> {
    let documents = documents();
    let stems = documents
        .iter()
        .filter_map(|name| name.strip_suffix(".fr.md"));
    let twins: Vec<_> = stems
        .map(|stem| (format!("{stem}.fr.md"), format!("{stem}.md")))
        .collect();
    assert!(twins.len() > 1, "{twins:?}");
    twins
}

#[test]
fn each_french_document_has_the_structure_of_its_twin() {
    for (french, english) in twins() {
        let (ours, theirs) = (read(&french), read(&english));
        let (ours, theirs) = (sections(&ours), sections(&theirs));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let place = format!("{french}: {}, {english}: {}", ours.heading, theirs.heading);
            assert_eq!(ours.level, theirs.level, "{place}");
            assert_eq!(ours.content, theirs.content, "{place}");
        }
        assert_eq!(ours.len(), theirs.len(), "sections of {french}");
    }
}

#[test]
fn twins_lead_to_each_other_and_otherwise_stay_in_their_language() {
    for (french, english) in twins() {
        let rest = after_link_to_twin(&french, &english, "In English");
        for target in links(&rest).filter(|target| !target.ends_with(".fr.md")) {
            let twin = target.replace(".md", ".fr.md");
            let is_twin = twin != *target && exists(&beside(&french, &twin));
            assert!(!is_twin, "{french} links to {target}");
        }
        let rest = after_link_to_twin(&english, &french, "En français");
        let astray = links(&rest).find(|target| target.ends_with(".fr.md"));
        assert_eq!(astray, None, "a link in {english}");
    }
}

/// The link is the first line under the title.
fn after_link_to_twin(page: &str, twin: &str, language: &str) -> String {
    let text = read(page);
    let name = twin.rsplit('/').next().unwrap();
    let body = text.split_once("\n\n").unwrap().1;
    let rest = body.strip_prefix(&format!("[{language}]({name})\n"));
    rest.unwrap_or_else(|| panic!("{page} does not begin with a link to {name}"))
        .to_owned()
}

fn beside(page: &str, target: &str) -> String {
    match page.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{target}"),
        None => target.to_owned(),
    }
}
