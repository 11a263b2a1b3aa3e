//! `gateway logs`: one request in the logs of all programs.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::process::{gateway, run};

/// A log of three programs as `docker compose logs` writes it, program by program.
const LOG: &str = r#"
kitchen-mock-1     | {"time":"2026-11-27T20:15:57.590Z","level":"INFO","target":"access","service":"kitchen","method":"POST","route":"/events/orders","status":204,"ms":0.4,"request_id":"order-1","trace_id":"t1"}
kitchen-mock-1     | {"time":"2026-11-27T20:15:58.000Z","level":"INFO","target":"access","service":"kitchen","method":"GET","route":"/orders","status":200,"ms":0.4,"request_id":"other","trace_id":"t9"}
order-service-1    | the menu mentions r1
order-service-1    | {"time":"2026-11-27T20:15:57.570Z","level":"WARN","target":"service_kit::outbox","message":"kitchen takes no message: Connection refused\u001b[2J","request_id":"order-1","trace_id":"t1","recipient":"kitchen"}
order-service-1    | {"time":"2026-11-27T20:15:57.560Z","level":"INFO","target":"access","service":"orders","method":"POST","route":"/commandes","status":201,"ms":2.5,"request_id":"r1","trace_id":"t1"}
gateway-1          | {"time":"2026-11-27T20:15:57.558Z","level":"WARN","target":"gateway::answer::reply","message":"a first try failed","request_id":"r1"}
gateway-1          | {"time":"2026-11-27T20:15:57.561Z","level":"INFO","target":"access","method":"POST","route":"/order-api/commandes","status":201,"ms":4.1,"upstream":"orders","outcome":"complete","request_id":"r1","trace_id":"t1"}
gateway-1          | {"time":"2026-11-27T20:16:40.000Z","level":"INFO","target":"access","method":"PATCH","route":"/order-api/commandes/{id}/status","status":200,"ms":4.1,"request_id":"r2","trace_id":"t2"}
order-service-1    | {"time":"2026-11-27T20:16:40.010Z","level":"INFO","target":"service_kit::outbox","message":"sent","request_id":"order-1","trace_id":"t2"}
gateway-1          | {"time":"broken","level":"INFO","target":"access","request_id":"r1"}
"#;

/// `gateway logs ID` with the log on standard input.
fn piped(id: &str, log: &str) -> (Output, String, String) {
    let mut command = gateway();
    let started = command.args(["logs", id]).stdin(Stdio::piped());
    let started = started
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(log.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn a_request_id_tells_the_story_of_its_trace_in_the_order_of_time() {
    let (output, out, err) = piped("r1", LOG);
    assert!(output.status.success(), "{err}");
    let expected = "\
request  order-1
request  r1
trace    t1
from     2026-11-27T20:15:57.558Z

TIME      PROGRAM          LEVEL  MESSAGE
+0.000 s  gateway-1        WARN   a first try failed
+0.002 s  order-service-1  INFO   POST /commandes 201 in 2.5 ms
+0.003 s  gateway-1        INFO   POST /order-api/commandes 201 in 4.1 ms upstream=orders
+0.012 s  order-service-1  WARN   kitchen takes no message: Connection refused [2J recipient=kitchen
+0.032 s  kitchen-mock-1   INFO   POST /events/orders 204 in 0.4 ms
";
    assert_eq!(out, expected);
}

#[test]
fn a_trace_id_finds_the_same_lines_and_an_order_every_trace_of_it() {
    assert_eq!(piped("t1", LOG).1, piped("r1", LOG).1);
    let (_, out, _) = piped("order-1", LOG);
    for id in [
        "request  r1\n",
        "request  r2\n",
        "trace    t1\n",
        "trace    t2\n",
    ] {
        assert!(out.contains(id), "{id} in {out}");
    }
    assert!(
        out.contains("+42.452 s  order-service-1  INFO   sent"),
        "{out}"
    );
    assert!(!out.contains("other"), "{out}");
}

#[test]
fn files_are_read_together_and_name_the_program_if_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let bare = |program: &str| {
        let lines = LOG.lines().filter(|line| line.starts_with(program));
        let lines = lines.map(|line| line.split_once("| ").unwrap().1);
        lines.collect::<Vec<_>>().join("\n")
    };
    let files = ["kitchen", "order-service", "gateway"].map(|program| {
        let file = folder.path().join(format!("{program}.log"));
        std::fs::write(&file, bare(program)).unwrap();
        file
    });
    let (output, out, err) = run(gateway().args(["logs", "r1"]).args(&files));
    assert!(output.status.success(), "{err}");
    let rows = out.lines().skip_while(|line| !line.starts_with('+'));
    let programs: Vec<_> = rows
        .map(|row| row.split_whitespace().nth(2).unwrap())
        .collect();
    assert_eq!(
        programs,
        ["gateway", "orders", "gateway", "order-service", "kitchen"]
    );
}

#[test]
fn an_unknown_id_is_1_and_says_what_was_read() {
    let (output, out, err) = piped("nobody", LOG);
    assert_eq!((output.status.code(), &*out), (Some(1), ""));
    assert!(
        err.contains("no line has the id nobody, of 9 with an id"),
        "{err}"
    );
    let text = "2026-11-27T20:15:57.558Z INFO  access status=200 request_id=r1\n";
    let (output, _, err) = piped("r1", text);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("none of 1 lines is JSON"), "{err}");
    assert!(err.contains("LOG_FORMAT=json"), "{err}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let (output, _, err) = run(gateway()
        .args(["logs", "r1"])
        .arg(Path::new("/nowhere.log")));
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("/nowhere.log: No such file"), "{err}");
}

