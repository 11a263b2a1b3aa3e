//! The log's lines about changes on the operator's port.

use std::process::Command;

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, Process, Request, addr_after};

use super::TOKEN;
use crate::process::gateway;

/// A gateway that logs JSON, and its operator's port.
fn start(command: &mut Command) -> (Process, Client) {
    let command = command.env("GATEWAY_DRILLS", "on");
    let process = Process::start(command.env("LOG_FORMAT", "json"));
    let line = process.line_with("for its operator on");
    let address = line
        .split('"')
        .find(|part| part.contains("for its operator on"));
    let operator = Client::of(addr_after(address.unwrap(), "for its operator on "));
    (process, operator)
}

/// Stops the gateway, and returns its audit lines.
fn lines(mut process: Process) -> Vec<Value> {
    process.terminate();
    let _ = process.line_with("gateway has stopped");
    assert!(process.wait().success());
    let log = process.log();
    assert!(!log.iter().any(|line| line.contains(TOKEN)), "{log:#?}");
    let lines = log.iter().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["target"] == "audit")
        .collect()
}

/// Asserts the values of these keys.
fn says(line: &Value, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&line[key], value, "{key} in {line}");
    }
}

async fn begin(request: Request) -> Answer {
    let order = json!({"mode": "slow", "for": "30s", "delay": "1500ms"});
    request.send_json(order).await
}

#[actix_web::test]
async fn each_change_leaves_a_line_that_says_who_from_where_what_and_how_it_ended() {
    let (process, operator) = start(gateway().env("GATEWAY_TRUSTED_PROXIES", "127.0.0.1"));
    let drill = operator.request(Method::PUT, "/drills/orders");
    let drill = drill.header("x-forwarded-for", "192.0.2.7");
    let began = begin(drill.header("x-request-id", "first")).await;
    assert_eq!(began.status, 200);
    let _ = operator.get("/drills").await.ok(200);
    let _ = operator.delete("/drills/orders").await;
    let _ = operator
        .request(Method::POST, "/config")
        .send()
        .await
        .ok(200);
    let verdict = operator.request(Method::POST, "/drills/verdict");
    let _ = verdict.send().await.ok(200);
    let unknown = operator.request(Method::PUT, "/drills/nobody");
    assert_eq!(begin(unknown).await.status, 404);
    let foreign = operator.request(Method::DELETE, "/drills/orders");
    let foreign = foreign.header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.status, 403);
    let lines = lines(process);
    assert_eq!(lines.len(), 7, "{lines:#?}");
    says(
        &lines[0],
        &json!({
            "who": "network", "from": "192.0.2.7", "method": "PUT", "route": "/drills/{upstream}",
            "change": "drill_begun", "details": "orders: slow for 30s, rate 1, delay 1.5s",
            "outcome": "done", "status": 200, "request_id": "first",
        }),
    );
    says(
        &lines[1],
        &json!({
            "who": "loopback", "from": "127.0.0.1", "change": "drill_ended", "details": "orders",
            "outcome": "done", "status": 204,
        }),
    );
    says(
        &lines[2],
        &json!({"change": "config_reload", "outcome": "done"}),
    );
    let details = lines[2]["details"].as_str().unwrap();
    assert!(
        details.ends_with("0 changes for an outage, 0 worse"),
        "{details}"
    );
    says(
        &lines[3],
        &json!({"change": "rehearsal", "outcome": "begun"}),
    );
    says(
        &lines[4],
        &json!({"change": "rehearsal", "outcome": "done"}),
    );
    let details = lines[4]["details"].as_str().unwrap();
    assert!(details.starts_with("no verdict: "), "{details}");
    assert_eq!(lines[3]["request_id"], lines[4]["request_id"]);
    says(
        &lines[5],
        &json!({"outcome": "refused", "status": 404, "code": "route_not_found"}),
    );
    says(
        &lines[6],
        &json!({
            "who": "nobody", "origin": "https://evil.example", "outcome": "refused",
            "status": 403, "code": "forbidden",
        }),
    );
}

#[actix_web::test]
async fn with_a_token_the_line_says_by_what_it_was_admitted() {
    let (process, operator) = start(gateway().env("GATEWAY_ADMIN_TOKEN", TOKEN));
    let end = || operator.request(Method::DELETE, "/drills/orders");
    assert_eq!(end().send().await.status, 401);
    assert_eq!(end().bearer(TOKEN).send().await.status, 204);
    let form = operator.request(Method::POST, "/login");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.send_body(format!("token={TOKEN}").into()).await;
    let session = answer.header("set-cookie").unwrap().to_owned();
    let with_session = end().header("cookie", &session).send().await;
    assert_eq!(with_session.status, 204);
    let lines = lines(process);
    let seen = lines.iter().map(|line| {
        let text = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
        [text("who"), text("change"), text("outcome")]
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            ["nobody", "-", "refused"],
            ["token", "drill_ended", "done"],
            ["token", "login", "done"],
            ["session", "drill_ended", "done"],
        ]
    );
}

#[actix_web::test]
async fn the_command_line_sends_the_token_of_the_same_variable() {
    let (process, _) = start(gateway().env("GATEWAY_ADMIN_TOKEN", TOKEN));
    let line = process.line_with("for its operator on");
    let line = line
        .split('"')
        .find(|part| part.contains("for its operator on"));
    let admin = addr_after(line.unwrap(), "for its operator on ").to_string();
    let asked = move |arguments: &'static [&'static str], token: &'static str| {
        let mut command = gateway();
        command.args(arguments).env("GATEWAY_ADMIN_BIND", &admin);
        let run = move || command.env("GATEWAY_ADMIN_TOKEN", token).output().unwrap();
        tokio::task::spawn_blocking(run)
    };
    let drill = &["drill", "--all"][..];
    for arguments in [drill, &["status"]] {
        let refused = asked(arguments, "another-token-of-16").await.unwrap();
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains("jeton de l'exploitant"), "{error}");
    }
    // No service runs, so there is no verdict.
    let admitted = asked(drill, TOKEN).await.unwrap();
    assert_eq!(admitted.status.code(), Some(69));
    let admitted = asked(&["status"], TOKEN).await.unwrap();
    let shown = String::from_utf8(admitted.stdout).unwrap();
    assert!(shown.contains("orders"), "{shown}");
}
