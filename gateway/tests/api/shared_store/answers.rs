//! Last good answers that gateways share, and what makes them out of date.

use service_kit::testing::{Redis, eventually};

use super::{Fleet, OK, One, SITE, shared, stocked};
use crate::outages::{Mood, Moody};

async fn menu(one: &One) -> (u16, String, bool) {
    let answer = one.public.get("/menu").await;
    let is_stale = answer.header("x-degraded") == Some("stale");
    (answer.status.as_u16(), answer.text().to_owned(), is_stale)
}

#[actix_web::test]
async fn a_gateway_that_starts_in_an_outage_serves_anothers_last_good_menu() {
    let Some((redis, backend, fleet)) = stocked(1).await else {
        return;
    };
    let first = menu(&fleet.gateways[0]).await;
    assert_eq!(first, (200, "[1]".to_owned(), false));
    shared(&redis, 1).await;
    backend.feels(Mood::HangsUp);
    let late = fleet.another();
    late.is("up").await;
    let answer = late.public.get("/menu").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "[1]"));
    assert_eq!(answer.header("x-degraded"), Some("stale"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("age").is_some());
    // It has it itself from now on.
    let asked = late.commands(("answer", "ok")).await;
    assert_eq!(menu(&late).await.0, 200);
    assert_eq!(late.commands(("answer", "ok")).await, asked);
    // Of another question, there is none.
    assert_eq!(late.asked_by("192.0.2.1", "/menu?x=1").await, 502);
}

#[actix_web::test]
async fn a_change_through_one_gateway_is_told_to_all() {
    let Some((redis, backend, fleet)) = stocked(2).await else {
        return;
    };
    let (one, other) = fleet.pair();
    // Both hold it for an hour.
    for gateway in [one, other] {
        let dish = gateway.public.get("/dishes/7").await;
        assert_eq!(dish.text(), "[1]");
    }
    shared(&redis, 1).await;
    backend.says(OK, "[2]");
    assert_eq!(one.public.get("/dishes/7").await.text(), "[1]");
    assert_eq!(one.public.delete("/dishes/7").await.status, 200);
    other.comes_to_answer("/dishes/7", "[2]").await;
}

#[actix_web::test]
async fn an_answer_from_before_a_change_is_never_used_after_it() {
    let Some((redis, backend, fleet)) = stocked(1).await else {
        return;
    };
    let one = &fleet.gateways[0];
    assert_eq!(one.public.get("/dishes/7").await.status, 200);
    shared(&redis, 1).await;
    assert_eq!(one.public.delete("/dishes/7").await.status, 200);
    eventually("the change to be told", async || {
        (one.commands(("change", "ok")).await == 1).then_some(())
    })
    .await;
    backend.feels(Mood::HangsUp);
    let late = fleet.another();
    late.is("up").await;
    assert_eq!(late.asked_by("192.0.2.1", "/dishes/7").await, 502);
    // Another dish has its own changes, but for one in 256.
    backend.says(OK, "[3]");
    assert_eq!(one.public.get("/dishes/8").await.status, 200);
    shared(&redis, 2).await;
    backend.feels(Mood::HangsUp);
    assert_eq!(late.asked_by("192.0.2.1", "/dishes/8").await, 200);
}

#[actix_web::test]
async fn a_change_while_the_store_is_away_is_told_once_it_is_back() {
    let Some((mut redis, backend, fleet)) = stocked(2).await else {
        return;
    };
    let (one, other) = fleet.pair();
    assert_eq!(other.public.get("/dishes/7").await.text(), "[1]");
    redis.kill();
    for gateway in [one, other] {
        gateway.is("degraded").await;
    }
    backend.says(OK, "[2]");
    assert_eq!(one.public.delete("/dishes/7").await.status, 200);
    assert_eq!(other.public.get("/dishes/7").await.text(), "[1]");
    redis.start_again();
    other.comes_to_answer("/dishes/7", "[2]").await;
}

