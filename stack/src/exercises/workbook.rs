//! The learner's folder of one exercise.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::sealed::{Question, Sealed};

pub(super) const CONFIGURATION: &str = "gateway.toml";
pub(super) const ANSWERS: &str = "answer.txt";

/// The questions of a run, with the ids that they are about.
const QUESTION: &str = "question.txt";

/// The fingerprints of the answers. It is the last file of a run, so a run without it is not whole.
const SEALED: &str = ".sealed";

/// What setting the scene has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    New,
    /// The learner's work was there already.
    Kept,
}

/// The error of a check before the scene is set.
#[derive(Debug, thiserror::Error)]
#[error("{} does not exist: set the scene first, without --check", .0.display())]
pub struct NotSet(PathBuf);

pub(super) struct Workbook {
    folder: PathBuf,
}

impl Workbook {
    pub(super) fn of(number: u8, base: &Path) -> Self {
        Self {
            folder: base.join(format!("exercise-{number}")),
        }
    }

    /// The folder, which is made if it does not exist.
    pub(super) fn made(&self) -> io::Result<&Path> {
        fs::create_dir_all(&self.folder).map_err(|error| named(&self.folder, &error))?;
        Ok(&self.folder)
    }

    /// Writes the configuration to edit.
    pub(super) fn hand_out(&self, original: &str) -> io::Result<Scene> {
        write_new(&self.made()?.join(CONFIGURATION), original)
    }

    pub(super) fn is_played(&self) -> bool {
        self.folder.join(SEALED).exists()
    }

    /// Writes the questions about a run, a file for the answers, and what they are judged by.
    pub(super) fn ask(&self, question: &Question) -> io::Result<Scene> {
        let write = |name: &str, text: String| {
            let file = self.folder.join(name);
            fs::write(&file, text).map_err(|error| named(&file, &error))
        };
        write(QUESTION, question.text())?;
        write_new(&self.folder.join(ANSWERS), &question.form())?;
        write(SEALED, Sealed::of(question).to_string())?;
        Ok(Scene::New)
    }

    pub(super) fn configuration(&self) -> Result<PathBuf, NotSet> {
        let file = self.folder.join(CONFIGURATION);
        if file.exists() {
            Ok(file)
        } else {
            Err(NotSet(file))
        }
    }

    pub(super) fn sealed(&self) -> Result<Sealed, Box<dyn std::error::Error>> {
        if !self.is_played() {
            return Err(NotSet(self.folder.join(ANSWERS)).into());
        }
        Ok(self.read(SEALED)?.parse()?)
    }

    pub(super) fn answers(&self) -> io::Result<String> {
        self.read(ANSWERS)
    }

    fn read(&self, name: &str) -> io::Result<String> {
        let file = self.folder.join(name);
        fs::read_to_string(&file).map_err(|error| named(&file, &error))
    }
}

/// Writes a file that does not exist yet.
fn write_new(file: &Path, text: &str) -> io::Result<Scene> {
    let written = File::create_new(file).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(Scene::New),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Scene::Kept),
        Err(error) => Err(named(file, &error)),
    }
}

fn named(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}
