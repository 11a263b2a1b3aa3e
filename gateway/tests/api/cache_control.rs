//! Every own answer of the gateway says whether it may be stored, on both ports.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use actix_web::http::Method;
use service_kit::testing::{Answer, Client, Process, addr_after};

use crate::process::gateway;
use crate::scripted::unused_address;
use crate::watcher::Watcher;

const TOKEN: &str = "0123456789abcdef";

/// The own files of a release, and what a browser asks for again each time.
const STORED: [&str; 2] = ["public, max-age=3600", "no-cache"];

/// A stream that begins without any service, and does not end.
const ENDLESS: &str = "/tableau-de-bord/flux";

#[track_caller]
fn says(answer: &Answer, what: &str) -> String {
    let told = answer.header("cache-control");
    let told = told.unwrap_or_else(|| panic!("{what} {} says nothing", answer.status));
    assert!(
        told == "no-store" || STORED.contains(&told),
        "{what}: {told}"
    );
    if !answer.status.is_success() {
        assert_eq!(told, "no-store", "{what} {}", answer.status);
    }
    told.to_owned()
}

/// The paths of the route table that the gateway answers itself.
fn own_paths() -> BTreeSet<String> {
    let output = gateway().arg("routes").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let rows = table.lines().skip(1);
    // Three columns from the end: the upstream's path is none.
    let own = rows.filter(|row| row.split_whitespace().rev().nth(1) == Some("-"));
    let paths = own.map(|row| row.split_whitespace().nth(1).unwrap().to_owned());
    paths.collect()
}

/// A gateway whose services are away.
fn alone() -> Command {
    let nowhere = format!("http://{}", unused_address());
    let mut command = gateway();
    for name in ["CLIENTS_URL", "ORDERS_URL", "KITCHEN_URL", "DELIVERY_URL"] {
        command.env(name, &nowhere);
    }
    command
}

fn filled(path: &str) -> String {
    path.replace("{code}", "not-found")
        .replace("{file}", "start.js")
        .replace("{commandeId}", "CMD1234")
}

#[actix_web::test]
async fn every_own_answer_of_the_public_port_says_whether_it_may_be_stored() {
    let process = Process::start(&mut alone());
    let client = Client::of(process.addr());
    let paths = own_paths();
    assert!(paths.len() > 7, "{paths:?}");
    let mut told = BTreeSet::new();
    for path in &paths {
        let path = filled(path);
        assert!(!path.contains('{'), "{path}");
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
            if method == Method::GET && path == ENDLESS {
                // It expects this of the head itself.
                let _events = Watcher::of(process.addr(), &path, "").await;
                continue;
            }
            let answer = client.request(method.clone(), &path).send().await;
            told.insert(says(&answer, &format!("{method} {path}")));
        }
    }
    // All of them are there, so the walk has met the pages too.
    assert_eq!(told.len(), 3, "{told:?}");
    let preflight = client.request(Method::OPTIONS, "/order-api/menu");
    let preflight = preflight.header("origin", "http://localhost:3000");
    let preflight = preflight.header("access-control-request-method", "GET");
    for (request, status) in [
        (client.request(Method::GET, "/nothing"), 404),
        (client.request(Method::GET, "/problems/nothing"), 404),
        (client.request(Method::GET, "/docs/nothing.js"), 404),
        (client.request(Method::PUT, "/order-api/menu"), 405),
        (preflight, 204),
    ] {
        let answer = request.send().await;
        assert_eq!(answer.status, status);
        assert_eq!(says(&answer, "refused"), "no-store");
    }
    let away = client.get("/kitchen/orders").await;
    assert!(away.status.is_server_error());
    assert_eq!(says(&away, "away"), "no-store");
}

#[actix_web::test]
async fn every_answer_of_the_operators_port_says_whether_it_may_be_stored() {
    let mut command = alone();
    command
        .env("GATEWAY_DRILLS", "on")
        .env("GATEWAY_TRACES", "on");
    let process = Process::start(command.env("GATEWAY_ADMIN_TOKEN", TOKEN));
    let line = process.line_with("for its operator on");
    let addr = addr_after(&line, "for its operator on ");
    let operator = Client::of(addr);
    let console = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
    let files = fs::read_dir(console).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files = files.filter(|file| file.ends_with(".js") || file.ends_with(".css"));
    let pages = [
        "",
        "live",
        "ready",
        "login",
        "logout",
        "status",
        "metrics",
        "drills",
        "drills/orders",
        "drills/nobody",
        "drills/routes/order-api/menu",
        "drills/verdict",
        "config",
        "traces/4bf92f3577b34da6a3ce929d0e0e4736",
        "v1/traces",
        "nothing",
        "public/status",
        "public/order-api/menu",
        "public/nothing",
        "words.js",
    ];
    let mut paths: Vec<String> = files.collect();
    assert!(paths.len() > 5);
    paths.extend(pages.map(str::to_owned));
    for path in paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let request = || operator.request(method.clone(), &format!("/{path}"));
            for (who, request) in [("nobody", request()), ("holder", request().bearer(TOKEN))] {
                let answer = request.send().await;
                says(&answer, &format!("{who} {method} /{path}"));
            }
        }
    }
    let foreign = operator.request(Method::DELETE, "/drills/orders");
    let foreign = foreign
        .header("origin", "https://evil.example")
        .send()
        .await;
    assert_eq!(says(&foreign, "a foreign page"), "no-store");
    let authorization = format!("authorization: Bearer {TOKEN}\r\n");
    // It expects this of the head itself.
    let _events = Watcher::of(addr, "/events", &authorization).await;
}
