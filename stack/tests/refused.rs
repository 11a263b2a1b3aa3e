//! Tests of what the program says if it cannot start.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use service_kit::testing::{Process, SmallDisk};

/// A small stack on any free port.
fn kitchen_and_orders(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stack"));
    command
        .args(["--services", "kitchen,orders", "--data"])
        .arg(data)
        .env("GATEWAY_WORKERS", "1");
    for bind in [
        "GATEWAY_BIND",
        "GATEWAY_ADMIN_BIND",
        "KITCHEN_MOCK_BIND",
        "ORDER_SERVICE_BIND",
    ] {
        command.env(bind, "127.0.0.1:0");
    }
    command
}

/// The lines of a stack that refuses to start.
#[track_caller]
fn refused(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    told.lines().map(str::to_owned).collect()
}

#[test]
fn a_taken_port_is_named_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = server.local_addr().unwrap().to_string();
    for bind in ["GATEWAY_BIND", "GATEWAY_ADMIN_BIND", "ORDER_SERVICE_BIND"] {
        let told = refused(kitchen_and_orders(&data).env(bind, &taken));
        let [line] = &told[..] else {
            panic!("one line is enough: {told:#?}");
        };
        assert!(line.starts_with(&format!("stack: cannot listen on {taken}: ")));
        assert!(line.ends_with("choose another port with --port, such as --port 8100."));
        assert!(!data.exists(), "nothing was started");
    }
}

#[test]
fn a_data_folder_that_cannot_be_used_says_how_to_choose_another() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for (data, reason) in [
        (file.clone(), "There is a file where a folder is needed"),
        (
            file.join("data"),
            "There is a file where a folder is needed",
        ),
    ] {
        let told = refused(&mut kitchen_and_orders(&data));
        let last = told.last().unwrap();
        assert!(last.contains(&data.display().to_string()), "{last}");
        assert!(last.contains(reason), "{last}");
        assert!(
            last.ends_with("choose another place with --data."),
            "{last}"
        );
    }
}

#[test]
fn a_full_disk_is_said_in_the_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("small");
    fs::create_dir(&data).unwrap();
    let test = "a_full_disk_is_said_in_the_last_line";
    let Some(disk) = SmallDisk::mount_or_skip(test, &data, "1m") else {
        return;
    };
    disk.fill();
    let told = refused(&mut kitchen_and_orders(&data));
    let last = told.last().unwrap();
    assert!(
        last.contains("The disk is full: free some space"),
        "{told:#?}"
    );
}

#[test]
fn a_start_that_waits_says_for_what() {
    let data = tempfile::tempdir().unwrap();
    let database = data.path().join("orders.db");
    let lock = File::create(data.path().join("orders.db-lock")).unwrap();
    lock.lock().unwrap();
    let mut stack = Process::start(&mut kitchen_and_orders(data.path()));
    let waits = format!("orders waits for its database {}", database.display());
    let _ = stack.line_with(&waits);
    assert!(!stack.wait().success());
    let _ = stack.line_with("in use by another process");
}
