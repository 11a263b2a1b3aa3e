//! `gateway status` and `gateway top`, which ask a running gateway.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use service_kit::testing::{Client, Process, addr_after, eventually, skip_one};
use shared_types::gateway::{Availability, OperatorStatus};
use tempfile::TempDir;

use crate::process::{gateway, run};
use crate::scripted::{json, unused_address};

const FEATURES: &str =
    "\n[features]\nthings = { needs = [\"backend\"], probe = \"GET /things\" }\n";

/// A running gateway before a backend that answers.
struct Running {
    folder: TempDir,
    _process: Process,
    public: Client,
    operator: Client,
    admin: String,
}

impl Running {
    async fn start() -> Self {
        let (backend, _seen) = json("200 OK", "{}").await;
        let folder = tempfile::tempdir().unwrap();
        let breaker = "breaker = { failures = 1000000, minimum = 1000000 }";
        assert!(crate::CONFIG.contains(breaker));
        let config = crate::CONFIG.replace(breaker, "breaker = { failures = 1 }");
        std::fs::write(folder.path().join("gateway.toml"), config + FEATURES).unwrap();
        let mut command = gateway();
        command
            .arg("--config")
            .arg(folder.path().join("gateway.toml"));
        command.env("BACKEND_URL", format!("http://{backend}"));
        let process = Process::start(command.env("GATEWAY_DRILLS", "on"));
        let line = process.line_with("for its operator on");
        let admin = addr_after(&line, "for its operator on ");
        Self {
            folder,
            public: Client::of(process.addr()),
            operator: Client::of(admin),
            admin: admin.to_string(),
            _process: process,
        }
    }

    /// The command with these arguments, for this gateway.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = gateway();
        command
            .arg("--config")
            .arg(self.folder.path().join("gateway.toml"));
        command.args(args).env("GATEWAY_ADMIN_BIND", &self.admin);
        command
    }

    /// The backend answers on this thread, which therefore must not wait for the command.
    async fn run(&self, args: &[&str]) -> (Output, String, String) {
        let mut command = self.command(args);
        let run = tokio::task::spawn_blocking(move || run(&mut command));
        run.await.unwrap()
    }

    async fn begin_drill(&self) {
        let order = serde_json::json!({"mode": "down", "for": "1m"});
        let asked = self.operator.request(Method::PUT, "/drills/backend");
        let asked = asked.send_json(order);
        let _ = asked.await.ok(200);
    }
}

/// The words of the row that begins so.
fn words<'t>(table: &'t str, begin: &[&str]) -> Vec<&'t str> {
    let mut rows = table.lines().map(|line| line.split_whitespace().collect());
    let row = rows.find(|words: &Vec<_>| words.starts_with(begin));
    row.unwrap_or_else(|| panic!("{begin:?} in {table}"))
}

#[actix_web::test]
async fn status_is_0_while_everything_is_up_and_1_with_the_culprit_when_not() {
    let running = Running::start().await;
    let (output, out, _) = running.run(&["status"]).await;
    // Nothing has been asked yet.
    assert_eq!(output.status.code(), Some(1), "{out}");
    let _ = words(&out, &["feature", "things", "unknown"]);
    let _ = running.public.get("/things").await.ok(200);
    let (output, out, err) = running.run(&["status"]).await;
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(out.starts_with("WHAT "), "{out}");
    let _ = words(&out, &["gateway", &running.admin, "up"]);
    let _ = words(&out, &["feature", "things", "up", "-"]);
    let upstream = words(&out, &["upstream", "backend", "up"]);
    assert!(upstream[3].ends_with('Z'), "{out}");
    assert_eq!(upstream[4..6], ["circuit", "closed;"], "{out}");
    running.begin_drill().await;
    let _ = running.public.get("/things").await;
    let (output, out, err) = running.run(&["status"]).await;
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(err.contains("not everything is up"), "{err}");
    let upstream = words(&out, &["upstream", "backend", "down", "-"]);
    assert_eq!(upstream[4..6], ["circuit", "open;"], "{out}");
    let _ = words(
        &out,
        &["feature", "things", "down", "-", "without", "backend;"],
    );
    let _ = words(&out, &["drill", "backend", "down", "-", "ends", "in"]);
}

