//! An upstream with several replicas: who gets the requests, and what a bad one of them costs.

use futures_util::future::join_all;
use gateway::Gateway;
use serde_json::json;
use service_kit::env::Env;
use service_kit::testing::{Answer, Client, eventually};
use shared_types::gateway::{Availability, BreakerState, OperatorStatus, UpstreamStatus};

use super::{Mood, Moody, SITE, Site, site, unused_address};

const OK: &str = "200 OK\r\ncontent-type: application/json";
const UNAVAILABLE: &str = "503 Service Unavailable";

async fn three() -> [Moody; 3] {
    [
        Moody::start().await,
        Moody::start().await,
        Moody::start().await,
    ]
}

async fn upstream(site: &Site) -> UpstreamStatus {
    let status = site.operator.get("/status").await.ok(200);
    let mut status: OperatorStatus = serde_json::from_value(status).unwrap();
    status.upstreams.remove("backend").unwrap()
}

/// The statuses of this many requests, one after the other.
async fn get(site: &Site, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(site.public.get("/things").await.status.as_u16());
    }
    statuses
}

async fn post(site: &Site) -> Answer {
    site.public.post("/things", json!({})).await
}

#[actix_web::test]
async fn requests_are_spread_over_the_replicas_each_asked_by_its_own_name() {
    let replicas = three().await;
    let [one, two, three] = &replicas;
    let site = Site::with_replicas(&[one, two, three], SITE);
    let clients = join_all((0..10).map(|_| get(&site, 9))).await;
    assert_eq!(clients.concat(), [200; 90]);
    for replica in &replicas {
        let asked = replica.asked();
        assert!((10..=60).contains(&asked), "{asked}");
        let host = format!("\r\nhost: {}\r\n", replica.addr);
        assert!(replica.last().contains(&host), "{}", replica.last());
    }
    let upstream = upstream(&site).await;
    assert_eq!(upstream.replicas.len(), 3);
    for replica in &upstream.replicas {
        assert_eq!(replica.status, Availability::Up);
        assert_eq!(replica.in_flight, 0);
        assert!(replica.latency_millis.is_some());
    }
}

#[actix_web::test]
async fn a_replica_that_refuses_connections_costs_no_request_not_even_an_order() {
    let (one, two) = (Moody::start().await, Moody::start().await);
    let site = Site::before(&[one.addr, unused_address(), two.addr], one, "on", SITE);
    assert_eq!(get(&site, 30).await, [200; 30]);
    for _ in 0..30 {
        let _ = post(&site).await.ok(200);
    }
    let upstream = upstream(&site).await;
    assert_eq!(upstream.breaker, BreakerState::Closed);
    let down = upstream.replicas.iter();
    let down: Vec<_> = down
        .filter(|one| one.status == Availability::Down)
        .collect();
    assert_eq!(down.len(), 1);
    assert!(down[0].retry_after_seconds.is_some());
}

#[actix_web::test]
async fn a_safe_request_that_one_replica_fails_is_answered_by_another() {
    let (good, bad) = (Moody::start().await, Moody::start().await);
    for mood in [
        Mood::HangsUp,
        Mood::Says(UNAVAILABLE.to_owned(), String::new()),
    ] {
        let site = Site::with_replicas(&[&good, &bad], &site("retries = 1"));
        // A retry is paid for by five requests.
        assert_eq!(get(&site, 30).await, [200; 30]);
        bad.feels(mood);
        assert_eq!(get(&site, 200).await, [200; 200]);
        let upstream = upstream(&site).await;
        assert_eq!(upstream.breaker, BreakerState::Closed);
        assert!(upstream.routes.is_empty());
        bad.says(OK, "[]");
    }
}

/// A 503 or a dropped connection does not show that nothing was done, so the client hears of it.
#[actix_web::test]
async fn a_replica_that_fails_orders_fails_few_and_shuts_nobody_out() {
    for mood in [
        Mood::HangsUp,
        Mood::Says(UNAVAILABLE.to_owned(), String::new()),
    ] {
        let replicas = three().await;
        let [one, two, bad] = &replicas;
        let site = Site::with_replicas(&[one, two, bad], SITE);
        bad.feels(mood);
        let mut failed = 0;
        for _ in 0..300 {
            let answer = post(&site).await;
            if answer.status != 200 {
                // No circuit has refused it.
                assert!(answer.header("retry-after").is_none(), "{}", answer.text());
                failed += 1;
            }
        }
        assert!((1..=10).contains(&failed), "{failed} of 300 failed");
        assert!(bad.asked() <= failed);
        assert_eq!(upstream(&site).await.breaker, BreakerState::Closed);
    }
}

/// A 500 comes quickly, and is no quick answer.
#[actix_web::test]
async fn a_replica_that_answers_500_gets_few_requests() {
    let replicas = three().await;
    let [one, two, bad] = &replicas;
    let site = Site::with_replicas(&[one, two, bad], SITE);
    bad.says("500 Internal Server Error", "");
    let statuses = get(&site, 300).await;
    let failed = statuses.iter().filter(|status| **status == 500).count();
    assert!((1..=30).contains(&failed), "{failed} of 300 failed");
}

