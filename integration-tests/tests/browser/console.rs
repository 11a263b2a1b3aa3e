//! The console of a restaurant in a browser, and the actions of the tests on it.

use serde_json::Value;
use service_kit::env::Env;
use stack::{Options, Stack};
use tempfile::TempDir;

use crate::browser::{Browser, Look};

pub(crate) const DESK: Look = Look {
    width: 1400,
    height: 1000,
    language: "en",
    is_dark: false,
};

pub(crate) const PHONE: Look = Look {
    width: 390,
    height: 844,
    language: "fr",
    is_dark: true,
};

/// The console of a restaurant in a browser.
pub(crate) struct Console {
    pub(crate) browser: Browser,
    pub(crate) stack: Stack,
    _data: TempDir,
}

impl Console {
    pub(crate) async fn open(look: Look) -> Self {
        let console = Self::beside(Browser::open(look).await).await;
        console.visit().await;
        console.sees("#overall[data-state=up]").await;
        console
    }

    /// A restaurant, and a browser that has not visited it yet.
    pub(crate) async fn beside(browser: Browser) -> Self {
        Self::with(browser, Env::of_pairs([("GATEWAY_WORKERS", "1")])).await
    }

    /// The same, with these variables for the restaurant.
    pub(crate) async fn with(browser: Browser, env: Env) -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options::on_free_ports(data.path(), env);
        let stack = Stack::start(options).await.unwrap();
        Self {
            browser,
            stack,
            _data: data,
        }
    }

    pub(crate) async fn visit(&self) {
        let url = format!("http://{}/", self.stack.admin_addr());
        self.browser.page.goto(&url).await.unwrap();
    }

    pub(crate) async fn sees(&self, selector: &str) {
        self.browser.sees(selector).await;
    }

    pub(crate) async fn clicks(&self, selector: &str) {
        self.browser.clicks(selector).await;
    }

    /// Has every outage tried, and says yes to the question before it.
    pub(crate) async fn checks_it_all(&self) {
        self.clicks("#verdict-run").await;
        self.clicks("#verdict-confirm").await;
        self.sees("#verdict table[data-pass=true]").await;
    }

    /// Plays one step of the journey.
    pub(crate) async fn plays(&self, step: &str) {
        self.clicks(&format!("#step-{step} button")).await;
        self.sees(&format!("#step-{step}[data-state=done]")).await;
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        self.browser.text(selector).await
    }

    pub(crate) async fn asks(&self, script: &str) -> Value {
        self.browser.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Checks that the page logged no error but the API's refusals, which a browser logs by itself,
    /// and that it made no request to another host.
    pub(crate) async fn was_well(self) {
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
