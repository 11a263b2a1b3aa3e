//! The verdict on all drills: its findings, and when there is none.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{Mood, Site, site};

const BREAKER: &str = "retries = 0\nbreaker = { failures = 3, open = \"1h\" }";

async fn verdict_of(site: &Site) -> Value {
    let asked = site.operator.request(Method::POST, "/drills/verdict");
    asked.send().await.ok(200)
}

#[actix_web::test]
async fn the_verdict_compares_every_feature_with_its_declaration() {
    let breaker = "retries = 0\nbreaker = { failures = 3, open = \"10ms\" }";
    let well = Site::open(&site(breaker)).await;
    let verdict = verdict_of(&well).await;
    assert_eq!(verdict["pass"], true, "{verdict}");
    let cell = |feature: &str| {
        let cells = verdict["cells"].as_array().unwrap();
        cells
            .iter()
            .find(|cell| cell["feature"] == feature)
            .unwrap()
            .clone()
    };
    assert_eq!(cell("things")["answer"], "refused");
    assert_eq!(cell("menu")["answer"], "degraded");
    // The drills are over, and the upstream is available again.
    assert_eq!(well.operator.get("/drills").await.ok(200), json!([]));
    let _ = well.public.get("/things").await.ok(200);

    // A wrong declaration: it omits the upstream that the feature needs.
    let wrong = site(breaker).replace(r#"things = { needs = ["backend"]"#, "things = { needs = []");
    let wrong = Site::open(&wrong).await;
    let verdict = verdict_of(&wrong).await;
    assert_eq!(verdict["pass"], false, "{verdict}");
}

#[actix_web::test]
async fn during_a_verdict_every_refusal_is_marked() {
    let site = Site::open(&site(BREAKER)).await;
    let (public, operator) = (site.public.clone(), site.operator.clone());
    let refused = Rc::new(Cell::new(0));
    let seen = Rc::clone(&refused);
    let rehearsed = actix_web::rt::spawn(async move {
        while seen.get() < 20 {
            let asked = operator.request(Method::POST, "/drills/verdict");
            let verdict = asked.send().await.ok(200);
            assert_eq!(verdict["pass"], true, "{verdict}");
        }
    });
    while !rehearsed.is_finished() {
        let answer = public.get("/things").await;
        let is_refused = answer.status == 503;
        assert_eq!(answer.header("x-drill"), is_refused.then_some("down"));
        refused.set(refused.get() + u32::from(is_refused));
    }
    rehearsed.await.unwrap();
    let _ = public.get("/things").await.ok(200);
}

#[actix_web::test]
async fn while_a_service_is_down_its_name_is_given_instead_of_a_verdict() {
    for probe in ["", "\nprobe = \"/ready\""] {
        let site = Site::open(&site(&format!("{BREAKER}{probe}"))).await;
        let _ = site.public.get("/menu").await.ok(200);
        site.backend.feels(Mood::HangsUp);
        let verdict = verdict_of(&site).await;
        assert_eq!(verdict["pass"], false);
        assert_eq!(verdict["down"], json!(["backend"]));
        assert_eq!(verdict["cells"], json!([]));
        assert_eq!(site.operator.get("/drills").await.ok(200), json!([]));
    }
}

#[actix_web::test]
async fn a_service_that_goes_down_in_the_middle_of_the_verdict_is_named_and_no_drill_is_blamed() {
    let site = Site::open(&site(BREAKER)).await;
    // Both features before any drill, and one of them once more to check that the service is up.
    site.backend.lives.set(3);
    let verdict = verdict_of(&site).await;
    assert_eq!(verdict["pass"], false);
    assert_eq!(verdict["down"], json!(["backend"]));
    assert_eq!(verdict["cells"], json!([]));
    assert!(site.backend.asked() > 3);
}

#[actix_web::test]
async fn a_route_that_fails_while_the_service_is_up_is_not_an_outage() {
    let site = Site::open(&site(&format!("{BREAKER}\nprobe = \"/ready\""))).await;
    site.backend
        .says_at("/things", "503 Service Unavailable", "");
    let verdict = verdict_of(&site).await;
    assert_eq!(verdict["pass"], false);
    assert!(verdict.get("down").is_none(), "{verdict}");
    assert_eq!(
        verdict["remarks"],
        json!(["things did not work before any drill"])
    );
}
