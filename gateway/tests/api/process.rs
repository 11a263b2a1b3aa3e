//! The real binary: its commands, exit codes, log, and how it stops.

use std::process::{Command, Output};

use actix_web::http::Method;
use service_kit::testing::{Client, Process, addr_after, eventually};
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{json, read_head, serving};

pub(crate) fn gateway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command
        .env_clear()
        .env("GATEWAY_BIND", "127.0.0.1:0")
        .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0");
    command
}

pub(crate) fn run(command: &mut Command) -> (Output, String, String) {
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    (output, out, err)
}

#[test]
fn check_accepts_the_compiled_in_file() {
    let (output, out, _) = run(gateway().arg("check"));
    assert!(output.status.success());
    assert!(out.starts_with("ok: "), "{out}");
}

#[test]
fn check_refuses_a_route_without_an_outage_policy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("silent.toml");
    let shipped = include_str!("../../gateway.toml");
    std::fs::write(&file, shipped.replacen(", outage = \"error\"", "", 1)).unwrap();
    let (output, _, err) = run(gateway().arg("check").arg("--config").arg(&file));
    assert_eq!(output.status.code(), Some(64));
    assert!(err.contains("routes.clients[0].outage: "), "{err}");
}

#[test]
fn explain_tells_how_a_request_is_handled() {
    for (request, story) in [
        (
            ["GET", "/order-api/menu?x=1"],
            &[
                "at http://127.0.0.1:8002/menu\n",
                "5s in which the upstream is waited for",
                "fresh for 2s, the same for everyone",
                "the query does not count",
                "a Vary by more than Origin and Accept-Encoding",
                "long texts, with Brotli or gzip, for clients that accept it",
                "the gateway asks for it by itself",
                "if orders is down",
                "the last good answer for 1h, after waiting 1s at most",
            ][..],
        ),
        (
            ["POST", "/client-api/login"],
            &[
                "100/10m from one address",
                "for at most one request in five and nothing was sent",
                "503 upstream_unavailable with Retry-After",
            ],
        ),
        (
            ["POST", "/order-api/commandes"],
            &["once a byte was sent, only with an Idempotency-Key"],
        ),
        (["GET", "/status"], &["no outage touches it"]),
        (
            ["GET", "/suivi/7"],
            &[
                "2s for all parts",
                "if kitchen is down",
                "X-Degraded: partial",
            ],
        ),
    ] {
        let (output, out, err) = run(gateway().arg("explain").args(request));
        assert!(output.status.success(), "{err}");
        for part in story {
            assert!(out.contains(part), "{part} in {out}");
        }
    }
    for (request, status) in [
        (["GET", "/nowhere"], "404"),
        (["PUT", "/order-api/menu"], "405"),
    ] {
        let (output, _, err) = run(gateway().arg("explain").args(request));
        assert_eq!(output.status.code(), Some(1));
        assert!(err.contains(status), "{err}");
    }
}

#[test]
fn a_rehearsal_while_services_are_down_names_them_and_exits_with_a_code_of_its_own() {
    let nowhere = format!("http://{}", crate::scripted::unused_address());
    let mut command = gateway();
    for name in [
        "CLIENTS_URL",
        "ORDERS_URL",
        "COUNTER_URL",
        "KITCHEN_URL",
        "DELIVERY_URL",
    ] {
        command.env(name, &nowhere);
    }
    let process = Process::start(command.env("GATEWAY_DRILLS", "on"));
    let line = process.line_with("for its operator on");
    let admin = addr_after(&line, "for its operator on ").to_string();
    let drill = |admin: &str| {
        run(gateway()
            .args(["drill", "--all"])
            .env("GATEWAY_ADMIN_BIND", admin))
    };
    let (output, out, err) = drill(&admin);
    assert_eq!(output.status.code(), Some(69));
    assert!(out.contains("orders is down: no drill shows"), "{out}");
    assert!(!out.contains("FAIL"), "{out}");
    let told = "cannot judge: clients, orders, counter, kitchen, delivery are down";
    assert!(err.contains(told), "{err}");
    // If nothing listens there.
    let (output, _, err) = drill(&crate::scripted::unused_address().to_string());
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("/drills/verdict"), "{err}");
}

/// `drill --all` of a gateway with these features.
async fn rehearsed(features: &str) -> (Output, String, String) {
    let (backend, _seen) = json("200 OK", "{}").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, format!("{}{features}", crate::CONFIG)).unwrap();
    let mut command = gateway();
    command.arg("--config").arg(&file);
    command.env("BACKEND_URL", format!("http://{backend}"));
    let process = Process::start(command.env("GATEWAY_DRILLS", "on"));
    let line = process.line_with("for its operator on");
    let admin = addr_after(&line, "for its operator on ").to_string();
    let drill = tokio::task::spawn_blocking(move || {
        run(gateway()
            .arg("--config")
            .arg(&file)
            .args(["drill", "--all"])
            .env("GATEWAY_ADMIN_BIND", admin))
    });
    drill.await.unwrap()
}

