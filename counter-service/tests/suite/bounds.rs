//! Tests of the bounds of the queue.

use counter_service::Bounds;
use service_kit::testing::Answer;

use super::upstream::Upstream;
use super::{Service, config, order};
use crate::TestDatabase;

async fn with(upstream: &Upstream, bounds: Bounds) -> Service {
    let database = TestDatabase::fresh();
    let mut config = config(&database, upstream);
    config.bounds = bounds;
    Service::start_with(config, database).await
}

#[track_caller]
fn assert_full(refused: &Answer, name: &str, value: &str) {
    let problem = refused.problem(503, "service_unavailable");
    let limit = problem.limit.unwrap();
    assert_eq!((limit.name.as_str(), limit.value.as_str()), (name, value));
    assert_eq!(refused.header("retry-after"), Some("5"));
}

#[actix_web::test]
async fn a_client_with_its_share_keeps_nobody_else_out() {
    let upstream = Upstream::stopped().await;
    let service = with(
        &upstream,
        Bounds {
            per_client: 2,
            ..Bounds::default()
        },
    )
    .await;
    for number in 0..2 {
        let _ = service.hand_in("203.0.113.7", &order(number)).await.ok(202);
    }
    let refused = service.hand_in("203.0.113.7", &order(2)).await;
    assert_full(&refused, "COUNTER_MAX_PER_CLIENT", "2");
    let _ = service.hand_in("203.0.113.8", &order(3)).await.ok(202);
}

#[actix_web::test]
async fn a_full_queue_is_a_503_but_a_repeat_gets_its_answer() {
    let upstream = Upstream::stopped().await;
    let service = with(
        &upstream,
        Bounds {
            entries: 1,
            ..Bounds::default()
        },
    )
    .await;
    let first = service.send("203.0.113.7", Some("a"), &order(1)).await;
    let refused = service.hand_in("203.0.113.8", &order(2)).await;
    assert_full(&refused, "COUNTER_MAX_ENTRIES", "1");
    let again = service.send("203.0.113.7", Some("a"), &order(1)).await;
    assert_eq!(again.ok(202), first.ok(202));
}

#[actix_web::test]
async fn bytes_are_bounded_and_free_again_once_an_entry_has_ended() {
    let mut upstream = Upstream::stopped().await;
    let bounds = Bounds {
        bytes: 12_000,
        ..Bounds::default()
    };
    let service = with(&upstream, bounds).await;
    let large = serde_json::json!({"comment": "a".repeat(1000)});
    let mut taken = Vec::new();
    let refused = loop {
        let address = format!("203.0.113.{}", taken.len() + 1);
        let answer = service.hand_in(&address, &large).await;
        if answer.status != 202 {
            break answer;
        }
        taken.push(answer.json());
    };
    assert!((8..12).contains(&taken.len()), "{}", taken.len());
    assert_full(&refused, "COUNTER_MAX_BYTES", "12000");
    upstream.resume().await;
    for entry in &taken {
        let _ = service.becomes(entry, "accepted").await;
    }
    let _ = service.hand_in("203.0.113.7", &large).await.ok(202);
}

#[actix_web::test]
async fn a_client_with_its_share_of_the_bytes_keeps_nobody_else_out() {
    let upstream = Upstream::stopped().await;
    let bounds = Bounds {
        bytes: 12_000,
        ..Bounds::default()
    };
    let service = with(&upstream, bounds).await;
    let large = serde_json::json!({"comment": "a".repeat(1000)});
    let _ = service.hand_in("203.0.113.7", &large).await.ok(202);
    let refused = service.hand_in("203.0.113.7", &large).await;
    assert_full(&refused, "COUNTER_MAX_BYTES", "1500");
    let _ = service.hand_in("203.0.113.8", &large).await.ok(202);
}
