//! Tests of the picture of one request's path through the services.

use fantoccini::key::Key;
use serde_json::{Value, json};
use service_kit::env::Env;

use crate::accessibility::{ACTIVE, presses};
use crate::browser::{Browser, Look};
use crate::console::{Console, DESK, PHONE};

/// Opens the path of the order that the journey has placed, and waits until all services are in it.
pub(crate) async fn shows_the_order_s_path(console: &Console) {
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    let button = "#requests .path[aria-label$='POST /order-api/commandes']";
    console.sees(button).await;
    presses_at_once(console, button).await;
    console.sees("#path[open] #path-spans > li").await;
    // By way of an event, the kitchen's and the delivery's work follow.
    for name in ["process order", "send kitchen", "send delivery"] {
        let there = format!(
            "return [...document.querySelectorAll('#path-spans code')].filter((code) => code.textContent === '{name}').length > 0"
        );
        service_kit::testing::eventually(name, async || {
            (console.asks(&there).await == true).then_some(())
        })
        .await;
    }
}

/// Presses a button of a list that may be drawn again at any moment.
async fn presses_at_once(console: &Console, button: &str) {
    let press = format!("document.querySelector(\"{button}\").click()");
    console.asks(&press).await;
}

/// Each bar of the picture: where it is within its track, and how deep it stands.
const BARS: &str = "return [...document.querySelectorAll('#path-spans .span')].map((span) => {\
    const track = span.querySelector('.track').getBoundingClientRect();\
    const bar = span.querySelector('.extent').getBoundingClientRect();\
    return {\
        name: span.querySelector('code').textContent,\
        place: span.querySelector('strong').textContent,\
        depth: Number(span.style.getPropertyValue('--depth')),\
        left: bar.left - track.left, right: track.right - bar.right,\
        track: [track.left, track.right],\
    };\
})";

#[actix_web::test]
async fn an_order_s_path_is_a_picture_of_every_service_on_one_axis() {
    for (name, look) in [
        ("path-desk", DESK),
        ("path-phone", PHONE),
        (
            "path-desk-dark",
            Look {
                is_dark: true,
                language: "fr",
                ..DESK
            },
        ),
    ] {
        let console = Console::open(look).await;
        shows_the_order_s_path(&console).await;
        let text = console.text("#path").await;
        let places = if look.language == "en" {
            [
                "Gateway",
                "The order service",
                "The order service: database",
                "The kitchen",
                "The delivery service",
            ]
        } else {
            [
                "Passerelle",
                "Le service des commandes",
                "Le service des commandes : base de données",
                "La cuisine",
                "Le service de livraison",
            ]
        };
        let bars = console.asks(BARS).await;
        let bars = bars.as_array().unwrap();
        for place in places {
            assert!(
                bars.iter().any(|bar| bar["place"] == place),
                "{place}: {text}"
            );
        }
        assert_eq!(
            (&bars[0]["name"], &bars[0]["depth"]),
            (&json!("POST /order-api/commandes"), &json!(0))
        );
        for bar in bars {
            assert_eq!(bar["track"], bars[0]["track"], "{bar}");
            let of = |key: &str| bar[key].as_f64().unwrap();
            // A bar of no time is drawn three pixels wide.
            assert!(of("left") > -0.5 && of("right") > -4.0, "{bar}");
        }
        assert!(bars.iter().any(|bar| bar["depth"].as_f64().unwrap() > 4.0));
        let wide = "const box = document.getElementById('path');\
            return box.scrollWidth <= box.clientWidth && box.getBoundingClientRect().right <= innerWidth";
        assert_eq!(console.asks(wide).await, true);
        console.browser.picture(name).await;
        // Each row of the journey leads there too, and so does each of its calls.
        let rows = "return ['#waterfall li', '#journey .calls details'].map((rows) =>\
            [...document.querySelectorAll(rows)].filter((row) => !row.querySelector('.path')).length)";
        assert_eq!(console.asks(rows).await, json!([0, 0]));
        console.was_well().await;
    }
}

#[actix_web::test]
async fn a_keyboard_opens_a_path_and_comes_back_to_where_it_was() {
    let console = Console::open(DESK).await;
    console.plays("menu").await;
    console.sees("#requests tbody tr .path").await;
    let focus = "const button = document.querySelector('#requests tbody tr .path'); button.focus();\
        return button.dataset.key";
    let key = console.asks(focus).await;
    presses(&console, &[Key::Enter]).await;
    console.sees("#path[open] #path-spans > li").await;
    assert_eq!(console.asks(ACTIVE).await, "path-close");
    // Meanwhile the list has news, and its buttons are others afterwards.
    let news =
        "return fetch('/public/order-api/menu').then((answer) => answer.text()).then(() => true)";
    assert_eq!(console.asks(news).await, true);
    presses(&console, &[Key::Escape]).await;
    console.sees("#path:not([open])").await;
    console.sees("#requests tbody tr:nth-child(2) .path").await;
    assert_eq!(
        console
            .asks("return document.activeElement.dataset.key")
            .await,
        key
    );
    console.was_well().await;
}

#[actix_web::test]
async fn a_piece_of_work_that_failed_is_marked_in_plain_words() {
    let console = Console::open(DESK).await;
    console.clicks("#drill-orders-down").await;
    console.sees("#upstream-orders[data-state=drill]").await;
    let asked = "return fetch('/public/order-api/commandes').then((answer) => answer.status)";
    assert_eq!(console.asks(asked).await, 503);
    console.sees("#requests tbody tr .path").await;
    presses_at_once(&console, "#requests tbody tr .path").await;
    console.sees("#path-spans .state[data-state=failed]").await;
    let text = console.text("#path-spans").await;
    assert!(!text.contains("upstream_unavailable"), "{text}");
    assert!(
        console
            .asks("return !!document.querySelector('#path-spans .extent[data-error]')")
            .await
            == true
    );
    console.browser.picture("path-failed").await;
    console.clicks("#path-close").await;
    console.was_well().await;
}

#[actix_web::test]
async fn without_traces_the_console_says_how_to_have_them_and_where_they_are() {
    for (name, value, said) in [
        ("GATEWAY_TRACES", "off", "GATEWAY_TRACES=on"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://127.0.0.1:9",
            "http://127.0.0.1:9/v1/traces",
        ),
    ] {
        let env = Env::of_pairs([("GATEWAY_WORKERS", "1"), (name, value)]);
        let console = Console::with(Browser::open(DESK).await, env).await;
        console.visit().await;
        console.sees("#overall[data-state=up]").await;
        console.plays("menu").await;
        console.sees("#requests tbody tr .id").await;
        let told = console.text("#path-place").await;
        assert!(told.contains(said), "{told}");
        let buttons = "return [...document.querySelectorAll('.path')]";
        assert_eq!(console.asks(buttons).await, Value::Array(Vec::new()));
        console.was_well().await;
    }
}
