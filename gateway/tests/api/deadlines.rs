//! The deadline covers the whole exchange, and the answer names the side that was too slow.

use std::time::{Duration, Instant};

use service_kit::testing::Client;
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{raw, read_head, serving, silent};
use crate::{CONFIG, client, start};

#[actix_web::test]
async fn a_silent_upstream_is_given_up_at_the_deadline() {
    let gateway = client(CONFIG, silent().await);
    let begun = Instant::now();
    let _ = gateway
        .get("/things")
        .await
        .problem(504, "upstream_timeout");
    // A bound on a hang, not a measurement: the deadline is 400 ms.
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

#[actix_web::test]
async fn an_answer_that_stalls_within_its_body_is_broken_off_at_the_deadline() {
    let backend = serving(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            .await
            .unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let answer = raw(
        start(CONFIG, backend),
        b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n",
        "",
    )
    .await;
    assert!(answer.contains("half"), "{answer}");
    assert!(
        !answer.contains("\r\n0\r\n"),
        "the last chunk would pass it off as whole: {answer}"
    );
}

#[actix_web::test]
async fn a_client_that_stalls_within_its_body_is_a_408() {
    let config = CONFIG.replace("stall_timeout = \"10s\"", "stall_timeout = \"100ms\"");
    let gateway = start(&config, silent().await);
    let request = b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    let answer = raw(gateway, request, "requestId").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request_timeout"), "{answer}");
}

#[actix_web::test]
async fn an_upstream_that_hangs_does_not_affect_the_others() {
    let hanging = silent().await;
    let (quick, _seen) = crate::scripted::json("200 OK", "{}").await;
    let config = format!(
        "{}\nquick = [{{ path = \"/quick\", methods = [\"GET\"], to = \"/\", outage = \"error\" }}]\n[upstreams.quick]\nurl = \"http://{quick}\"\n",
        CONFIG.replace("400ms", "20s"),
    );
    let gateway = start(&config, hanging);
    let begun = Instant::now();
    // More than the usual limit of a pool, 100. Each has its own client, whose pool has such a
    // limit too.
    for _ in 0..150 {
        let client = Client::of(gateway);
        actix_web::rt::spawn(async move { client.get("/things").await });
    }
    let client = Client::of(gateway);
    for _ in 0..20 {
        let _ = client.get("/quick").await.ok(200);
    }
    // Before any of the hanging requests was given up.
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

#[actix_web::test]
async fn a_route_may_have_a_deadline_of_its_own() {
    let backend = silent().await;
    let own = |timeout: &str| {
        let to = r#"to = "/inner/things""#;
        CONFIG
            .replace("400ms", "20s")
            .replace(to, &format!("{to}, timeout = \"{timeout}\""))
    };
    let begun = Instant::now();
    let _ = client(&own("10ms"), backend)
        .get("/things")
        .await
        .problem(504, "upstream_timeout");
    // A bound on a hang, not a measurement: the upstream's own deadline is 20 s.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}