#[actix_web::test]
async fn a_rehearsal_that_finds_a_false_declaration_fails_with_the_matrix_in_words() {
    let features = "\n[features]\nthings = { needs = [], probe = \"GET /things\" }\n";
    let (output, out, err) = rehearsed(features).await;
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(out.starts_with("FEATURE"), "{out}");
    assert!(out.contains("refused   FAIL"), "{out}");
    assert!(err.contains("not every feature"), "{err}");
}

#[actix_web::test]
async fn a_rehearsal_without_features_has_no_verdict_and_says_so() {
    let (output, out, err) = rehearsed("").await;
    assert_eq!(output.status.code(), Some(69), "{err}");
    assert!(out.is_empty(), "{out}");
    assert!(err.contains("no [features]"), "{err}");
}

#[test]
fn check_refuses_a_bad_file_with_64_and_the_keys_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.toml");
    std::fs::write(&file, "[limits]\nrequest_bodi = \"1MiB\"\n").unwrap();
    for command in ["check", "serve", "routes", "health"] {
        let (output, _, err) = run(gateway().arg(command).arg("--config").arg(&file));
        assert_eq!(output.status.code(), Some(64), "{command}: {err}");
        assert!(
            err.contains("broken.toml") && err.contains("request_bodi"),
            "{err}"
        );
    }
}

#[test]
fn a_bad_variable_stops_the_start_with_64_and_its_name() {
    for (name, value) in [
        ("GATEWAY_BIND", "nowhere"),
        ("ORDERS_URL", "orders"),
        ("GATEWAY_RATE_LIMIT", "10/60"),
        ("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "a=b=c"),
    ] {
        let (output, _, err) = run(gateway().env(name, value));
        assert_eq!(output.status.code(), Some(64), "{err}");
        assert!(err.contains(name), "{err}");
    }
}

#[test]
fn a_taken_port_stops_the_start_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let (output, _, err) = run(gateway().env("GATEWAY_BIND", addr));
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("in use"), "{err}");
}

#[test]
fn routes_prints_every_row() {
    let (output, out, _) = run(gateway().arg("routes"));
    assert!(output.status.success());
    assert!(
        out.lines().any(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            words
                == [
                    "PATCH",
                    "/order-api/commandes/{id}/status",
                    "orders",
                    "/commandes/{id}/status",
                    "error",
                ]
        }),
        "{out}"
    );
}

#[actix_web::test]
async fn health_is_0_while_it_runs_and_1_when_it_does_not() {
    let mut process = Process::start(&mut gateway());
    let line = process.line_with("for its operator on ");
    let admin = addr_after(&line, "for its operator on ").to_string();
    let health = || {
        run(gateway().arg("health").env("GATEWAY_ADMIN_BIND", &admin))
            .0
            .status
            .code()
    };
    eventually("a healthy gateway", async || {
        (health() == Some(0)).then_some(())
    })
    .await;
    process.terminate();
    assert!(process.wait().success());
    assert_eq!(health(), Some(1));
}

#[actix_web::test]
async fn every_request_leaves_one_line_and_no_secret() {
    let (backend, _seen) = json("200 OK", "{}").await;
    let url = format!("http://{backend}");
    let mut process = Process::start(gateway().env("ORDERS_URL", url).env("RUST_LOG", "debug"));
    let client = Client::of(process.addr());
    let request = client.request(Method::GET, "/order-api/commandes/42?token=s3cret-query");
    let answer = request
        .header("X-Request-Id", "line-1")
        .bearer("s3cret-token")
        .send()
        .await;
    assert_eq!(answer.status, 200);
    let line = process.line_with("line-1");
    for fact in [
        "method=GET",
        "route=/order-api/commandes/{id}",
        "status=200",
        "ms=",
        "upstream=orders",
        "bytes=2",
        "outcome=complete",
        "trace_id=",
    ] {
        assert!(line.contains(fact), "{fact} in {line}");
    }
    process.terminate();
    process.wait();
    let log = process.log();
    assert_eq!(
        log.iter().filter(|line| line.contains(" access ")).count(),
        1,
        "{log:#?}"
    );
    assert!(!log.iter().any(|line| line.contains("s3cret")), "{log:#?}");
}

#[actix_web::test]
async fn a_request_over_the_rate_limit_leaves_its_line_too() {
    let mut process = Process::start(gateway().env("GATEWAY_RATE_LIMIT", "1/1h"));
    let client = Client::of(process.addr());
    let _ = client.get("/").await.ok(200);
    let request = client.request(Method::GET, "/order-api/menu");
    let answer = request.header("X-Request-Id", "line-3").send().await;
    let _ = answer.problem(429, "rate_limited");
    let line = process.line_with("line-3");
    for fact in [
        "route=/order-api/menu ",
        "status=429",
        "upstream=-",
        "outcome=complete",
    ] {
        assert!(line.contains(fact), "{fact} in {line}");
    }
    process.kill();
}

