//! Tests of where the parts of the page are, on a desk and on a phone.

use serde_json::{Value, json};

use crate::console::{Console, DESK, PHONE};

#[actix_web::test]
async fn a_phone_shows_the_journey_first_and_all_of_it_on_three_screens() {
    let console = Console::open(PHONE).await;
    let button = "return document.getElementById('journey-all').getBoundingClientRect().bottom";
    let bottom = console.asks(button).await.as_f64().unwrap();
    assert!(bottom < 200.0, "{bottom}");
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    console.sees("#requests tbody tr:nth-child(7)").await;
    let size =
        "return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]";
    let size = console.asks(size).await;
    assert_eq!(size[0], PHONE.width);
    let screens = size[1].as_f64().unwrap() / f64::from(PHONE.height);
    assert!(screens <= 3.0, "{screens}");
    // Each request is a card, and none of its cells is cut off.
    let cells = "return [...document.querySelectorAll('#requests td')].filter((cell) =>\
        cell.getBoundingClientRect().right > innerWidth || cell.scrollWidth > cell.clientWidth + 1).length";
    assert_eq!(console.asks(cells).await, 0);
    // A table that is laid out as cards is a table still.
    let roles = "return [...document.querySelectorAll('#requests, #requests :is(tr, td, th)')]\
        .filter((each) => !each.getAttribute('role')).length";
    assert_eq!(console.asks(roles).await, 0);
    console.clicks("#routes-box summary").await;
    console.sees("#routes tbody tr").await;
    console.was_well().await;
}

#[actix_web::test]
async fn a_desk_leaves_no_blank_and_charts_fill_their_columns() {
    let console = Console::open(DESK).await;
    console.plays("login").await;
    console.sees("#routes tbody tr").await;
    let widths =
        "return [...document.querySelectorAll('.service')].map((card) => card.clientWidth)";
    for width in console.asks(widths).await.as_array().unwrap() {
        assert!(width.as_f64().unwrap() > 500.0, "{width}");
    }
    let blank = "const bottom = (id) => document.getElementById(id).getBoundingClientRect().bottom;\
        return bottom('picture-section') - bottom('picture')";
    let blank = console.asks(blank).await.as_f64().unwrap();
    assert!(blank < 30.0, "{blank}");
    let charts = "return [...document.querySelectorAll('.plot')].map((plot) => {\
        const line = plot.querySelector('polyline').getBoundingClientRect();\
        const column = plot.parentElement;\
        const { paddingRight } = getComputedStyle(column);\
        return line.width / (column.clientWidth - parseFloat(paddingRight));\
    })";
    let charts = console.asks(charts).await;
    let charts = charts.as_array().unwrap();
    assert!(charts.len() > 3, "{charts:?}");
    for part in charts {
        assert!(part.as_f64().unwrap() > 0.98, "{charts:?}");
    }
    console.was_well().await;
}

#[actix_web::test]
async fn nothing_moves_for_a_reader_who_prefers_that() {
    let console = Console::open(DESK).await;
    console
        .browser
        .prefers(&[("prefers-reduced-motion", "reduce")])
        .await;
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    console.sees(".wire i").await;
    let moving = "return document.getAnimations().length";
    assert_eq!(console.asks(moving).await, 0);
    let shown =
        "return [...document.querySelectorAll('.wire i')].filter((dot) => dot.checkVisibility())";
    assert_eq!(console.asks(shown).await, Value::Array(Vec::new()));
    console.browser.prefers(&[]).await;
    assert_ne!(console.asks(moving).await, json!(0));
    console.was_well().await;
}

#[actix_web::test]
async fn a_played_journey_is_a_picture_of_its_requests_over_time() {
    let console = Console::open(DESK).await;
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    console.clicks("#waterfall-box summary").await;
    // The gateway has told of the last request, and so of all.
    console
        .sees("#waterfall li:last-child .extent:last-child .part")
        .await;
    let text = console.text("#waterfall").await;
    for part in ["POST /client-api/login", "of which", "The order service"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let bars = "return [...document.querySelectorAll('#waterfall .extent')].map((bar) => {\
        const [outer, track] = [bar, bar.parentElement].map((each) => each.getBoundingClientRect());\
        const part = bar.querySelector('.part')?.getBoundingClientRect().width ?? 0;\
        return { left: outer.left - track.left, right: track.right - outer.right, part, width: outer.width };\
    })";
    let bars = console.asks(bars).await;
    let bars = bars.as_array().unwrap();
    assert!(bars.len() >= 10, "{bars:?}");
    let mut began = 0.0;
    for bar in bars {
        let of = |key: &str| bar[key].as_f64().unwrap();
        // One after another, each within the whole, and a service takes a part of it.
        assert!(of("left") >= began && of("right") > -4.0, "{bar}");
        assert!(of("part") <= of("width"), "{bar}");
        began = of("left");
    }
    console.browser.picture("waterfall").await;
    console.was_well().await;
}
