//! Tests of the console before other services than this restaurant's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use actix_web::http::Method;
use fantoccini::Locator::Css;
use serde_json::Value;
use service_kit::testing::{Client, Process, addr_after};
use tempfile::TempDir;

use crate::browser::{Browser, Look};
use crate::console::{DESK, PHONE};
use crate::processes::built;

const TIMEOUT: Duration = Duration::from_secs(30);

/// The start of every word about food, deliveries and orders, in both languages.
const OF_A_RESTAURANT: &str = "restaurant food dish dessert menu kitchen cuisine courier livrai \
    livreu livrée deliver order commande carte meal";

const LABELLED: &str =
    r#"features.catalogue = { label = { fr = "Les livres", en = "The books" }, "#;

/// A journey of one file, played with the gateway alone: no service is there.
const JOURNEY: &str = r#"
[console]
title = "Library"
values = { shelf = "7" }

[[console.journey]]
name = "look"
calls = [{ request = "GET /status", match = { status = "down" }, wait = "5s", take = { found = "/features/lending/status" } }]

[[console.journey]]
name = "ask"
label = { fr = "Demander", en = "Ask" }
calls = [
    { request = "POST /desk/loans/{found}", body = { shelf = "{shelf}", kind = "{found} {found}" }, may = [503] },
    { request = "GET /status", unless = "found", match = { status = "none" } },
]

[[console.journey]]
name = "wait"
calls = [{ request = "GET /status", match = { status = "none" }, message = { fr = "Rien", en = "Nothing" } }]
"#;

/// Every text of the page, also of hidden parts, and every label.
const TEXTS: &str = "return [...document.querySelectorAll('body, body *')].flatMap((element) => \
    [element.getAttribute('aria-label'), ...[...element.childNodes].filter((node) => \
    node.nodeType === Node.TEXT_NODE).map((node) => node.data)]).join(' ')";

/// The console of the gateway with a file, while none of its services is there.
struct Foreign {
    browser: Browser,
    operator: SocketAddr,
    file: PathBuf,
    _gateway: Process,
    _folder: TempDir,
}

impl Foreign {
    /// The file is the example's, with something more.
    async fn open(look: Look, more: &str) -> Self {
        let foreign = Self::with(look, |text| format!("{text}{more}")).await;
        foreign.sees("#upstream-catalogue[data-state=down]").await;
        foreign.sees("#feature-lending[data-state=down]").await;
        foreign
    }

    /// The file is the example's, changed.
    async fn with(look: Look, changed: impl FnOnce(String) -> String) -> Self {
        let browser = Browser::open(look).await;
        let example = "../examples/three-services/gateway.toml";
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join(example);
        let text = std::fs::read_to_string(example).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.toml");
        let text = text.replacen("features.catalogue = { ", LABELLED, 1);
        // The port that discards everything is closed.
        let text = ["catalogue:7001", "loans:7002", "members:7003"]
            .iter()
            .fold(text, |text, host| text.replace(host, "127.0.0.1:9"));
        std::fs::write(&file, changed(text)).unwrap();
        let mut gateway = Command::new(built().join("gateway"));
        gateway.env_clear().arg("--config").arg(&file);
        gateway.env("GATEWAY_BIND", "127.0.0.1:0");
        gateway.env("GATEWAY_ADMIN_BIND", "127.0.0.1:0");
        let gateway = Process::start(&mut gateway);
        let marker = ", for its operator on ";
        let operator = addr_after(&gateway.line_with(marker), marker);
        let url = format!("http://{operator}/");
        browser.page.goto(&url).await.unwrap();
        Self {
            browser,
            operator,
            file,
            _gateway: gateway,
            _folder: folder,
        }
    }

    async fn sees(&self, selector: &str) {
        let page = self.browser.page.wait().at_most(TIMEOUT);
        let seen = page.for_element(Css(selector)).await;
        assert!(seen.is_ok(), "{selector} is not there");
    }

