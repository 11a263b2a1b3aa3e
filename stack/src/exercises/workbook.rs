//! The learner's folder of one exercise.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use service_kit::program::RunError;

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

/// The error of a folder that is not fit for what is asked.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// A check before the scene is set.
    #[error("{} does not exist: set the scene first, without --check", .0.display())]
    NotSet(PathBuf),
    /// What is in it may be the learner's, or of a run that was broken off.
    #[error("{} has files and no whole scene: delete it or move it away, so that the scene has an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// Reading a pipe might never end.
    #[error("{} is no regular file", .0.display())]
    NoFile(PathBuf),
}

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
    fn made(&self) -> io::Result<&Path> {
        fs::create_dir_all(&self.folder).map_err(|error| named(&self.folder, &error))?;
        Ok(&self.folder)
    }

    /// The folder, made if it does not exist, for a run. What it writes must not come in the place
    /// of anything, be it behind a symbolic link.
    pub(super) fn empty(&self) -> Result<&Path, RunError> {
        let folder = self.made()?;
        let mut entries = fs::read_dir(folder).map_err(|error| named(folder, &error))?;
        if entries.next().is_some() {
            return Err(Unfit::NotEmpty(folder.to_owned()).into());
        }
        Ok(folder)
    }

    /// Writes the configuration to edit, unless there is one.
    pub(super) fn hand_out(&self, original: &str) -> Result<Scene, RunError> {
        match write_new(self.made()?, CONFIGURATION, original) {
            Ok(()) => Ok(Scene::New),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.configuration()?;
                Ok(Scene::Kept)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn is_played(&self) -> bool {
        self.folder.join(SEALED).exists()
    }

    /// Writes the questions about a run, a file for the answers, and what they are judged by.
    pub(super) fn ask(&self, question: &Question) -> io::Result<()> {
        write_new(&self.folder, QUESTION, &question.text())?;
        write_new(&self.folder, ANSWERS, &question.form())?;
        write_new(&self.folder, SEALED, &Sealed::of(question).to_string())
    }

    pub(super) fn configuration(&self) -> Result<PathBuf, Unfit> {
        let file = self.folder.join(CONFIGURATION);
        match fs::metadata(&file) {
            Ok(metadata) if metadata.is_file() => Ok(file),
            Ok(_) => Err(Unfit::NoFile(file)),
            Err(_) => Err(Unfit::NotSet(file)),
        }
    }

    pub(super) fn sealed(&self) -> Result<Sealed, RunError> {
        if !self.is_played() {
            return Err(Unfit::NotSet(self.folder.join(ANSWERS)).into());
        }
        Ok(self.read(SEALED)?.parse()?)
    }

    pub(super) fn answers(&self) -> Result<String, RunError> {
        self.read(ANSWERS)
    }

    fn read(&self, name: &str) -> Result<String, RunError> {
        let file = self.folder.join(name);
        let metadata = fs::metadata(&file).map_err(|error| named(&file, &error))?;
        if !metadata.is_file() {
            return Err(Unfit::NoFile(file).into());
        }
        Ok(fs::read_to_string(&file).map_err(|error| named(&file, &error))?)
    }
}

/// Makes a file that does not exist yet.
pub(super) fn create(folder: &Path, name: &str) -> io::Result<File> {
    let file = folder.join(name);
    File::create_new(&file).map_err(|error| named(&file, &error))
}

/// Writes a file that does not exist yet.
pub(super) fn write_new(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let written = create(folder, name)?.write_all(text.as_bytes());
    written.map_err(|error| named(&folder.join(name), &error))
}

fn named(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}
