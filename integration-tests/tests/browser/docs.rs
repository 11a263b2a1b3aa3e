//! Tests of the page that shows the API and lets it be tried.

use service_kit::env::Env;

use crate::at_once::WATCH;
use crate::browser::{Browser, Look};
use crate::console::{Console, DESK, PHONE};

#[actix_web::test]
async fn the_api_can_be_read_and_tried_and_nobody_else_is_asked() {
    let console = Console::open(DESK).await;
    let url = format!("http://{}/docs", console.stack.addr());
    console.browser.page.goto(&url).await.unwrap();
    console.sees("#operations-Menu-getMenu").await;
    console
        .clicks("#operations-Menu-getMenu .opblock-summary-control")
        .await;
    console.sees("#operations-Menu-getMenu .execute").await;
    console.clicks("#operations-Menu-getMenu .execute").await;
    console
        .sees("#operations-Menu-getMenu .live-responses-table .response-col_description")
        .await;
    let answer = console
        .text("#operations-Menu-getMenu .live-responses-table")
        .await;
    assert!(answer.contains("Tarte aux pommes"), "{answer}");
    console.browser.picture("docs").await;
    console.was_well().await;
}

#[actix_web::test]
async fn the_page_has_the_readers_scheme() {
    for (is_dark, background) in [(false, "rgba(0, 0, 0, 0)"), (true, "rgb(28, 32, 34)")] {
        let console = Console::open(Look { is_dark, ..DESK }).await;
        let url = format!("http://{}/docs", console.stack.addr());
        console.browser.page.goto(&url).await.unwrap();
        console.sees("#operations-Menu-getMenu").await;
        let shown =
            "return getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor";
        let shown = console
            .browser
            .page
            .execute(shown, Vec::new())
            .await
            .unwrap();
        assert_eq!(shown, background);
        console.was_well().await;
    }
}

/// Notes when the operations are there.
const SHOWN: &str = "new MutationObserver(() => {\
        if (document.querySelector('.opblock')) window.operationsAt ??= performance.now();\
    }).observe(document, { childList: true, subtree: true });";

/// The first paint of content, the operations, and the moves since.
const WATCHED: &str = "const [paint] = performance.getEntriesByName('first-contentful-paint');\
    return { paint: paint.startTime, shown: window.operationsAt, moves: window.moves }";

#[actix_web::test]
async fn the_page_is_there_at_once_and_nothing_moves() {
    for look in [DESK, PHONE] {
        let browser = Browser::open(look).await;
        browser.before_each_page(WATCH).await;
        browser.before_each_page(SHOWN).await;
        let console = Console::beside(browser).await;
        let (mut paint, mut shown) = (f64::MAX, f64::MAX);
        // Other tests run beside this one: the soonest of a few visits counts.
        for _ in 0..3 {
            let url = format!("http://{}/docs", console.stack.addr());
            console.browser.page.goto(&url).await.unwrap();
            console.sees("#operations-Menu-getMenu").await;
            let watched = console.asks(WATCHED).await;
            let of = |key: &str| watched[key].as_f64().unwrap();
            assert!(of("moves") < 0.05, "{watched}");
            paint = paint.min(of("paint"));
            shown = shown.min(of("shown"));
        }
        assert!(paint < 1000.0, "{paint} ms");
        assert!(shown < 5000.0, "{shown} ms");
        console.was_well().await;
    }
}

/// Which operations have a padlock.
const PADLOCKS: &str = "return [...document.querySelectorAll('.opblock')]\
    .filter((operation) => operation.querySelector('.authorization__btn'))\
    .map((operation) => operation.id)";

#[actix_web::test]
async fn a_padlock_stands_where_a_token_is_needed_here() {
    let always = ["changeClient", "changePassword", "endSession"];
    let strict = [
        "listClients",
        "placeOrder",
        "addDish",
        "get_suivi_commandeId",
    ];
    let never = ["getMenu", "signUp", "logIn", "get_tableau_de_bord"];
    for access in ["open", "strict"] {
        let env = Env::of_pairs([("GATEWAY_WORKERS", "1"), ("ACCESS", access)]);
        let console = Console::with(Browser::open(DESK).await, env).await;
        let url = format!("http://{}/docs", console.stack.addr());
        console.browser.page.goto(&url).await.unwrap();
        console.sees("#operations-Menu-getMenu").await;
        let known = console
            .asks("return [...document.querySelectorAll('.opblock')].map((each) => each.id)")
            .await;
        let padlocks = console.asks(PADLOCKS).await;
        let has = |ids: &serde_json::Value, name: &str| {
            let mut ids = ids.as_array().unwrap().iter();
            ids.any(|id| id.as_str().unwrap().ends_with(&format!("-{name}")))
        };
        for (names, expected) in [
            (&always[..], true),
            (&strict, access == "strict"),
            (&never, false),
        ] {
            for name in names {
                assert!(has(&known, name), "{name} in {known}");
                assert_eq!(has(&padlocks, name), expected, "{access}: {name}");
            }
        }
        console.browser.picture(&format!("docs-{access}")).await;
        console.was_well().await;
    }
}
