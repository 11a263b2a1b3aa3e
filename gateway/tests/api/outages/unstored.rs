//! A row with `outage = "stale"` that would have no answer in an outage is reported before the
//! outage.

use actix_web::http::Method;
use service_kit::testing::{Client, Process, addr_after};

use super::{Moody, SITE, Site};
use crate::process::gateway;

#[actix_web::test]
async fn an_answer_that_varies_by_origin_alone_is_stored() {
    let site = Site::open(&SITE.replace("stale_if_error", "fresh = \"1h\", stale_if_error")).await;
    site.backend.says("200 OK\r\nvary: Origin", "[]");
    let _ = site.public.get("/menu").await.ok(200);
    let _ = site.public.get("/menu").await.ok(200);
    assert_eq!(site.backend.asked(), 1);
    let told = site.operator.get("/status").await.ok(200);
    assert_eq!(told.get("notStored"), None, "{told}");
}

#[actix_web::test]
async fn the_operator_is_told_which_route_stores_nothing_and_why() {
    for (field, reason) in [
        (
            "vary: User-Agent",
            "Vary: user-agent, which the row's vary does not name",
        ),
        ("cache-control: no-store", "Cache-Control: no-store"),
        ("set-cookie: a=b", "it has Set-Cookie"),
    ] {
        let site = Site::open(SITE).await;
        site.backend.says(&format!("200 OK\r\n{field}"), "[]");
        let _ = site.public.get("/menu").await.ok(200);
        let told = site.operator.get("/status").await.ok(200);
        let told = &told["notStored"][0];
        assert_eq!(
            (&told["route"], &told["reason"]),
            (&"/menu".into(), &reason.into())
        );
        assert!(told["at"].is_string());
    }
}

#[actix_web::test]
async fn credentials_on_a_row_that_is_not_shared_are_a_reason_too() {
    let site = Site::open(SITE).await;
    let request = site.public.request(Method::GET, "/menu").bearer("t");
    let _ = request.send().await.ok(200);
    let told = site.operator.get("/status").await.ok(200);
    let reason = told["notStored"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("credentials"), "{told}");
}

#[actix_web::test]
async fn an_error_answer_is_not_reported_as_missing() {
    let site = Site::open(SITE).await;
    site.backend.says("404 Not Found", "no");
    assert_eq!(site.public.get("/menu").await.status, 404);
    let told = site.operator.get("/status").await.ok(200);
    assert_eq!(told.get("notStored"), None, "{told}");
}

#[actix_web::test]
async fn the_verdict_names_a_route_that_stores_nothing() {
    let site = Site::open(SITE).await;
    site.backend.says("200 OK\r\ncache-control: private", "[]");
    let verdict = site.operator.request(Method::POST, "/drills/verdict");
    let verdict = verdict.send().await.ok(200);
    assert_eq!(verdict["pass"], false, "{verdict}");
    let remarks = verdict["remarks"].as_array().unwrap();
    let expected = "/menu has no answer for an outage: Cache-Control: private";
    assert!(remarks.iter().any(|remark| remark == expected), "{verdict}");
}

#[actix_web::test]
async fn each_reason_is_in_the_log_once() {
    let backend = Moody::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, SITE).unwrap();
    let mut command = gateway();
    command.arg("--config").arg(&file);
    command.env("BACKEND_URL", format!("http://{}", backend.addr));
    let process = Process::start(&mut command);
    let public = Client::of(addr_after(
        &process.line_with(" listens on "),
        " listens on ",
    ));
    for (field, query) in [
        ("cache-control: no-store", "a"),
        ("cache-control: no-store", "b"),
        ("vary: Cookie", "c"),
        ("vary: Cookie", "d"),
    ] {
        backend.says(&format!("200 OK\r\n{field}"), "[]");
        let _ = public.get(&format!("/menu?{query}")).await.ok(200);
    }
    let last = process.line_with("Vary: cookie");
    assert!(
        last.contains("WARN") && last.contains("route=/menu"),
        "{last}"
    );
    let log = process.log();
    let lines = log.iter().filter(|line| line.contains("is not stored"));
    assert_eq!(lines.count(), 2, "{log:#?}");
}
