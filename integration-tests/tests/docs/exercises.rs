//! Tests that the pages of exercises have those of the program, with their goals and commands.

use stack::exercises::ALL;

use crate::read;

/// The sections of a page whose headings begin with a number.
fn sections(text: &str) -> Vec<&str> {
    let sections = text.split("\n## ").skip(1);
    sections
        .filter(|section| section.starts_with(|first: char| first.is_ascii_digit()))
        .collect()
}

#[test]
fn each_exercise_has_a_section_with_its_commands_in_both_languages() {
    for page in ["docs/EXERCISES.md", "docs/EXERCISES.fr.md"] {
        let text = read(page);
        let sections = sections(&text);
        assert_eq!(sections.len(), ALL.len(), "{page}");
        for (exercise, section) in ALL.iter().zip(sections) {
            let number = exercise.number;
            assert!(section.starts_with(&format!("{number}. ")), "{section}");
            for command in [
                format!("\ncargo run -- exercise {number}\n"),
                format!("\ncargo run -- exercise {number} --check\n"),
            ] {
                assert!(section.contains(&command), "{page}: {section}");
            }
        }
    }
}

#[test]
fn the_page_has_the_titles_and_goals_of_the_program() {
    let text = read("docs/EXERCISES.md");
    for (exercise, section) in ALL.iter().zip(sections(&text)) {
        let (heading, rest) = section.split_once("\n\n").unwrap();
        assert_eq!(heading, format!("{}. {}", exercise.number, exercise.title));
        let goal = rest.split("\n\n").next().unwrap().replace('\n', " ");
        assert_eq!(goal, format!("**Goal.** {}", exercise.goal));
    }
}

#[test]
fn the_folders_of_learners_are_not_committed() {
    assert!(read(".gitignore").contains("\n/exercise-*\n"));
}
