//! A headless Chromium, controlled by the driver that comes with it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator::Css;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use service_kit::testing::{Process, skip};
use url::Url;

pub(crate) struct Browser {
    pub(crate) page: Client,
    _driver: Process,
}

/// The settings of a window.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) language: &'static str,
    pub(crate) is_dark: bool,
}

/// The time that the page may take to show something: a debug build runs beside other tests.
const TIMEOUT: Duration = Duration::from_secs(30);

/// If this variable is set, tests fail without a browser instead of being skipped.
const REQUIRED: &str = "REQUIRE_BROWSER";

fn or_skip() {
    let found = Command::new("chromedriver").arg("--version").output();
    if !found.is_ok_and(|told| told.status.success()) {
        let missing =
            "chromedriver, such as by `apt-get install chromium chromium-driver` on Debian";
        skip("the tests in a browser", missing, REQUIRED);
    }
}

impl Browser {
    /// The text of an element, read in one step: the page may replace an element that was found.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0]).innerText.trim()";
        let text = self.page.execute(script, vec![selector.into()]).await;
        text.unwrap().as_str().unwrap().to_owned()
    }

    /// Waits until there is such an element.
    pub(crate) async fn sees(&self, selector: &str) {
        let waiting = self.page.wait().at_most(TIMEOUT);
        let seen = waiting.for_element(Css(selector)).await;
        assert!(
            seen.is_ok(),
            "{selector} is not there: {:?}",
            self.text("body").await
        );
    }

    pub(crate) async fn clicks(&self, selector: &str) {
        let element = self.page.find(Css(selector)).await.unwrap();
        // The driver would click on elements that the page's bar covers.
        let into_sight = "arguments[0].scrollIntoView({ block: 'center' })";
        let arguments = vec![serde_json::to_value(&element).unwrap()];
        self.page.execute(into_sight, arguments).await.unwrap();
        element.click().await.unwrap();
    }

    /// Without a browser, this says so and ends the process with success.
    pub(crate) async fn open(look: Look) -> Self {
        or_skip();
        // The driver's output goes where its log is read.
        let script = "exec chromedriver --port=0 >&2";
        let driver = Process::start(Command::new("sh").args(["-c", script]));
        let line = driver.line_with("was started successfully on port ");
        let (_, port) = line.trim_end_matches('.').rsplit_once(' ').unwrap();
        let arguments = [
            "--headless=new".to_owned(),
            // The browser only loads pages of this test, and a container has no rights for a
            // sandbox.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={},{}", look.width, look.height),
        ];
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": {"intl.accept_languages": look.language},
            },
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let browser = Self {
            page,
            _driver: driver,
        };
        let scheme = if look.is_dark { "dark" } else { "light" };
        browser.prefers(&[("prefers-color-scheme", scheme)]).await;
        browser.resize(look.width, look.height).await;
        browser
    }

    /// Sets what the page is told that its reader prefers.
    pub(crate) async fn prefers(&self, preferences: &[(&str, &str)]) {
        let features = preferences.iter();
        let features = features.map(|(name, value)| json!({"name": name, "value": value}));
        let features: Vec<_> = features.collect();
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// Runs a script in each page that is opened from now on, before its own.
    pub(crate) async fn before_each_page(&self, script: &str) {
        let parameters = json!({"source": script});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", parameters)
            .await;
    }

    /// Saves a picture of the whole page in `target/screenshots`.
    pub(crate) async fn picture(&self, name: &str) {
        let size = "return [innerWidth, document.documentElement.scrollHeight]";
        let size = self.page.execute(size, Vec::new()).await.unwrap();
        let side = |index: usize| u32::try_from(size[index].as_u64().unwrap()).unwrap();
        self.resize(side(0), side(1)).await;
        let picture = self.page.screenshot().await.unwrap();
        save(&format!("{name}.png"), &picture);
    }

    /// Saves a small picture of the top of the page in `target/screenshots`, and returns it.
    pub(crate) async fn photograph(&self, name: &str, width: u32, height: u32) -> Vec<u8> {
        let top = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 0.75});
        let parameters = json!({
            "format": "webp",
            "quality": 75,
            "clip": top,
            "captureBeyondViewport": true,
        });
        let taken = self.devtools("Page.captureScreenshot", parameters).await;
        let picture = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        save(&format!("{name}.webp"), &picture);
        picture
    }

    /// The page's log since the last call.
    pub(crate) async fn log(&self) -> Vec<Value> {
        let body = json!({"type": "browser"});
        let log = self.page.issue_cmd(Extra("se/log", body)).await.unwrap();
        log.as_array().unwrap().clone()
    }

    async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        let answer = self.page.issue_cmd(Extra("goog/cdp/execute", body)).await;
        answer.unwrap()
    }
}

fn save(file: &str, picture: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(file), picture).unwrap();
}

/// A command of Chromium's driver beyond the standard.
#[derive(Debug)]
struct Extra(&'static str, Value);

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.0
        ))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}
