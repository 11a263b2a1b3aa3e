//! A gateway that starts during an outage, with the last good answers in a file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use service_kit::testing::{Client, Process, eventually};

use super::{Mood, Moody, SITE};
use crate::process::gateway;

const FILE: &str = "\n[cache]\nfile = \"last-good\"\n";

/// A gateway whose configuration and file are in a folder, before one upstream.
struct Restarted {
    folder: tempfile::TempDir,
    backend: Moody,
}

impl Restarted {
    async fn new() -> Self {
        let backend = Moody::start().await;
        backend.says("200 OK\r\ncontent-type: application/json", "[1]");
        Self {
            folder: tempfile::tempdir().unwrap(),
            backend,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("last-good")
    }

    fn start(&self, config: &str) -> Process {
        let path = self.folder.path().join("site.toml");
        fs::write(&path, format!("{config}{FILE}")).unwrap();
        let url = format!("http://{}", self.backend.addr);
        let mut command = gateway();
        command.arg("--config").arg(path).env("BACKEND_URL", url);
        Process::start(&mut command)
    }

    /// A gateway that has asked for the menu, and has been told to stop.
    async fn stopped_with_a_menu(&self) {
        let mut process = self.start(SITE);
        let menu = Client::of(process.addr()).get("/menu").await;
        assert_eq!((menu.status.as_u16(), menu.text()), (200, "[1]"));
        process.terminate();
        assert!(process.wait().success());
    }

    /// Asks a new gateway for the menu, and returns whether there is an old one.
    async fn has_a_menu(&self, config: &str) -> bool {
        let process = self.start(config);
        let menu = Client::of(process.addr()).get("/menu").await;
        menu.status == 200
    }
}

fn holds(file: &Path, text: &str) -> bool {
    let content = fs::read(file).unwrap_or_default();
    content
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[actix_web::test]
async fn a_gateway_that_starts_in_an_outage_serves_the_last_good_menu_with_its_age() {
    let site = Restarted::new().await;
    site.backend.says(
        "200 OK\r\ncontent-type: application/json\r\nage: 100",
        "[1]",
    );
    site.stopped_with_a_menu().await;
    let mode = fs::metadata(site.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    site.backend.feels(Mood::HangsUp);
    // Twice: it is not lost by a second restart.
    for _ in 0..2 {
        let mut process = site.start(SITE);
        let client = Client::of(process.addr());
        let line = process.line_with("last good answers come from");
        assert!(line.contains(" 1 last good answers"), "{line}");
        let menu = client.get("/menu").await;
        assert_eq!((menu.status.as_u16(), menu.text()), (200, "[1]"));
        assert_eq!(menu.header("x-degraded"), Some("stale"));
        assert_eq!(menu.header("content-type"), Some("application/json"));
        let age: u64 = menu.header("age").unwrap().parse().unwrap();
        assert!((100..160).contains(&age), "{age}");
        process.terminate();
        assert!(process.wait().success());
    }
    // The first good answer replaces it.
    site.backend.says("200 OK", "[2]");
    let process = site.start(SITE);
    let menu = Client::of(process.addr()).get("/menu").await;
    assert_eq!((menu.header("x-degraded"), menu.text()), (None, "[2]"));
}

#[actix_web::test]
async fn an_answer_that_is_still_fresh_is_asked_for_again_after_a_start() {
    let config = SITE.replace("stale_if_error", "fresh = \"1h\", stale_if_error");
    let site = Restarted::new().await;
    let mut process = site.start(&config);
    let _ = Client::of(process.addr()).get("/menu").await.ok(200);
    process.terminate();
    assert!(process.wait().success());
    site.backend.says("200 OK", "[2]");
    let process = site.start(&config);
    assert_eq!(Client::of(process.addr()).get("/menu").await.text(), "[2]");
}

#[actix_web::test]
async fn a_kill_loses_nothing_that_was_written_and_a_change_leaves_the_file() {
    let config = SITE.replace(
        r#"to = "/things", outage = "error""#,
        r#"to = "/things", outage = "error", invalidates = ["/menu"]"#,
    );
    let site = Restarted::new().await;
    let mut process = site.start(&config);
    let client = Client::of(process.addr());
    let _ = client.get("/menu").await.ok(200);
    let file = site.file();
    eventually("a written menu", async || holds(&file, "[1]").then_some(())).await;
    process.kill();
    site.backend.feels(Mood::HangsUp);
    let mut process = site.start(&config);
    let client = Client::of(process.addr());
    let menu = client.get("/menu").await;
    assert_eq!(menu.header("x-degraded"), Some("stale"));
    site.backend.says("201 Created", "{}");
    let _ = client.post("/things", serde_json::json!({})).await;
    eventually("a file without the menu", async || {
        (!holds(&file, "[1]")).then_some(())
    })
    .await;
    process.kill();
    site.backend.feels(Mood::HangsUp);
    assert!(!site.has_a_menu(&config).await);
}

#[actix_web::test]
async fn a_broken_file_is_ignored_with_a_warning_and_replaced() {
    let site = Restarted::new().await;
    site.stopped_with_a_menu().await;
    let whole = fs::read(site.file()).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let mut huge = whole.clone();
    huge.resize(17 * 1024 * 1024, b'x');
    site.backend.feels(Mood::HangsUp);
    for (content, reason) in [
        (&whole[..whole.len() - 1], "it is cut off or damaged"),
        (&flipped, "it is cut off or damaged"),
        (&huge, "it is larger than limits.cache"),
        (
            b"passe-plat last good answers 0\n",
            "it holds something else",
        ),
    ] {
        fs::write(site.file(), content).unwrap();
        let process = site.start(SITE);
        let line = process.line_with("last-good (cache.file) are ignored: ");
        assert!(line.contains("WARN") && line.contains(reason), "{line}");
        let menu = Client::of(process.addr()).get("/menu").await;
        let _ = menu.problem(502, "upstream_unreachable");
    }
    site.backend.says("200 OK", "[1]");
    site.stopped_with_a_menu().await;
    site.backend.feels(Mood::HangsUp);
    assert!(site.has_a_menu(SITE).await);
}

#[actix_web::test]
async fn a_row_that_was_edited_ignores_its_old_answers() {
    let site = Restarted::new().await;
    site.stopped_with_a_menu().await;
    let saved = fs::read(site.file()).unwrap();
    site.backend.feels(Mood::HangsUp);
    let row = r#"to = "/menu", outage = "stale""#;
    for (edit, has_a_menu) in [
        (r#"to = "/dishes", outage = "stale""#, false),
        (r#"to = "/menu", outage = "stale", shared = true"#, false),
        (r#"to = "/menu", outage = "stale", query = []"#, false),
        (
            r#"to = "/menu", outage = "stale", vary = ["accept"]"#,
            false,
        ),
        (
            r#"to = "/menu", outage = "stale", stale_after = "1s""#,
            true,
        ),
    ] {
        fs::write(site.file(), &saved).unwrap();
        let config = SITE.replace(row, edit);
        assert_ne!(config, SITE);
        assert_eq!(site.has_a_menu(&config).await, has_a_menu, "{edit}");
    }
}

#[actix_web::test]
async fn a_file_that_cannot_be_written_is_a_warning_and_no_more() {
    let site = Restarted::new().await;
    let config = format!("{SITE}\n[cache]\nfile = \"nowhere/last-good\"\n");
    let path = site.folder.path().join("other.toml");
    fs::write(&path, config).unwrap();
    let url = format!("http://{}", site.backend.addr);
    let mut command = gateway();
    command.arg("--config").arg(path).env("BACKEND_URL", url);
    let mut process = Process::start(&mut command);
    let line = process.line_with("the last good answers are not kept in ");
    let told = "nowhere/last-good (cache.file): No such file or directory";
    assert!(line.contains("WARN") && line.contains(told), "{line}");
    let _ = Client::of(process.addr()).get("/menu").await.ok(200);
    process.terminate();
    assert!(process.wait().success());
    let log = process.log();
    let told = log.iter().filter(|line| line.contains("not kept in"));
    assert_eq!(told.count(), 1, "{log:#?}");
}

#[actix_web::test]
async fn a_reload_moves_the_file() {
    let site = Restarted::new().await;
    let process = site.start(SITE);
    let line = process.line_with("for its operator on");
    let admin = service_kit::testing::addr_after(&line, "for its operator on ");
    let _ = Client::of(process.addr()).get("/menu").await.ok(200);
    let path = site.folder.path().join("site.toml");
    fs::write(
        &path,
        format!("{SITE}{}", FILE.replace("last-good", "elsewhere")),
    )
    .unwrap();
    let reload = Client::of(admin).request(actix_web::http::Method::POST, "/config");
    let _ = reload.send().await.ok(200);
    let moved = site.folder.path().join("elsewhere");
    eventually("a file elsewhere", async || {
        holds(&moved, "[1]").then_some(())
    })
    .await;
}
