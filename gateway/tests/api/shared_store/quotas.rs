//! Quotas that several gateways count together.

use std::time::Instant;

use service_kit::testing::Redis;

use futures_util::future::join_all;

use super::{Fleet, SITE, willing};

/// Sends so many requests of one client to each gateway in turn, and returns how many were
/// admitted, and how many there might have been at most.
async fn admitted(fleet: &Fleet, client: &str, each: usize) -> (usize, f64) {
    let begun = Instant::now();
    let mut admitted = 0;
    for _ in 0..each {
        for one in &fleet.gateways {
            admitted += usize::from(one.asked_by(client, "/things").await == 200);
        }
    }
    (admitted, 600.0 + begun.elapsed().as_secs_f64() * 60.0)
}

#[actix_web::test]
async fn three_gateways_admit_one_quota_within_2_percent() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(3, &redis, willing().await).await;
    let (admitted, most) = admitted(&fleet, "192.0.2.1", 400).await;
    let ratio = admitted as f64 / most;
    assert!((0.98..=1.0).contains(&ratio), "{admitted} of {most}");
}

#[actix_web::test]
async fn a_client_with_many_connections_gets_its_quota_within_2_percent_too() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(3, &redis, willing().await).await;
    let begun = Instant::now();
    let asking = (0..36).map(async |number| {
        let one = &fleet.gateways[number % 3];
        let mut admitted = 0;
        for _ in 0..60 {
            admitted += usize::from(one.asked_by("192.0.2.1", "/things").await == 200);
        }
        admitted
    });
    let admitted: usize = join_all(asking).await.iter().sum();
    let most = 600.0 + begun.elapsed().as_secs_f64() * 60.0;
    let ratio = admitted as f64 / most;
    assert!((0.98..=1.0).contains(&ratio), "{admitted} of {most}");
}

#[actix_web::test]
async fn an_outage_of_the_store_gives_no_second_quota() {
    let Some(mut redis) = Redis::start(&[]) else {
        return;
    };
    let site = SITE.replace("600/10s", "600/1h");
    let fleet = Fleet::with(&site, 3, &redis, willing().await).await;
    let (before, _) = admitted(&fleet, "192.0.2.1", 250).await;
    assert!((588..=600).contains(&before), "{before}");
    redis.kill();
    for one in &fleet.gateways {
        one.is("degraded").await;
    }
    let (during, _) = admitted(&fleet, "192.0.2.1", 250).await;
    assert!(before + during <= 606, "{before} and {during}");
}

#[actix_web::test]
async fn most_requests_do_not_ask_the_store() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(1, &redis, willing().await).await;
    let (admitted, _) = admitted(&fleet, "192.0.2.1", 2000).await;
    assert!(admitted >= 600);
    let asked = fleet.gateways[0].commands(("quota", "ok")).await as usize;
    // Three at once of the quota; of what comes back, each by itself, and once in vain.
    let most = 600 / 3 + 2 * (admitted - 600) + 10;
    assert!(asked <= most, "{asked} for {admitted}");
}

#[actix_web::test]
async fn a_client_that_one_gateway_refuses_is_refused_by_the_others() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(2, &redis, willing().await).await;
    let (one, other) = fleet.pair();
    while one.asked_by("192.0.2.1", "/things").await == 200 {}
    // It has not seen one of them, and admits only what comes back.
    let mut refused = 0;
    for _ in 0..300 {
        refused += usize::from(other.asked_by("192.0.2.1", "/things").await == 429);
    }
    assert!(refused > 0);
    assert_eq!(other.asked_by("192.0.2.2", "/things").await, 200);
}