#[actix_web::test]
async fn a_safe_request_that_one_replica_refuses_or_answers_with_nonsense_goes_to_another() {
    let (good, bad) = (Moody::start().await, Moody::start().await);
    for (head, body) in [
        ("503 Service Unavailable\r\nretry-after: 30", ""),
        ("200 OK\r\ncontent-length: 1", "[]"),
    ] {
        let site = Site::with_replicas(&[&good, &bad], &site("retries = 1"));
        assert_eq!(get(&site, 30).await, [200; 30]);
        bad.says(head, body);
        assert_eq!(get(&site, 100).await, [200; 100], "{head}");
        bad.says(OK, "[]");
    }
}

#[actix_web::test]
async fn the_circuit_opens_when_no_replica_is_left_and_closes_with_the_first_that_is_back() {
    let replicas = three().await;
    let [one, two, three] = &replicas;
    let site = Site::with_replicas(&[one, two, three], SITE);
    assert_eq!(get(&site, 30).await, [200; 30]);
    for replica in &replicas {
        replica.feels(Mood::HangsUp);
    }
    eventually("the circuit to open", async || {
        let _ = get(&site, 1).await;
        (upstream(&site).await.breaker != BreakerState::Closed).then_some(())
    })
    .await;
    two.says(OK, "[]");
    eventually("answers again", async || {
        (get(&site, 1).await == [200]).then_some(())
    })
    .await;
    assert_eq!(upstream(&site).await.breaker, BreakerState::Closed);
}

/// As one that is about to stop: its `/ready` says so first.
#[actix_web::test]
async fn a_replica_that_announces_its_stop_gets_nothing_new_and_no_request_fails() {
    let replicas = three().await;
    let [one, two, leaving] = &replicas;
    let probed = site("probe = \"/ready\"");
    let site = Site::with_replicas(&[one, two, leaving], &probed);
    leaving.says_at("/ready", UNAVAILABLE, "");
    eventually("the replica to be known as leaving", async || {
        let replicas = upstream(&site).await.replicas;
        let down = replicas.iter();
        let down = down.filter(|one| one.status == Availability::Down);
        (down.count() == 1).then_some(())
    })
    .await;
    let before = leaving.asked_for("/things");
    assert_eq!(get(&site, 60).await, [200; 60]);
    assert_eq!(leaving.asked_for("/things"), before);
    let status = upstream(&site).await;
    assert_eq!(status.status, Availability::Up);
    leaving.says_at("/ready", OK, "[]");
    eventually("the replica to get requests again", async || {
        let _ = get(&site, 1).await;
        (leaving.asked_for("/things") > before).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn an_upstream_is_down_when_the_probes_of_all_replicas_fail() {
    let (one, two) = (Moody::start().await, Moody::start().await);
    let site = Site::with_replicas(&[&one, &two], &site("probe = \"/ready\""));
    one.says_at("/ready", UNAVAILABLE, "");
    two.says_at("/ready", UNAVAILABLE, "");
    eventually("the upstream to be known as down", async || {
        (upstream(&site).await.status == Availability::Down).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_metrics_tell_the_replicas_apart_and_say_nothing_of_a_single_one() {
    let (one, two) = (Moody::start().await, Moody::start().await);
    let site = Site::with_replicas(&[&one, &two], SITE);
    assert_eq!(get(&site, 20).await, [200; 20]);
    let metrics = site.operator.get("/metrics").await;
    for replica in [&one, &two] {
        let labels = format!("{{replica=\"{}\",upstream=\"backend\"}}", replica.addr);
        for line in [
            format!("gateway_replica_up{labels} 1\n"),
            format!("gateway_replica_requests_in_flight{labels} 0\n"),
            format!(
                "gateway_replica_requests_total{{replica=\"{}\",result=\"answered\",upstream=\"backend\"}} {}\n",
                replica.addr,
                replica.asked()
            ),
        ] {
            assert!(metrics.text().contains(&line), "{line}{}", metrics.text());
        }
    }
    let alone = Site::open(SITE).await;
    let metrics = alone.operator.get("/metrics").await;
    assert!(!metrics.text().contains("gateway_replica"));
    assert!(upstream(&alone).await.replicas.is_empty());
}

#[actix_web::test]
async fn a_file_may_list_the_replicas() {
    let (one, two) = (Moody::start().await, Moody::start().await);
    let list = format!("url = [\"http://{}\", \"http://{}\"]", one.addr, two.addr);
    let file = SITE.replace("url = \"http://127.0.0.1:1\"", &list);
    let env = Env::of_pairs([
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
    ]);
    let gateway = Gateway::build(crate::parse(&file, &env)).unwrap();
    let client = Client::of(gateway.addr());
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    for _ in 0..40 {
        let _ = client.get("/things").await.ok(200);
    }
    assert!(one.asked() > 0 && two.asked() > 0);
}
