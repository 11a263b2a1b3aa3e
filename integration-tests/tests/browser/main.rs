//! The console, and the page of the API, as their users see them, in a real browser.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod browser;
mod docs;

use std::time::Duration;

use fantoccini::Locator::Css;
use fantoccini::key::Key;
use serde_json::Value;
use service_kit::env::Env;
use stack::{Options, Service, Stack};
use tempfile::TempDir;

use browser::{Browser, Look};

const DESK: Look = Look {
    width: 1400,
    height: 1000,
    language: "en",
    is_dark: false,
};

const PHONE: Look = Look {
    width: 390,
    height: 844,
    language: "fr",
    is_dark: true,
};

/// How long the page may take to show something: a debug build beside other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// The console of a restaurant, open in a browser.
struct Console {
    browser: Browser,
    stack: Stack,
    _data: TempDir,
}

impl Console {
    async fn open(look: Look) -> Self {
        let browser = Browser::open(look).await;
        let data = tempfile::tempdir().unwrap();
        let env = Env::of_pairs([("GATEWAY_WORKERS", "1")]);
        let options = Options::on_free_ports(data.path(), env);
        let stack = Stack::start(options).await.unwrap();
        let console = Self {
            browser,
            stack,
            _data: data,
        };
        let url = format!("http://{}/", console.stack.admin_addr());
        console.browser.page.goto(&url).await.unwrap();
        console.sees("#overall[data-state=up]").await;
        console
    }

    async fn sees(&self, selector: &str) {
        let page = &self.browser.page;
        let seen = page
            .wait()
            .at_most(PATIENCE)
            .for_element(Css(selector))
            .await;
        assert!(
            seen.is_ok(),
            "{selector} is not there: {:?}",
            self.text("body").await
        );
    }

    async fn clicks(&self, selector: &str) {
        let element = self.browser.page.find(Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    async fn text(&self, selector: &str) -> String {
        let element = self.browser.page.find(Css(selector)).await.unwrap();
        element.text().await.unwrap()
    }

    async fn asks(&self, script: &str) -> Value {
        self.browser.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Nothing went wrong on the page, but for the refusals of the public API that a browser reports by itself, and it
    /// asked nobody else.
    async fn was_well(self) {
        for entry in self.browser.log().await {
            let is_refusal = entry["source"] == "network" && entry.to_string().contains("/public/");
            assert!(is_refusal, "{entry}");
        }
        let others = "return performance.getEntriesByType('resource').map((entry) => entry.name)\
            .filter((name) => !name.startsWith(location.origin + '/'))";
        assert_eq!(self.asks(others).await, Value::Array(Vec::new()));
        self.browser.page.close().await.unwrap();
        self.stack.stop().await;
    }
}

#[actix_web::test]
async fn one_button_has_an_order_delivered() {
    let console = Console::open(DESK).await;
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    assert!(
        console
            .text("#journey-said")
            .await
            .starts_with("Order delivered in ")
    );
    let page = console.asks("return document.body.textContent").await;
    assert!(page.as_str().unwrap().contains("\"status\": \"LIVREE\""));
    for secret in ["eyJ", "\"password\": \"passe-plat\""] {
        assert!(!page.as_str().unwrap().contains(secret), "{secret}");
    }
    // The page has asked through the gateway, which tells of it.
    console.sees("#requests tbody tr:nth-child(7)").await;
    console.browser.picture("journey").await;
    console.was_well().await;
}

#[actix_web::test]
async fn a_stopped_kitchen_degrades_the_journey_until_it_is_back() {
    let mut console = Console::open(DESK).await;
    console.stack.stop_service(Service::Kitchen).await;
    console.sees("#upstream-kitchen[data-state=down]").await;
    console.sees("#feature-ordering[data-state=degraded]").await;
    assert_eq!(console.text("#overall").await, "Degraded service");
    console.clicks("#journey-all").await;
    console.sees("#step-kitchen[data-state=failed]").await;
    console.sees("#step-order[data-state=done]").await;
    console.sees("#step-follow[data-state=degraded]").await;
    console.sees("#requests tbody tr:nth-child(5)").await;
    console.browser.picture("outage").await;
    console.stack.start_service(Service::Kitchen).await.unwrap();
    console.sees("#upstream-kitchen[data-state=up]").await;
    for step in ["kitchen", "courier", "delivered"] {
        console.clicks(&format!("#step-{step} button")).await;
        console
            .sees(&format!("#step-{step}[data-state=done]"))
            .await;
    }
    console.was_well().await;
}

#[actix_web::test]
async fn a_drill_shows_and_the_verdict_on_all_of_them() {
    let console = Console::open(DESK).await;
    console.clicks("#drill-orders-down").await;
    console.sees("#upstream-orders[data-state=drill]").await;
    console.sees("#overall[data-state=degraded]").await;
    console.sees("#drill-orders-down[aria-pressed=true]").await;
    console.clicks("#drill-orders-end").await;
    console.sees("#upstream-orders[data-state=up]").await;
    console.clicks("#verdict-run").await;
    console.sees("#verdict table[data-pass=true]").await;
    console.browser.picture("verdict").await;
    console.was_well().await;
}

#[actix_web::test]
async fn it_fits_a_phone_and_speaks_french() {
    let console = Console::open(PHONE).await;
    assert_eq!(
        console.asks("return document.documentElement.lang").await,
        "fr"
    );
    assert_eq!(console.text("#overall").await, "Tout fonctionne");
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    let width = console
        .asks("return document.documentElement.scrollWidth")
        .await;
    assert_eq!(width, PHONE.width);
    console.browser.picture("phone").await;
    console.clicks("#lang-en").await;
    assert_eq!(console.text("#overall").await, "Everything works");
    console.was_well().await;
}

#[actix_web::test]
async fn a_keyboard_is_enough_and_everything_has_a_name() {
    let console = Console::open(DESK).await;
    let active = "return document.activeElement.className || document.activeElement.id";
    let presses = async |key: Key| {
        let element = console.browser.page.active_element().await.unwrap();
        element
            .send_keys(&char::from(key).to_string())
            .await
            .unwrap();
    };
    presses(Key::Tab).await;
    assert_eq!(console.asks(active).await, "skip");
    while console.asks(active).await != "primary" {
        presses(Key::Tab).await;
    }
    presses(Key::Enter).await;
    console.sees("#step-delivered[data-state=done]").await;
    let nameless = "return [...document.querySelectorAll('button, section, [role]')].filter((element) => {\
        const named = element.getAttribute('aria-labelledby');\
        const by = named && document.getElementById(named);\
        return !(by ?? element).textContent.trim() && !element.getAttribute('aria-label')\
            && element.getAttribute('role') !== 'status';\
        }).map((element) => element.outerHTML)";
    assert_eq!(console.asks(nameless).await, Value::Array(Vec::new()));
    console.was_well().await;
}
