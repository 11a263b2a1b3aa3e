//! Reloads of the real binary: by SIGHUP, and by a change of the file.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use service_kit::testing::{Client, Process, eventually};

use super::{A, B, config};
use crate::process::gateway;
use crate::scripted::json;

/// SIGHUP is not ignored, even if the tests run under `nohup`.
fn start(file: &Path, variables: &[(&str, &str)]) -> Process {
    let mut command = Command::new("env");
    command
        .args(["--default-signal=HUP", env!("CARGO_BIN_EXE_gateway")])
        .env("GATEWAY_BIND", "127.0.0.1:0")
        .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
        .envs(variables.iter().copied());
    Process::start(command.arg("--config").arg(file))
}

async fn answers(addr: SocketAddr, path: &str, status: u16) {
    let client = Client::of(addr);
    eventually("the new configuration", async || {
        (client.get(path).await.status == status).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_hangup_reloads_and_an_invalid_file_is_logged_with_its_error() {
    let (upstream, _) = json("200 OK", "{}").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    fs::write(&file, config(upstream, &[A])).unwrap();
    let mut process = start(&file, &[]);
    let addr = process.addr();
    answers(addr, "/a", 200).await;
    fs::write(&file, config(upstream, &[B])).unwrap();
    process.signal("HUP");
    answers(addr, "/b", 200).await;
    let line = process.line_with("the configuration is reloaded (SIGHUP): ");
    assert!(line.contains("site.toml"), "{line}");
    let line = process.line_with("in an outage, gone: ");
    assert!(line.contains("GET /a") && line.contains("WARN"), "{line}");
    fs::write(&file, "[upstreams.backend]\nurl = 7\n").unwrap();
    process.signal("HUP");
    let line = process.line_with("the configuration is not reloaded");
    assert!(
        line.contains("site.toml:2: upstreams.backend.url"),
        "{line}"
    );
    answers(addr, "/b", 200).await;
    process.terminate();
    assert!(process.wait().success());
}

#[actix_web::test]
async fn a_watched_file_is_reloaded_when_its_link_is_swapped() {
    let (upstream, _) = json("200 OK", "{}").await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // As Kubernetes mounts a ConfigMap: site.toml -> ..data/site.toml, ..data -> ..1.
    for (version, rows) in [("..1", A), ("..2", B)] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("site.toml"), config(upstream, &[rows])).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/site.toml", at("site.toml")).unwrap();
    let process = start(&at("site.toml"), &[("GATEWAY_CONFIG_WATCH", "on")]);
    let addr = process.addr();
    answers(addr, "/a", 200).await;
    symlink("..2", at("..new")).unwrap();
    fs::rename(at("..new"), at("..data")).unwrap();
    answers(addr, "/b", 200).await;
    answers(addr, "/a", 404).await;
}

#[actix_web::test]
async fn a_watched_file_may_name_others_and_may_be_missing_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let row = "{ path = \"/a\", outage = \"fallback\", fallback = \"a.json\" }";
    let absent = crate::scripted::unused_address();
    fs::write(at("a.json"), "[1]").unwrap();
    fs::write(at("site.toml"), config(absent, &[row])).unwrap();
    let process = start(&at("site.toml"), &[("GATEWAY_CONFIG_WATCH", "on")]);
    let client = Client::of(process.addr());
    assert_eq!(client.get("/a").await.text(), "[1]");
    fs::write(at("a.json"), "[2]").unwrap();
    eventually("the new fallback", async || {
        (client.get("/a").await.text() == "[2]").then_some(())
    })
    .await;
    fs::remove_file(at("site.toml")).unwrap();
    let _ = process.line_with("the configuration is not reloaded");
    assert_eq!(client.get("/a").await.text(), "[2]");
    fs::write(at("site.toml"), config(absent, &[A])).unwrap();
    answers(process.addr(), "/a", 503).await;
}

#[actix_web::test]
async fn a_refused_file_is_taken_once_what_it_names_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let absent = crate::scripted::unused_address();
    fs::write(at("site.toml"), config(absent, &[A])).unwrap();
    let process = start(&at("site.toml"), &[("GATEWAY_CONFIG_WATCH", "on")]);
    let addr = process.addr();
    let row = "{ path = \"/b\", outage = \"fallback\", fallback = \"b.json\" }";
    fs::write(at("site.toml"), config(absent, &[row])).unwrap();
    let _ = process.line_with("the configuration is not reloaded (a file has changed)");
    fs::write(at("b.json"), "[]").unwrap();
    answers(addr, "/b", 200).await;
    let refused = |line: &String| line.contains("is not reloaded");
    assert_eq!(process.log().iter().filter(|line| refused(line)).count(), 1);
}

#[actix_web::test]
async fn a_pipe_is_read_at_the_start_and_refused_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&file).status();
    assert!(made.unwrap().success());
    let text = config(crate::scripted::unused_address(), &[A]);
    let writer = std::thread::spawn({
        let file = file.clone();
        move || fs::write(file, text).unwrap()
    });
    let mut process = start(&file, &[]);
    let addr = process.addr();
    writer.join().unwrap();
    answers(addr, "/a", 502).await;
    process.signal("HUP");
    let line = process.line_with("the configuration is not reloaded (SIGHUP)");
    assert!(line.contains("is no regular file"), "{line}");
    process.terminate();
    assert!(process.wait().success());
}

#[test]
fn a_file_of_any_length_is_not_read() {
    let output = gateway().args(["--config", "/dev/zero", "check"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(64));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("/dev/zero: is larger than 4MiB"), "{error}");
}

/// `script(1)` is the terminal here.
#[actix_web::test]
async fn a_closed_terminal_stops_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (program, log_name) = (env!("CARGO_BIN_EXE_gateway"), log.display());
    // Under `nohup`, the tests' programs would ignore the hangup.
    let mut terminal = Command::new("env");
    terminal
        .args(["--default-signal=HUP", "script", "-qfc"])
        .args([&format!("{program} 2>{log_name}"), "/dev/null"])
        .env("GATEWAY_BIND", "127.0.0.1:0")
        .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
        .env("GATEWAY_CONFIG", "")
        .stdout(Stdio::null());
    let mut terminal = Process::start(&mut terminal);
    let read = || fs::read_to_string(&log).unwrap_or_default();
    eventually("the start", async || {
        read().contains("listens on").then_some(())
    })
    .await;
    terminal.kill();
    eventually("the stop", async || {
        read().contains("gateway has stopped").then_some(())
    })
    .await;
    assert!(!read().contains("reloaded"), "{}", read());
}

#[test]
fn the_compiled_in_file_cannot_be_watched() {
    let output = gateway()
        .env("GATEWAY_CONFIG_WATCH", "on")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("GATEWAY_CONFIG_WATCH: there is no file to watch"),
        "{error}"
    );
}