    async fn clicks(&self, selector: &str) {
        let element = self.browser.page.find(Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    async fn text(&self, selector: &str) -> String {
        self.browser.text(selector).await
    }

    async fn asks(&self, script: &str) -> Value {
        self.browser.page.execute(script, Vec::new()).await.unwrap()
    }
}

#[actix_web::test]
async fn a_file_without_a_console_has_no_journey_and_no_word_about_food() {
    let foreign = Foreign::open(DESK, "").await;
    let shown = "return document.getElementById('journey-section').checkVisibility()";
    assert_eq!(foreign.asks(shown).await, false);
    for lang in ["fr", "en"] {
        foreign.clicks(&format!("#lang-{lang}")).await;
        let text = foreign.asks(TEXTS).await;
        let text = text.as_str().unwrap().to_lowercase();
        assert!(text.contains("lending"), "{text}");
        let mut words = text.split(|c: char| !c.is_alphabetic());
        let astray = words.find(|word| OF_A_RESTAURANT.split(' ').any(|of| word.starts_with(of)));
        assert_eq!(astray, None);
    }
    foreign.browser.picture("foreign").await;
}

#[actix_web::test]
async fn a_journey_of_another_file_is_played() {
    let foreign = Foreign::open(PHONE, JOURNEY).await;
    assert_eq!(foreign.text("#journey-title").await, "Library");
    assert_eq!(foreign.text("#step-ask .title").await, "Demander");
    assert_eq!(foreign.text("#step-look .title").await, "look");
    assert_eq!(
        foreign.text("#feature-catalogue strong").await,
        "Les livres"
    );
    foreign.clicks("#step-ask button").await;
    assert_eq!(foreign.text("#journey-said").await, "Jouez d’abord : look");
    foreign.clicks("#journey-all").await;
    foreign.sees("#step-wait[data-state=failed]").await;
    foreign.sees("#step-ask[data-state=done]").await;
    assert_eq!(
        foreign.text("#journey-said").await,
        "Arrêt à l’étape « wait » : Rien"
    );
    let calls = "return document.querySelector('#step-ask .calls').textContent";
    let calls = foreign.asks(calls).await;
    let calls = calls.as_str().unwrap();
    for part in [
        "POST /desk/loans/down",
        "\"shelf\": \"7\"",
        "\"kind\": \"down down\"",
        "\"code\": \"upstream_unavailable\"",
    ] {
        assert!(calls.contains(part), "{part}: {calls}");
    }
    // The second call was left out.
    assert!(!calls.contains("/status"), "{calls}");
    foreign.clicks("#lang-en").await;
    assert_eq!(foreign.text("#step-ask .title").await, "Ask");
    assert_eq!(foreign.text("#feature-catalogue strong").await, "The books");
}

#[actix_web::test]
async fn what_is_not_known_is_neither_up_nor_down() {
    // Without a probe, nothing is known of a service until it is asked.
    let unasked = |text: String| text.replace(", probe = \"/ready\"", "");
    let foreign = Foreign::with(DESK, unasked).await;
    foreign.sees("#upstream-loans[data-state=unknown]").await;
    foreign.sees("#feature-lending[data-state=unknown]").await;
    foreign.sees("#overall[data-state=unknown]").await;
    assert_eq!(
        foreign.text("#upstream-loans .state").await,
        "not known yet"
    );
    assert_eq!(foreign.text("#overall").await, "State not known yet");
    let border = "return getComputedStyle(document.getElementById('feature-lending')).borderStyle";
    assert_eq!(foreign.asks(border).await, "dashed");
    let in_order = "return [...document.querySelectorAll('#features li')].map((each) => each.id)";
    // The order of the file, not of the alphabet.
    assert_eq!(
        foreign.asks(in_order).await,
        serde_json::json!(["feature-catalogue", "feature-lending", "feature-card"])
    );
    foreign.browser.picture("unknown").await;
}

#[actix_web::test]
async fn replicas_are_listed_and_a_reload_says_what_it_changes_in_an_outage() {
    let one = "upstreams.loans = { url = \"http://127.0.0.1:9\"";
    let two = "upstreams.loans = { url = [\"http://127.0.0.1:9\", \"http://127.0.0.1:13\"]";
    let foreign = Foreign::with(DESK, |text| text.replace(one, two)).await;
    foreign
        .sees("#upstream-loans .replicas li:nth-child(2)")
        .await;
    let listed = foreign.text("#upstream-loans .replicas").await;
    assert!(listed.contains("127.0.0.1:13"), "{listed}");
    // The list of books no longer survives an outage.
    let text = std::fs::read_to_string(&foreign.file).unwrap();
    let text = text.replace(
        "outage = \"stale\", stale_if_error = \"1h\"",
        "outage = \"error\"",
    );
    std::fs::write(&foreign.file, text).unwrap();
    let operator = Client::of(foreign.operator);
    let _ = operator
        .request(Method::POST, "/config")
        .send()
        .await
        .ok(200);
    foreign.sees("#config[data-state=bad]").await;
    foreign.clicks("#config-changes summary").await;
    foreign.sees("#config-changes li").await;
    let changes = foreign.text("#config-changes").await;
    assert!(
        changes.contains("worse : GET /books, without the service “catalogue”"),
        "{changes}"
    );
    foreign.browser.picture("reload").await;
}
