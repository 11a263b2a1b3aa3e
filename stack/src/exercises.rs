//! The exercises of docs/EXERCISES.md. Each sets a scene in a folder of the learner's, and judges
//! what the learner has made of it.
//!
//! There are two kinds. In one, the learner edits a configuration, and the judge runs a restaurant
//! with it. In the other, the learner reads what a run has left, and answers questions about it.
//! Each run is another one, so nobody can copy the answers.

mod attempt;
mod lossy_proxy;
mod restaurant;
mod sealed;
mod tasks;
mod workbook;

use std::path::Path;

use futures_util::future::LocalBoxFuture;
use service_kit::program::RunError;

use attempt::Attempt;
use sealed::Question;
use workbook::Workbook;
pub use workbook::{Scene, Unfit};

/// Every exercise, in the order of its number.
pub const ALL: [Exercise; 10] = [
    tasks::failed_service::EXERCISE,
    tasks::order_story::EXERCISE,
    tasks::stale_list::EXERCISE,
    tasks::wrong_features::EXERCISE,
    tasks::fallback_file::EXERCISE,
    tasks::own_service::EXERCISE,
    tasks::circuit::EXERCISE,
    tasks::rate_limit::EXERCISE,
    tasks::partial_answer::EXERCISE,
    tasks::lost_answer::EXERCISE,
];

#[derive(Debug)]
pub struct Exercise {
    pub number: u8,
    pub title: &'static str,
    /// What the learner achieves, in one sentence.
    pub goal: &'static str,
    task: Task,
}

#[derive(Debug)]
enum Task {
    /// The learner edits this configuration.
    Edit {
        original: &'static str,
        /// Whether a truthful declaration may promise less than the original does.
        may_promise_less: bool,
        judge: fn(Attempt) -> LocalBoxFuture<'static, Result<Faults, RunError>>,
    },
    /// The learner answers questions about a run. It is played into a folder.
    Read {
        play: fn(&Path) -> LocalBoxFuture<'_, Result<Question, RunError>>,
    },
}

/// What is still wrong, in plain words. The exercise is solved if there is nothing.
pub type Faults = Vec<String>;

impl Exercise {
    /// The exercise with this number.
    #[must_use]
    pub fn numbered(number: u8) -> Option<&'static Self> {
        const { &ALL }
            .iter()
            .find(|exercise| exercise.number == number)
    }

    /// Sets the scene in the folder `exercise-N` of `base`. What is there already stays.
    ///
    /// # Errors
    /// [`Unfit`] if what is there is in the way. Else a file cannot be written, or the run fails.
    pub async fn set(&self, base: &Path) -> Result<Scene, RunError> {
        let workbook = Workbook::of(self.number, base);
        match self.task {
            Task::Edit { original, .. } => workbook.hand_out(original),
            Task::Read { .. } if workbook.is_played() => Ok(Scene::Kept),
            Task::Read { play } => {
                let question = play(workbook.empty()?).await?;
                workbook.ask(&question)?;
                Ok(Scene::New)
            }
        }
    }

    /// Judges the learner's work in the folder `exercise-N` of `base`.
    ///
    /// # Errors
    /// [`Unfit`] if the scene is not set, or a file is a pipe. Else a file cannot be read, or no
    /// restaurant can be started.
    pub async fn check(&self, base: &Path) -> Result<Faults, RunError> {
        let workbook = Workbook::of(self.number, base);
        match self.task {
            Task::Edit {
                original,
                may_promise_less,
                judge,
            } => {
                let attempt = Attempt::of(workbook.configuration()?);
                let mut faults = attempt.mistakes();
                if faults.is_empty() && !may_promise_less {
                    faults = attempt.losses(original)?;
                }
                if faults.is_empty() {
                    faults = judge(attempt).await?;
                }
                Ok(faults)
            }
            Task::Read { .. } => Ok(workbook.sealed()?.faults(&workbook.answers()?)),
        }
    }

    /// Whether the learner answers questions about a run. Then setting the scene opens a restaurant,
    /// and otherwise checking the work does.
    #[must_use]
    pub fn asks_questions(&self) -> bool {
        matches!(self.task, Task::Read { .. })
    }

    /// Whether a run has been played into the folder `exercise-N` of `base`.
    #[must_use]
    pub fn is_played(&self, base: &Path) -> bool {
        Workbook::of(self.number, base).is_played()
    }

    /// The file to work on, for people.
    #[must_use]
    pub fn file(&self) -> &'static str {
        match self.task {
            Task::Edit { .. } => workbook::CONFIGURATION,
            Task::Read { .. } => workbook::ANSWERS,
        }
    }
}
