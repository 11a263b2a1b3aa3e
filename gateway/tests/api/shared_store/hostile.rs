//! Somebody else writes to the store.

use service_kit::testing::{Redis, eventually};

use super::{Fleet, OK, shared, stocked, willing};
use crate::outages::Mood;

#[actix_web::test]
async fn a_strange_count_locks_no_client_out() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(1, &redis, willing().await).await;
    let one = &fleet.gateways[0];
    while one.asked_by("192.0.2.1", "/things").await == 200 {}
    let keys = redis.ask(&["KEYS", "passe-plat:1:quota:*"]);
    assert_eq!(keys.len(), 1);
    // As after a clock that was hours ahead, too.
    for count in ["inf", "9e17", "nan", "-inf", "abc", ""] {
        let _ = redis.ask(&["SET", &keys[0], count]);
        let refused = eventually("the client to be asked about again", async || {
            let request = one.public.request("GET".parse().unwrap(), "/things");
            let answer = request.header("x-forwarded-for", "192.0.2.1").send().await;
            let wait = answer.header("retry-after").map(|wait| wait.parse::<u64>());
            wait.map(Result::unwrap)
                .or(Some(0))
                .filter(|wait| *wait <= 10)
        });
        assert!(refused.await <= 10, "{count}");
    }
    one.is("up").await;
}

#[actix_web::test]
async fn strange_entries_stop_no_gateway_and_hide_no_change() {
    let Some((redis, backend, fleet)) = stocked(2).await else {
        return;
    };
    let (one, other) = fleet.pair();
    assert_eq!(other.public.get("/dishes/7").await.text(), "[1]");
    let changes = "passe-plat:1:changes";
    for fields in [
        &["route", "/dishes/{id}"][..],
        &["by", "x", "route", "", "path", ""],
        &["\u{fffd}\u{1}", "x"],
        &["route", "/none", "path", "\u{7f}", "by", ""],
    ] {
        let _ = redis.ask(&[&["XADD", changes, "*"], fields].concat());
    }
    // Bytes that are no UTF-8.
    let script = "redis.call('XADD', KEYS[1], '*', '\\255\\254', '\\255')";
    let _ = redis.ask(&["EVAL", script, "1", changes]);
    backend.says(OK, "[2]");
    assert_eq!(one.public.delete("/dishes/7").await.status, 200);
    other.comes_to_answer("/dishes/7", "[2]").await;
    // The last id that there can be, in the stream and as the change of every target.
    let last = "18446744073709551615-18446744073709551615";
    let _ = redis.ask(&["HSET", "passe-plat:1:changed", "*", last]);
    let _ = redis.ask(&["XADD", changes, last, "route", "/x", "path", "", "by", ""]);
    backend.feels(Mood::HangsUp);
    let late = fleet.another();
    late.is("up").await;
    assert_eq!(late.asked_by("192.0.2.1", "/dishes/7").await, 502);
    for gateway in [one, other, &late] {
        gateway.beats().await;
    }
}

#[actix_web::test]
async fn a_strange_answer_is_none() {
    let Some((redis, backend, fleet)) = stocked(1).await else {
        return;
    };
    assert_eq!(fleet.gateways[0].public.get("/menu").await.status, 200);
    let keys = shared(&redis, 1).await;
    backend.feels(Mood::HangsUp);
    for answer in ["", "short", "12345678passe-plat last good answers 1\n"] {
        let _ = redis.ask(&["SET", &keys[0], answer]);
        let late = fleet.another();
        late.is("up").await;
        assert_eq!(late.asked_by("192.0.2.1", "/menu").await, 502, "{answer}");
    }
}