#[actix_web::test]
async fn after_the_store_was_emptied_nothing_is_fresh_and_all_may_stand_in() {
    let Some((mut redis, backend, fleet)) = stocked(1).await else {
        return;
    };
    let one = &fleet.gateways[0];
    for dish in ["/dishes/7", "/dishes/8"] {
        assert_eq!(one.public.get(dish).await.text(), "[1]");
    }
    // A change has been told, so that the store has something to lose.
    assert_eq!(one.public.delete("/dishes/9").await.status, 200);
    shared(&redis, 2).await;
    redis.kill();
    one.is("degraded").await;
    redis.start_again();
    backend.says(OK, "[2]");
    one.comes_to_answer("/dishes/7", "[2]").await;
    backend.feels(Mood::HangsUp);
    let dish = one.public.get("/dishes/8").await;
    assert_eq!(dish.header("x-degraded"), Some("stale"));
    assert_eq!(dish.text(), "[1]");
}

#[actix_web::test]
async fn nobody_fills_the_store_with_answers_to_questions_of_their_own() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let site = SITE.replace("600/10s", "off");
    let backend = Moody::start().await;
    backend.says(OK, "[1]");
    let fleet = Fleet::with(&site, 1, &redis, backend.addr).await;
    let one = &fleet.gateways[0];
    for number in 0..2000 {
        let answer = one.public.get(&format!("/menu?x={number}")).await;
        assert_eq!(answer.status, 200);
    }
    eventually("the answers to be shared", async || {
        (one.commands(("answer", "ok")).await == 2000).then_some(())
    })
    .await;
    let keys = redis.ask(&["KEYS", "passe-plat:1:answer:*"]);
    assert!((400..=500).contains(&keys.len()), "{}", keys.len());
}

#[actix_web::test]
async fn a_stop_tells_what_the_last_requests_have_changed() {
    let Some((redis, backend, mut fleet)) = stocked(2).await else {
        return;
    };
    assert_eq!(
        fleet.gateways[0].public.get("/dishes/7").await.text(),
        "[1]"
    );
    backend.says(OK, "[2]");
    let mut last = fleet.gateways.pop().unwrap();
    assert_eq!(last.public.delete("/dishes/7").await.status, 200);
    last.process.terminate();
    assert!(last.process.wait().success());
    let one = &fleet.gateways[0];
    one.comes_to_answer("/dishes/7", "[2]").await;
    let members = redis.ask(&["ZCARD", "passe-plat:1:gateways"]);
    assert_eq!(members, ["1"]);
}

#[actix_web::test]
async fn the_store_holds_no_address_and_no_token_and_nothing_for_ever() {
    let Some((redis, _backend, fleet)) = stocked(1).await else {
        return;
    };
    let one = &fleet.gateways[0];
    for (method, path) in [
        ("GET", "/menu"),
        ("GET", "/things"),
        ("DELETE", "/dishes/7"),
    ] {
        let request = one.public.request(method.parse().unwrap(), path);
        let request = request.header("x-forwarded-for", "203.0.113.77");
        request.bearer("s3cr3t.t0k3n").send().await;
    }
    assert_eq!(one.asked_by("203.0.113.77", "/menu").await, 200);
    shared(&redis, 1).await;
    eventually("the change to be told", async || {
        (one.commands(("change", "ok")).await == 1).then_some(())
    })
    .await;
    // A count stays until the client has its whole quota again.
    for _ in 0..300 {
        one.asked_by("203.0.113.77", "/things").await;
    }
    let keys = redis.ask(&["KEYS", "*"]);
    // A quota, an answer, the changes, the changed targets, the gateways.
    assert_eq!(keys.len(), 5, "{keys:?}");
    for key in &keys {
        assert!(key.starts_with("passe-plat:1:"), "{key}");
        let left: i64 = redis.ask(&["PTTL", key])[0].parse().unwrap();
        assert!(left > 0, "{key} is kept for ever");
        let content = match redis.ask(&["TYPE", key])[0].as_str() {
            "string" => redis.ask(&["GET", key]),
            "stream" => redis.ask(&["XRANGE", key, "-", "+"]),
            "hash" => redis.ask(&["HGETALL", key]),
            "zset" => redis.ask(&["ZRANGE", key, "0", "-1"]),
            other => panic!("{key} is a {other}"),
        };
        let content = content.join("\n");
        assert!(!content.contains("203.0.113.77"), "{key}: {content}");
        assert!(!content.contains("s3cr3t"), "{key}: {content}");
    }
}
