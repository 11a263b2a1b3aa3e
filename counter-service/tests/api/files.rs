//! Tests of the files: the database, its key, and a full disk.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use actix_web::http::Method;
use service_kit::testing::{Client, Process, eventually};

use crate::TestDatabase;
use crate::suite::upstream::Upstream;
use crate::suite::{Service, config, order};

#[actix_web::test]
async fn a_key_is_made_beside_the_database_for_its_owner_alone() {
    let mut upstream = Upstream::stopped().await;
    let database = TestDatabase::fresh();
    let mut config = config(&database, &upstream);
    config.key = None;
    let service = Service::start_with(config.clone(), database.clone()).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let key = database.file().with_file_name("counter-secret");
    let mode = key.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let database = service.stop().await;
    upstream.resume().await;
    let again = Service::start_with(config, database).await;
    let _ = again.becomes(&entry, "accepted").await;
}

#[actix_web::test]
async fn neither_token_nor_body_is_in_the_files_in_clear() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let request = service.request(Method::POST, "/deferred/orders/commandes");
    let request = request.bearer("a-very-secret-token");
    let body = serde_json::json!({"adresse": "12 rue des Lilas"});
    let _ = request.send_json(body).await.ok(202);
    let folder = service.database.file();
    let folder = folder.parent().unwrap();
    let mut read = 0;
    for file in folder.read_dir().unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        read += bytes.len();
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["a-very-secret-token", "rue des Lilas"] {
            assert!(!text.contains(secret) && !text.contains(&hex(secret)));
        }
    }
    assert!(read > 0);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[actix_web::test]
async fn an_entry_waits_while_its_key_is_missing() {
    let mut upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let database = service.stop().await;
    upstream.resume().await;
    let mut other = config(&database, &upstream);
    other.key = Some("another key of enough bytes to be taken".parse().unwrap());
    let service = Service::start_with(other, database).await;
    eventually("a failed try", async || {
        (service.count("attempts > 0").await == 1).then_some(())
    })
    .await;
    assert_eq!(service.find(&entry).await["status"], "pending");
    let again = Service::start_on(service.stop().await, &upstream).await;
    let _ = again.becomes(&entry, "accepted").await;
    assert_eq!(upstream.arrivals().len(), 1);
}

/// The real program with a limit of 1 MiB for each file. A write beyond it fails as on a full disk.
#[cfg(target_os = "linux")]
#[actix_web::test]
async fn a_full_disk_is_a_503_and_never_a_202() {
    let (database, mut upstream) = (TestDatabase::fresh(), Upstream::stopped().await);
    // SIGXFSZ would end the process before the write could fail (setrlimit(2)).
    let shell = "trap '' XFSZ; exec prlimit --fsize=1048576:unlimited \"$0\"";
    let process = Process::start(
        Command::new("sh")
            .args(["-c", shell])
            .arg(env!("CARGO_BIN_EXE_counter-service"))
            .env("COUNTER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url())
            .env("ORDERS_URL", upstream.url().to_string())
            .env("RUST_LOG", "info,access=off"),
    );
    let http = Client::of(process.addr());
    let large = serde_json::json!({"comment": "a".repeat(20_000)});
    let mut taken = Vec::new();
    let refused = eventually("a full disk", async || {
        let answer = http.post("/deferred/orders/commandes", large.clone()).await;
        if answer.status == 202 {
            taken.push(answer.json());
            return None;
        }
        Some(answer)
    })
    .await;
    let _ = refused.problem(503, "service_unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
    process.set_file_size_limit("unlimited");
    upstream.resume().await;
    eventually("every entry that was taken", async || {
        (upstream.made().len() >= taken.len()).then_some(())
    })
    .await;
    let ids: Vec<_> = upstream
        .made()
        .iter()
        .map(|order| order["id"].clone())
        .collect();
    assert!(taken.iter().all(|entry| ids.contains(&entry["id"])));
}