#[actix_web::test]
async fn a_json_log_has_one_object_a_line() {
    let mut process = Process::start(gateway().env("LOG_FORMAT", "json"));
    let line = process.line_with("listens on");
    let text = serde_json::from_str::<serde_json::Value>(&line).unwrap();
    let addr = addr_after(text["message"].as_str().unwrap(), "listens on ");
    let request = Client::of(addr).request(Method::GET, "/nothing");
    let _ = request.header("X-Request-Id", "line-2").send().await;
    let line: serde_json::Value = serde_json::from_str(&process.line_with("line-2")).unwrap();
    assert_eq!(line["target"], "access");
    assert_eq!(line["status"], 404);
    process.kill();
}

#[actix_web::test]
async fn a_stop_lets_requests_in_flight_finish() {
    a_stop_drains(Process::terminate).await;
}

#[actix_web::test]
async fn an_interrupt_lets_requests_in_flight_finish() {
    a_stop_drains(|process| process.signal("INT")).await;
}

async fn a_stop_drains(stop: fn(&Process)) {
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let release = std::rc::Rc::new(tokio::sync::Notify::new());
    let wait = std::rc::Rc::clone(&release);
    let backend = serving(move |mut stream| {
        let (wait, arrived) = (std::rc::Rc::clone(&wait), arrived.clone());
        async move {
            read_head(&mut stream).await.unwrap();
            arrived.send(()).unwrap();
            wait.notified().await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
                .await
                .unwrap();
        }
    })
    .await;
    let mut process = Process::start(
        gateway()
            .arg("--config")
            .arg(crate::without_probes())
            .env("ORDERS_URL", format!("http://{backend}")),
    );
    let client = Client::of(process.addr());
    // An idle connection must not delay the stop.
    let _ = client.get("/live").await.ok(200);
    let in_flight = actix_web::rt::spawn(async move { client.get("/order-api/commandes").await });
    arrivals.recv().await.unwrap();
    stop(&process);
    let addr = process.addr();
    eventually("a closed door", async || {
        tokio::net::TcpStream::connect(addr)
            .await
            .is_err()
            .then_some(())
    })
    .await;
    release.notify_one();
    let answer = in_flight.await.unwrap();
    assert_eq!(&answer.body[..], b"done");
    assert!(process.wait().success());
}

#[actix_web::test]
async fn a_lame_duck_is_not_ready_and_answers_for_a_while() {
    let (backend, _seen) = json("200 OK", "[]").await;
    let mut process = Process::start(
        gateway()
            .arg("--config")
            .arg(crate::without_probes())
            .env("ORDERS_URL", format!("http://{backend}"))
            .env("GATEWAY_LAME_DUCK", "3s"),
    );
    let line = process.line_with("for its operator on");
    let operator = Client::of(addr_after(&line, "for its operator on "));
    let public = Client::of(process.addr());
    for client in [&operator, &public] {
        assert_eq!(client.get("/ready").await.status, 200);
    }
    let stopped = std::time::Instant::now();
    process.terminate();
    for client in [&operator, &public] {
        eventually("a stop that was announced", async || {
            (client.get("/ready").await.status == 503).then_some(())
        })
        .await;
        assert_eq!(client.get("/live").await.status, 200);
    }
    // A new connection, whose answer does not end it.
    let request = b"GET /order-api/commandes HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = crate::scripted::raw(process.addr(), request, "[]").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!answer.contains("connection: close"), "{answer}");
    assert!(process.wait().success());
    assert!(stopped.elapsed() >= std::time::Duration::from_secs(3));
}

#[actix_web::test]
async fn a_stream_that_the_stop_cuts_is_logged_as_draining() {
    let backend = serving(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n";
        stream.write_all(begun).await.unwrap();
        // It ends once the gateway has gone.
        read_head(&mut stream).await;
    })
    .await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), crate::patient()).unwrap();
    let mut process = Process::start(
        gateway()
            .arg("--config")
            .arg(file.path())
            .env("BACKEND_URL", format!("http://{backend}")),
    );
    let mut stream = tokio::net::TcpStream::connect(process.addr())
        .await
        .unwrap();
    let request = b"GET /things HTTP/1.1\r\nhost: a\r\nx-request-id: line-4\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("begun") {
        answer.push(tokio::io::AsyncReadExt::read_u8(&mut stream).await.unwrap());
    }
    process.terminate();
    let line = process.line_with("line-4");
    for fact in ["status=200", "bytes=5", "outcome=draining"] {
        assert!(line.contains(fact), "{fact} in {line}");
    }
    assert!(process.wait().success());
}
