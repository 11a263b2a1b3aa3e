//! The exercises in which a learner reads what a run has left. They run in a process of their own,
//! since they write its log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Runs `stack exercise` in a folder.
fn exercise(base: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stack"));
    command.arg("exercise").args(arguments).current_dir(base);
    command.output().unwrap()
}

/// A learner in a folder.
struct Learner {
    number: u8,
    base: tempfile::TempDir,
}

impl Learner {
    fn begin(number: u8) -> Self {
        let base = tempfile::tempdir().unwrap();
        let learner = Self { number, base };
        learner.run(&["--check"], 64);
        learner.run(&[], 0);
        let unsolved = learner.run(&["--check"], 1);
        assert!(unsolved.contains("has no answer yet"), "{unsolved}");
        learner
    }

    /// Runs the program, and returns what it says.
    fn run(&self, arguments: &[&str], exit_code: i32) -> String {
        let number = self.number.to_string();
        let ran = exercise(self.base.path(), &[&[&*number], arguments].concat());
        assert_eq!(ran.status.code(), Some(exit_code), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        let folder: &Path = self.base.path();
        folder.join(format!("exercise-{}", self.number)).join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// The id in the question.
    fn id(&self) -> String {
        let question = self.read("question.txt");
        let mut lines = question.lines();
        let id = lines.find_map(|line| line.strip_prefix("  "));
        id.unwrap().to_owned()
    }

    /// The log's lines in which `key` has this value.
    fn lines_with(&self, key: &str, value: &str) -> Vec<Value> {
        let log = self.read("log.json");
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.filter(|line: &Value| line[key] == value).collect()
    }

    fn answer(&self, answers: &[(&str, &str)]) {
        let lines = answers
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"));
        fs::write(self.file("answer.txt"), lines.collect::<String>()).unwrap();
    }

    /// Checks the right answers, and that a second start changes none of them.
    fn solve(&self, answers: &[(&str, &str)]) {
        self.answer(&[(answers[0].0, "wrong")]);
        let unsolved = self.run(&["--check"], 1);
        assert!(unsolved.contains("is not wrong"), "{unsolved}");
        self.answer(answers);
        self.run(&["--check"], 0);
        assert!(self.run(&[], 0).contains("yours, left as it is"));
        self.run(&["--check"], 0);
    }
}

fn text<'v>(line: &'v Value, key: &str) -> &'v str {
    line[key].as_str().unwrap()
}

#[test]
fn the_log_tells_which_service_made_an_answer_incomplete() {
    let learner = Learner::begin(1);
    let lines = learner.lines_with("request_id", &learner.id());
    let warning = lines.iter().find(|line| line["level"] == "WARN").unwrap();
    let access = lines.iter().find(|line| line["degraded"] == "partial");
    learner.solve(&[
        ("service", text(warning, "upstream")),
        ("trace", text(access.unwrap(), "trace_id")),
    ]);
}

#[test]
fn the_log_tells_the_story_of_an_order() {
    let learner = Learner::begin(2);
    let events = learner.lines_with("request_id", &learner.id());
    let at = |route: &str| {
        let event = events.iter().find(|line| line["route"] == route);
        text(event.unwrap(), "trace_id").to_owned()
    };
    let (placed, ready) = (at("/events"), at("/commandes/{id}/status"));
    let of_client = |trace: &str| {
        let lines = learner.lines_with("trace_id", trace);
        let line = lines.iter().find(|line| line["outcome"] == "complete");
        text(line.unwrap(), "request_id").to_owned()
    };
    learner.solve(&[
        ("trace", &placed),
        ("placed_by", &of_client(&placed)),
        ("ready_by", &of_client(&ready)),
    ]);
}

#[test]
fn the_metrics_tell_the_life_of_a_circuit() {
    let learner = Learner::begin(7);
    let series = |snapshot: &str, series: &str| {
        let metrics = learner.read(snapshot);
        let mut lines = metrics.lines();
        let value = lines.find_map(|line| line.strip_prefix(series));
        value.unwrap().trim().to_owned()
    };
    let is_open = |name: &&&str| {
        let state = format!("gateway_upstream_breaker_state{{state=\"open\",upstream=\"{name}\"}}");
        series("metrics-2.txt", &state) == "1"
    };
    let upstreams = ["clients", "orders", "kitchen", "delivery"];
    let open: Vec<_> = upstreams.iter().filter(is_open).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    let name = open[0];
    let route = match *name {
        "kitchen" => "/kitchen/orders",
        _ => "/delivery/assigned",
    };
    let opened =
        format!("gateway_upstream_breaker_changes_total{{to=\"open\",upstream=\"{name}\"}}");
    let failed =
        format!("gateway_requests_total{{method=\"GET\",route=\"{route}\",status=\"5xx\"}}");
    learner.solve(&[
        ("upstream", name),
        ("opened", &series("metrics-3.txt", &opened)),
        ("failed", &series("metrics-3.txt", &failed)),
        ("state", "closed"),
    ]);
}

#[test]
fn a_run_overwrites_no_file_and_follows_no_link() {
    let base = tempfile::tempdir().unwrap();
    let other = base.path().join("other");
    fs::write(&other, "mine").unwrap();
    for (number, name) in [(1, "log.json"), (2, "question.txt"), (7, "metrics-1.txt")] {
        let folder = base.path().join(format!("exercise-{number}"));
        fs::create_dir(&folder).unwrap();
        for there in [&other, &base.path().join("nowhere")] {
            let link = folder.join(name);
            std::os::unix::fs::symlink(there, &link).unwrap();
            let refused = exercise(base.path(), &[&number.to_string()]);
            assert_eq!(refused.status.code(), Some(64), "{refused:?}");
            let said = String::from_utf8(refused.stderr).unwrap();
            assert!(said.contains("empty folder"), "{said}");
            fs::remove_file(link).unwrap();
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        }
    }
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
    assert!(!base.path().join("nowhere").exists());
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let base = tempfile::tempdir().unwrap();
    let pipe = |path: &str| {
        let path = base.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    pipe("exercise-3/gateway.toml");
    pipe("exercise-1/answer.txt");
    fs::write(base.path().join("exercise-1/.sealed"), "salt\nname print\n").unwrap();
    for arguments in [&["3", "--check"][..], &["3"], &["1", "--check"]] {
        let refused = exercise(base.path(), arguments);
        assert_eq!(refused.status.code(), Some(64), "{refused:?}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("is no regular file"), "{said}");
    }
}

#[test]
fn a_wrong_answer_commands_no_terminal() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("exercise-1");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(".sealed"), "salt\nname print\n").unwrap();
    let answer = "name = a\u{1b}[2J\u{9b}\u{202e}b\n";
    fs::write(folder.join("answer.txt"), answer).unwrap();
    let unsolved = exercise(base.path(), &["1", "--check"]);
    assert_eq!(unsolved.status.code(), Some(1), "{unsolved:?}");
    let said = String::from_utf8(unsolved.stdout).unwrap();
    assert!(said.contains("name is not a [2J  b\n"), "{said:?}");
}

#[test]
fn a_wrong_use_is_told_from_an_unsolved_exercise() {
    let run = |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_stack"))
            .args(arguments)
            .output();
        ran.unwrap()
    };
    for wrong in [
        &["exercise", "11"][..],
        &["exercise", "0"],
        &["exercise", "--check"],
        &["--fresh", "exercise", "3"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let listed = run(&["exercise"]);
    assert!(listed.status.success());
    let listed = String::from_utf8(listed.stdout).unwrap();
    for exercise in &stack::exercises::ALL {
        assert!(listed.contains(exercise.title), "{listed}");
    }
}
