//! Tests that axe-core finds no fault by WCAG 2.2 AA, and that a keyboard is enough.

use std::fs;
use std::process::Command;

use fantoccini::key::Key;
use serde_json::Value;
use service_kit::testing::skip_one;

use crate::browser::{Browser, Look};
use crate::console::{Console, DESK, PHONE};

/// If this variable is set, the test fails without axe-core instead of being skipped.
const REQUIRED: &str = "REQUIRE_AXE";

const PACKAGE: &str = "axe-core@4.14.1";

/// The script of axe-core, which npm gets. It is part of no program.
pub(crate) fn axe() -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
    let installed = npm.arg(folder.path()).arg(PACKAGE).status();
    if installed.is_ok_and(|status| status.success()) {
        let file = folder.path().join("node_modules/axe-core/axe.min.js");
        return Some(fs::read_to_string(file).unwrap());
    }
    let missing = format!("npm gets no {PACKAGE}");
    skip_one("the test by axe-core", &missing, REQUIRED);
    None
}

/// Checks the page. `left_out` is a selector of what is not this project's.
pub(crate) async fn is_accessible(
    browser: &Browser,
    axe: &str,
    (place, name): (&str, &str),
    left_out: &str,
) {
    // Elsewhere, the bar at the top covers a part of something.
    let script = format!(
        "{axe}; scrollTo(0, 0);\
         const context = {{ include: ['html'], exclude: ['{left_out}'] }};\
         const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];\
         return axe.run(context, {{ runOnly: tags }}).then(({{ violations, passes }}) => ({{\
             found: violations.map(({{ id, nodes }}) => [id, ...nodes.map((node) => node.html)]),\
             tried: passes.length,\
         }}))"
    );
    let checked = browser.page.execute(&script, Vec::new()).await.unwrap();
    let none = Value::Array(Vec::new());
    assert_eq!(checked["found"], none, "{place} {name}");
    assert!(checked["tried"].as_u64().unwrap() > 2, "{place}: {checked}");
    browser.picture(&format!("{place}-{name}")).await;
}

/// In both schemes, at both sizes and in both languages.
pub(crate) fn looks() -> Vec<(String, Look)> {
    let mut looks = Vec::new();
    for (size, look) in [("desk", DESK), ("phone", PHONE)] {
        for language in ["fr", "en"] {
            for (scheme, is_dark) in [("light", false), ("dark", true)] {
                let look = Look {
                    language,
                    is_dark,
                    ..look
                };
                looks.push((format!("{size}-{language}-{scheme}"), look));
            }
        }
    }
    looks
}

#[actix_web::test]
async fn axe_finds_no_fault() {
    let Some(axe) = axe() else { return };
    for (name, look) in looks() {
        let console = Console::open(look).await;
        let browser = &console.browser;
        let none = "#nothing";
        is_accessible(browser, &axe, ("rest", &name), none).await;
        console.clicks("#journey-all").await;
        console.sees("#step-delivered[data-state=done]").await;
        console.clicks("#drill-kitchen-down").await;
        console.sees("#feature-kitchen:not([data-state=up])").await;
        is_accessible(browser, &axe, ("drill", &name), none).await;
        let order = "document.querySelector(\"#requests .path[aria-label$='POST /order-api/commandes']\").click()";
        console.asks(order).await;
        console.sees("#path[open] #path-spans li li").await;
        is_accessible(browser, &axe, ("path", &name), none).await;
        console.clicks("#path-close").await;
        console.clicks("#drill-kitchen-end").await;
        console.sees("#upstream-kitchen[data-state=up]").await;
        console.clicks("#verdict-run").await;
        console.sees("#verdict-ask[open]").await;
        is_accessible(browser, &axe, ("question", &name), none).await;
        console.clicks("#verdict-cancel").await;
        console.checks_it_all().await;
        is_accessible(browser, &axe, ("verdict", &name), none).await;
        let public = console.stack.addr();
        for (place, path, wanted, left_out) in [
            ("problem", "problems/upstream-unavailable", "h1", none),
            ("problems", "problems", "h1", none),
            ("docs", "docs", ".swagger-ui .info", ".swagger-ui"),
        ] {
            let url = format!("http://{public}/{path}");
            browser.page.goto(&url).await.unwrap();
            console.sees(wanted).await;
            is_accessible(browser, &axe, (place, &name), left_out).await;
        }
        console.visit().await;
        console.sees("#overall[data-state=up]").await;
        let Console { browser, stack, .. } = console;
        stack.stop().await;
        let lost = "return new Promise((done) => {\
            const look = () => document.body.dataset.connection === 'lost' ? done(true) : setTimeout(look, 20);\
            look();\
        })";
        assert_eq!(browser.page.execute(lost, Vec::new()).await.unwrap(), true);
        is_accessible(&browser, &axe, ("gone", &name), none).await;
    }
}

pub(crate) const ACTIVE: &str =
    "return document.activeElement.id || document.activeElement.className";

pub(crate) async fn presses(console: &Console, keys: &[Key]) {
    let element = console.browser.page.active_element().await.unwrap();
    let keys: String = keys.iter().copied().map(char::from).collect();
    element.send_keys(&keys).await.unwrap();
}

/// Presses the tabulator until an element has the focus, and checks that nothing covers it.
async fn reaches(console: &Console, id: &str) {
    while console.asks(ACTIVE).await != id {
        presses(console, &[Key::Tab]).await;
    }
    let covered = "const { left, top, width, height } = document.activeElement.getBoundingClientRect();\
        const found = document.elementFromPoint(left + width / 2, top + height / 2);\
        return !document.activeElement.contains(found)";
    assert_eq!(console.asks(covered).await, false, "{id}");
}

#[actix_web::test]
async fn a_keyboard_is_enough_and_everything_has_a_name() {
    let console = Console::open(DESK).await;
    presses(&console, &[Key::Tab]).await;
    assert_eq!(console.asks(ACTIVE).await, "skip");
    presses(&console, &[Key::Enter]).await;
    assert_eq!(console.asks(ACTIVE).await, "main");
    reaches(&console, "journey-all").await;
    presses(&console, &[Key::Enter]).await;
    console.sees("#step-delivered[data-state=done]").await;
    reaches(&console, "verdict-run").await;
    presses(&console, &[Key::Enter]).await;
    assert_eq!(console.asks(ACTIVE).await, "verdict-cancel");
    presses(&console, &[Key::Escape]).await;
    console.sees("#verdict-ask:not([open])").await;
    assert_eq!(console.asks(ACTIVE).await, "verdict-run");
    reaches(&console, "drill-kitchen-down").await;
    presses(&console, &[Key::Enter]).await;
    console.sees("#upstream-kitchen[data-state=drill]").await;
    // The button that ends it is before those that begin it, and goes with the drill.
    presses(&console, &[Key::Shift, Key::Tab]).await;
    assert_eq!(console.asks(ACTIVE).await, "drill-kitchen-end");
    presses(&console, &[Key::Enter]).await;
    console.sees("#upstream-kitchen[data-state=up]").await;
    assert_eq!(console.asks(ACTIVE).await, "drill-kitchen-down");
    let nameless = "return [...document.querySelectorAll('button, section, [role=group], dialog')].filter((element) => {\
        const named = element.getAttribute('aria-labelledby');\
        const by = named && document.getElementById(named);\
        return !(by ?? element).textContent.trim() && !element.getAttribute('aria-label');\
        }).map((element) => element.outerHTML)";
    assert_eq!(console.asks(nameless).await, Value::Array(Vec::new()));
    console.was_well().await;
}