#[actix_web::test]
async fn status_as_json_is_the_operators_status() {
    let running = Running::start().await;
    let _ = running.public.get("/things").await.ok(200);
    let (output, out, err) = running.run(&["status", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{err}");
    let status: OperatorStatus = serde_json::from_str(&out).unwrap();
    assert_eq!(status.public.status, Availability::Up);
    let since = status.upstreams["backend"].since.unwrap();
    assert!(since <= shared_types::value::Timestamp::now());
}

#[test]
fn without_a_gateway_the_exit_code_is_69_and_the_address_is_named() {
    let nowhere = unused_address().to_string();
    for command in ["status", "top"] {
        let (output, _, err) = run(gateway().arg(command).env("GATEWAY_ADMIN_BIND", &nowhere));
        assert_eq!(output.status.code(), Some(69), "{command}");
        assert!(err.contains(&nowhere), "{command}: {err}");
    }
}

#[actix_web::test]
async fn another_program_on_the_port_is_no_gateway() {
    let (other, _seen) = json("200 OK", "{}").await;
    let asked = tokio::task::spawn_blocking(move || {
        run(gateway()
            .arg("status")
            .env("GATEWAY_ADMIN_BIND", other.to_string()))
    });
    let (output, _, err) = asked.await.unwrap();
    assert_eq!(output.status.code(), Some(69), "{err}");
    assert!(
        err.contains("no answer of this version of the gateway"),
        "{err}"
    );
}

/// The value of `name=value` in a line.
#[actix_web::test]
async fn what_another_program_answers_commands_no_terminal() {
    let metrics = "gateway_upstream_requests_in_flight{upstream=\"a\u{1b}[2J\u{9b}\u{202e}\"} 1\n";
    let body = r#"{"type":"t","title":"t","status":500,"detail":"no\u001b[2J\u009b\u202e","instance":"/","code":"c","message":"m","error":"e","requestId":"r"}"#;
    let (named, _seen) = json("200 OK", metrics).await;
    let (failing, _seen) = json("500 Internal Server Error", body).await;
    for (addr, args, code) in [
        (named, &["top", "--count", "1"][..], 0),
        (failing, &["status"], 69),
        (failing, &["drill", "--all"], 1),
    ] {
        let mut command = gateway();
        command.args(args);
        command.env("GATEWAY_ADMIN_BIND", addr.to_string());
        let ran = tokio::task::spawn_blocking(move || run(&mut command));
        let (output, out, err) = ran.await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{out}{err}");
        let said = if code == 0 { out } else { err };
        assert!(said.contains(" [2J  "), "{args:?}: {said:?}");
        assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{said:?}");
    }
}

fn figure(line: &str, name: &str) -> f64 {
    let mut pairs = line.split(' ').filter_map(|word| word.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name).unwrap();
    value.parse().unwrap()
}

#[actix_web::test]
async fn top_writes_a_line_for_each_row_where_there_is_no_terminal() {
    let running = Running::start().await;
    let mut command = running.command(&["top", "--count", "2"]);
    let mut top = tokio::task::spawn_blocking(move || run(&mut command));
    let (output, out, err) = loop {
        tokio::select! {
            done = &mut top => break done.unwrap(),
            answer = running.public.get("/things") => { let _ = answer.ok(200); }
        }
    };
    assert!(output.status.success(), "{err}");
    let named = |name: &str| -> Vec<_> {
        let of_row = move |line: &&str| line.split(' ').nth(1) == Some(name);
        out.lines().filter(of_row).collect()
    };
    assert_eq!(
        (named("gateway").len(), named("backend").len()),
        (2, 2),
        "{out}"
    );
    for line in [named("gateway")[0], named("backend")[0]] {
        assert!(figure(line, "requests_per_s") > 1.0, "{out}");
        assert!(figure(line, "p99_ms") > 0.0, "{out}");
        assert_eq!(figure(line, "errors_per_s"), 0.0, "{out}");
    }
    assert!(named("backend")[0].ends_with(" circuit=closed"), "{out}");
    assert!(named("gateway")[0].ends_with(" circuit=-"), "{out}");
}

#[actix_web::test]
async fn top_counts_errors_and_shows_an_open_circuit() {
    let running = Running::start().await;
    running.begin_drill().await;
    let _ = running.public.get("/things").await;
    let mut command = running.command(&["top", "--count", "1"]);
    let mut top = tokio::task::spawn_blocking(move || run(&mut command));
    let (_, out, _) = loop {
        tokio::select! {
            done = &mut top => break done.unwrap(),
            _ = running.public.get("/things") => {}
        }
    };
    let line = out.lines().find(|line| line.contains(" backend ")).unwrap();
    assert!(figure(line, "errors_per_s") > 1.0, "{out}");
    assert!(line.ends_with(" circuit=open"), "{out}");
}

/// Starts a command on a terminal of 24 lines, and collects what it writes there.
struct Terminal {
    child: std::process::Child,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// `None` if there is no `script`, which makes terminals.
    fn of(command: &Command) -> Option<Self> {
        let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let line: Vec<_> = words.map(quoted).collect();
        let line = format!("stty rows 24 cols 100; exec {}", line.join(" "));
        let mut script = Command::new("script");
        script
            .args(["-qefc", &line, "/dev/null"])
            .env("TERM", "xterm");
        script.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let started = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.ok()?;
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut out, all) = (child.stdout.take().unwrap(), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = out.read(&mut buffer) {
                all.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Some(Self { child, written })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    async fn shows(&self, text: &str) {
        eventually(text, async || self.text().contains(text).then_some(())).await;
    }

    fn press(&mut self, key: &[u8]) {
        let keys = self.child.stdin.as_mut().unwrap();
        keys.write_all(key).unwrap();
        keys.flush().unwrap();
    }
}

#[actix_web::test]
async fn top_redraws_a_terminal_and_gives_it_back() {
    const ENTER: &str = "\u{1b}[?1049h";
    const LEAVE: &str = "\u{1b}[?1049l";
    let running = Running::start().await;
    for key in [b"q", b"\x03"] {
        let Some(mut terminal) = Terminal::of(&running.command(&["top"])) else {
            skip_one(
                "the terminal of `gateway top`",
                "there is no script",
                "REQUIRE_SCRIPT",
            );
            return;
        };
        terminal.shows(ENTER).await;
        terminal.shows("REQUESTS/S").await;
        let _ = running.public.get("/things").await.ok(200);
        // Before the second reading, there is no rate.
        terminal.shows(" 0.0 ").await;
        assert!(!terminal.text().contains(LEAVE));
        terminal.press(key);
        terminal.shows(LEAVE).await;
        let ended = eventually("its end", async || terminal.child.try_wait().unwrap()).await;
        assert!(ended.success(), "{}", terminal.text());
    }
}