#[test]
fn an_invalid_configuration_does_not_hide_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("all.log");
    std::fs::write(&log, LOG).unwrap();
    let mut command = gateway();
    command
        .args(["logs", "t2"])
        .arg(&log)
        .env("GATEWAY_BIND", "nowhere");
    let (output, out, err) = run(&mut command);
    assert!(output.status.success(), "{err}");
    assert!(
        out.contains("PATCH /order-api/commandes/{id}/status 200"),
        "{out}"
    );
}

#[test]
fn no_line_commands_the_terminal_or_is_too_long_for_the_table() {
    let long = "x".repeat(70_000);
    let csi = "\u{9b}2J";
    let line = format!(
        r#"{{"time":"2026-11-27T20:15:57.558Z","level":"INFO","target":"t","message":"{long}","request_id":"r1","trace_id":"t\u001b[2J","key\u001b[2J{csi}":{{"in":"{csi}\u007f\u202e"}}}}"#
    );
    let (output, out, err) = piped("r1", &line);
    assert!(output.status.success(), "{err}");
    assert!(out.contains(&long), "{err}");
    let commands = |c: char| matches!(c, '\u{1b}' | '\u{7f}' | '\u{9b}' | '\u{202e}');
    assert!(!out.contains(commands), "{:?}", out.replace(&long, ""));
    assert!(out.contains("key [2J 2J={\"in\":\" 2J  \"}"), "{err}");
}

#[test]
fn a_trace_of_many_requests_takes_no_search_for_each_of_them_in_each_line() {
    let line = |request: usize, trace: &str| {
        format!(
            "{{\"time\":\"2026-11-27T20:15:57.558Z\",\"level\":\"INFO\",\"target\":\"t\",\"message\":\"m\",\
             \"request_id\":\"{request:032x}\",\"trace_id\":\"{trace}\"}}\n"
        )
    };
    let many = 0..20_000;
    let mut log: String = many.clone().map(|request| line(request, "busy")).collect();
    log.extend(many.map(|request| line(request + 50_000, "other")));
    let started = Instant::now();
    let (output, out, err) = piped("busy", &log);
    assert!(output.status.success(), "{err}");
    // Twice for the ids, once for the title, and the lines.
    assert_eq!(out.lines().count(), 40_004);
    // With a search for each, it takes minutes.
    assert!(started.elapsed() < Duration::from_secs(20));
}
