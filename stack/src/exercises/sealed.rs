//! Questions about a run, and the judgement of the answers.
//!
//! The folder holds only salted fingerprints of the right answers, so that a learner who looks
//! around does not come upon them.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write as _};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::Faults;

/// What a run asks.
pub(super) struct Question {
    /// What the questions are about, such as an id.
    pub(super) about: String,
    pub(super) blanks: Vec<Blank>,
}

/// One value to find.
pub(super) struct Blank {
    pub(super) name: &'static str,
    pub(super) asks: &'static str,
    pub(super) answer: String,
}

impl Question {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.about);
        for blank in &self.blanks {
            // Writing to a text does not fail.
            let _ = write!(text, "\n{}: {}", blank.name, blank.asks);
        }
        text.push('\n');
        text
    }

    /// The file that the learner fills in.
    pub(super) fn form(&self) -> String {
        let mut form = "# Write each answer behind its =\n".to_owned();
        for blank in &self.blanks {
            let _ = writeln!(form, "{} = ", blank.name);
        }
        form
    }
}

/// The fingerprint of each answer, by its name.
pub(super) struct Sealed {
    salt: String,
    prints: BTreeMap<String, String>,
}

impl Sealed {
    pub(super) fn of(question: &Question) -> Self {
        let salt = format!("{:032x}", rand::random::<u128>());
        let prints = question.blanks.iter();
        let prints = prints.map(|blank| {
            let print = fingerprint(&salt, blank.name, &blank.answer);
            (blank.name.to_owned(), print)
        });
        let prints = prints.collect();
        Self { salt, prints }
    }

    pub(super) fn faults(&self, answers: &str) -> Faults {
        let lines = answers.lines().filter(|line| !line.starts_with('#'));
        let given: BTreeMap<_, _> = lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
            .collect();
        let judged = self.prints.iter().filter_map(|(name, print)| {
            match given.get(name.as_str()).copied().unwrap_or_default() {
                "" => Some(format!("{name} has no answer yet")),
                answer if fingerprint(&self.salt, name, answer) == *print => None,
                answer => Some(format!("{name} is not {answer}")),
            }
        });
        judged.collect()
    }
}

fn fingerprint(salt: &str, name: &str, answer: &str) -> String {
    hex::encode(Sha256::digest(format!(
        "{salt}\n{name}\n{}",
        answer.to_lowercase()
    )))
}

impl Display for Sealed {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.salt)?;
        for (name, print) in &self.prints {
            writeln!(out, "{name} {print}")?;
        }
        Ok(())
    }
}

impl FromStr for Sealed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let broken = "the scene is damaged: delete its folder, and set it again";
        let (salt, prints) = text.split_once('\n').ok_or(broken)?;
        let prints = prints.lines().map(|line| {
            let (name, print) = line.split_once(' ').ok_or(broken)?;
            Ok((name.to_owned(), print.to_owned()))
        });
        let prints: BTreeMap<_, _> = prints.collect::<Result<_, Self::Err>>()?;
        if prints.is_empty() {
            return Err(broken);
        }
        Ok(Self {
            salt: salt.to_owned(),
            prints,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Blank, Question, Sealed};

    fn question() -> Question {
        let blank = |name, answer: &str| Blank {
            name,
            asks: "what it is",
            answer: answer.to_owned(),
        };
        Question {
            about: "One request.".to_owned(),
            blanks: vec![blank("service", "kitchen"), blank("opened", "2")],
        }
    }

    #[test]
    fn an_answer_is_judged_by_its_fingerprint_alone() {
        let sealed = Sealed::of(&question()).to_string();
        assert!(!sealed.contains("kitchen"), "{sealed}");
        let sealed: Sealed = sealed.parse().unwrap();
        let right = "# mine\nservice = \"Kitchen\"\nopened=2\n";
        assert!(sealed.faults(right).is_empty());
        let faults = sealed.faults("service = orders\n");
        assert_eq!(
            faults,
            ["opened has no answer yet", "service is not orders"]
        );
    }

    #[test]
    fn the_form_without_answers_solves_nothing() {
        let question = question();
        assert_eq!(Sealed::of(&question).faults(&question.form()).len(), 2);
    }

    #[test]
    fn a_damaged_scene_solves_nothing() {
        for text in ["", "salt", "salt\n", "salt\nservice"] {
            assert!(text.parse::<Sealed>().is_err(), "{text:?}");
        }
    }
}
