//! `exercise`: lists the exercises, sets the scene of one, or judges it.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use gateway::cli::terminal::plain_lines;
use service_kit::program::{EXIT_CONFIG, RunError, chain};
use stack::exercises::{ALL, Exercise, Faults, Scene, Unfit};

// clap would print a documentation comment as that of the command.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Its number; without one, all are listed
    #[arg(value_name = "NUMBER", value_parser = numbered)]
    exercise: Option<&'static Exercise>,
    /// Says whether it is solved, and if not, what is still wrong
    #[arg(long, requires = "exercise")]
    check: bool,
}

fn numbered(text: &str) -> Result<&'static Exercise, String> {
    let number = text.parse().ok().and_then(Exercise::numbered);
    number.ok_or_else(|| format!("no such exercise; there are 1 to {}", ALL.len()))
}

pub(crate) fn run(choice: &Choice) -> ExitCode {
    let mut out = io::stdout().lock();
    let done = match choice.exercise {
        None => list(&mut out).map_err(Into::into).map(|()| true),
        Some(exercise) if choice.check => check(exercise, &mut out),
        Some(exercise) => set(exercise, &mut out).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // There is no other place to report an error of standard error.
            let _ = writeln!(
                io::stderr(),
                "stack: {}",
                plain_lines(&chain(error.as_ref()))
            );
            if error.is::<Unfit>() {
                ExitCode::from(EXIT_CONFIG)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// The learner's folders are in the folder where the command runs.
const HERE: &str = "";

fn list(out: &mut impl Write) -> io::Result<()> {
    for exercise in &ALL {
        writeln!(out, "{:>2}  {}", exercise.number, exercise.title)?;
    }
    writeln!(out, "\ndocs/EXERCISES.md has the tasks.")
}

fn set(exercise: &Exercise, out: &mut impl Write) -> Result<(), RunError> {
    if exercise.asks_questions() && !exercise.is_played(Path::new(HERE)) {
        tell_wait()?;
    }
    let scene = block_on(exercise.set(Path::new(HERE)))?;
    let (number, file) = (exercise.number, exercise.file());
    writeln!(out, "{number}. {}\n\n{}\n", exercise.title, exercise.goal)?;
    let state = match scene {
        Scene::New => "",
        Scene::Kept => " (yours, left as it is; delete the folder to begin again)",
    };
    writeln!(out, "  work on    exercise-{number}/{file}{state}")?;
    if exercise.asks_questions() {
        writeln!(out, "  questions  exercise-{number}/question.txt")?;
    } else {
        writeln!(
            out,
            "  try it     GATEWAY_CONFIG=exercise-{number}/{file} cargo run"
        )?;
    }
    writeln!(out, "  check it   cargo run -- exercise {number} --check")?;
    writeln!(out, "  hints      docs/EXERCISES.md")?;
    Ok(())
}

fn check(exercise: &Exercise, out: &mut impl Write) -> Result<bool, RunError> {
    if !exercise.asks_questions() {
        tell_wait()?;
    }
    let faults: Faults = block_on(exercise.check(Path::new(HERE)))?;
    if faults.is_empty() {
        writeln!(out, "solved: {}", exercise.title)?;
        return Ok(true);
    }
    writeln!(out, "not yet: {}", exercise.title)?;
    for fault in &faults {
        // It may quote the learner's file.
        writeln!(out, "  - {}", plain_lines(fault))?;
    }
    Ok(false)
}

fn tell_wait() -> io::Result<()> {
    writeln!(
        io::stderr(),
        "opening a restaurant for this exercise: it takes a few seconds"
    )
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}
