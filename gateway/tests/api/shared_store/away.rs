//! The store refuses, hangs, is slow or full, wants a password or TLS.

use service_kit::testing::{Process, Redis, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Fleet, One, willing};
use crate::process::gateway;
use crate::scripted::serving;

/// Sends requests of a new client for each, none of which may fail.
async fn none_fails(one: &One, network: u8) {
    for last in 1..=50 {
        let client = format!("10.0.{network}.{last}");
        assert_eq!(one.asked_by(&client, "/things").await, 200);
    }
}

#[actix_web::test]
async fn no_request_fails_while_the_store_refuses_or_hangs() {
    let Some(mut redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(1, &redis, willing().await).await;
    let one = &fleet.gateways[0];
    none_fails(one, 0).await;
    redis.freeze();
    none_fails(one, 1).await;
    one.is("degraded").await;
    none_fails(one, 2).await;
    redis.thaw();
    one.is("up").await;
    none_fails(one, 3).await;
    redis.kill();
    none_fails(one, 4).await;
    one.is("degraded").await;
    redis.start_again();
    one.is("up").await;
    none_fails(one, 5).await;
    let lines = one.process.log();
    let of_store: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("shared store"))
        .collect();
    // One line for each beginning and end.
    assert_eq!(of_store.len(), 4, "{of_store:#?}");
}

#[actix_web::test]
async fn while_the_store_is_away_each_gateway_admits_its_part() {
    let Some(mut redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(3, &redis, willing().await).await;
    redis.kill();
    for one in &fleet.gateways {
        one.is("degraded").await;
    }
    let begun = std::time::Instant::now();
    let mut admitted = 0;
    for one in &fleet.gateways {
        for _ in 0..300 {
            admitted += usize::from(one.asked_by("192.0.2.9", "/things").await == 200);
        }
    }
    let came_back = begun.elapsed().as_secs_f64() * 60.0;
    assert!(admitted >= 600, "{admitted}");
    assert!(admitted as f64 <= 600.0 + came_back, "{admitted}");
}

#[actix_web::test]
async fn a_gateway_starts_without_its_store() {
    let Some(mut redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(0, &redis, willing().await).await;
    redis.kill();
    let one = fleet.another();
    none_fails(&one, 0).await;
    let line = one.process.line_with("shared store");
    assert!(
        line.contains("WARN") && line.contains("is not used"),
        "{line}"
    );
    one.is("degraded").await;
    redis.start_again();
    one.is("up").await;
}

#[actix_web::test]
async fn a_full_store_is_done_without() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let fleet = Fleet::start(1, &redis, willing().await).await;
    let one = &fleet.gateways[0];
    let _ = redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    one.is("degraded").await;
    none_fails(one, 0).await;
    let line = one.process.line_with("shared store");
    assert!(line.contains("OOM"), "{line}");
    let _ = redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    one.is("up").await;
}

/// A way to the store on which each answer takes 30 ms.
async fn slow_way(redis: std::net::SocketAddr) -> std::net::SocketAddr {
    serving(move |client| async move {
        let Ok(store) = TcpStream::connect(redis).await else {
            return;
        };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_store, mut to_store) = store.into_split();
        let asked = async { tokio::io::copy(&mut from_client, &mut to_store).await };
        let answered = async {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = from_store.read(&mut bytes).await {
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
                if to_client.write_all(&bytes[..read]).await.is_err() {
                    break;
                }
            }
        };
        let _ = tokio::join!(asked, answered);
    })
    .await
}

#[actix_web::test]
async fn a_slow_store_is_not_waited_for() {
    let Some(redis) = Redis::start(&[]) else {
        return;
    };
    let mut fleet = Fleet::start(0, &redis, willing().await).await;
    fleet.timeout = "10ms";
    fleet.url = format!("redis://{}", slow_way(redis.address()).await);
    let one = fleet.another();
    none_fails(&one, 0).await;
    eventually("late answers to three beats", async || {
        (one.commands(("beat", "failed")).await >= 3).then_some(())
    })
    .await;
    none_fails(&one, 1).await;
    one.is("degraded").await;
    assert_eq!(one.commands(("quota", "ok")).await, 0);
}

#[actix_web::test]
async fn a_wrong_password_is_told_without_it() {
    let Some(redis) = Redis::start(&["--requirepass", "the-right-one"]) else {
        return;
    };
    let mut fleet = Fleet::start(0, &redis, willing().await).await;
    fleet.url = format!("redis://:the-wrong-one@{}", redis.address());
    let one = fleet.another();
    let line = one.process.line_with("shared store");
    assert!(line.contains("authentication failed"), "{line}");
    none_fails(&one, 0).await;
    let log = one.process.log().join("\n");
    assert!(!log.contains("the-wrong-one"), "{log}");
    fleet.url = format!("redis://:the-right-one@{}", redis.address());
    fleet.another().is("up").await;
}

#[actix_web::test]
async fn the_store_is_reached_by_tls_and_its_certificate_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let port = service_kit::testing::unused_address().port().to_string();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let Some(redis) = Redis::start(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ]) else {
        return;
    };
    let start = |trusted: bool| {
        let mut command = gateway();
        command.env("GATEWAY_REDIS_URL", format!("rediss://localhost:{port}"));
        if trusted {
            command.env("SSL_CERT_FILE", &cert);
        }
        One::of(Process::start(&mut command))
    };
    start(true).is("up").await;
    let distrustful = start(false);
    let line = distrustful.process.line_with("shared store");
    assert!(line.contains("certificate"), "{line}");
    distrustful.is("degraded").await;
    drop(redis);
}

#[actix_web::test]
async fn an_invalid_url_stops_the_start_and_is_not_repeated() {
    let output = gateway()
        .env("GATEWAY_REDIS_URL", "http://:the-password@cache")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("GATEWAY_REDIS_URL"), "{said}");
    assert!(said.contains("redis://"), "{said}");
    assert!(!said.contains("the-password"), "{said}");
}

#[actix_web::test]
async fn a_gateway_without_a_store_says_nothing_of_one() {
    let one = One::of(Process::start(&mut gateway()));
    let status = one.operator.get("/status").await.ok(200);
    assert_eq!(status.get("shared"), None);
    let metrics = one.operator.get("/metrics").await;
    assert!(!metrics.text().contains("shared_store"));
}
