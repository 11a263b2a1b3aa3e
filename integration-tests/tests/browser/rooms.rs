//! Tests of the rooms of the restaurant, as a class plays a service in them.

use actix_web::http::Method;
use fantoccini::key::Key;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::Client;

use crate::accessibility::{axe, is_accessible, looks};
use crate::browser::{Browser, Look};
use crate::console::{Console, DESK, PHONE};

impl Console {
    /// Opens a room of this restaurant in a browser.
    async fn shows(&self, browser: &Browser, path: &str) {
        let url = format!("http://{}{path}", self.stack.addr());
        browser.page.goto(&url).await.unwrap();
    }

    async fn drills(&self, upstream: &str, is_down: bool) {
        let operator = Client::of(self.stack.admin_addr());
        let path = format!("/drills/{upstream}");
        if is_down {
            let drill = operator.request(Method::PUT, &path);
            let drill = drill.send_json(json!({"mode": "down", "for": "60s"})).await;
            let _ = drill.ok(200);
        } else {
            assert_eq!(operator.delete(&path).await.status, 204);
        }
    }

    /// The orders that were placed.
    async fn orders(&self) -> Vec<Value> {
        let gateway = Client::of(self.stack.addr());
        let orders = gateway.get("/order-api/commandes").await.ok(200);
        orders.as_array().unwrap().clone()
    }
}

/// A restaurant, and a browser in its dining room with a dish in the basket.
async fn dining(look: Look) -> Console {
    let console = Console::beside(Browser::open(look).await).await;
    console.shows(&console.browser, "/demo/salle").await;
    console.sees("[id^=add-]").await;
    console.clicks("[id^=add-]").await;
    console.sees("#basket .line").await;
    console
}

/// Checks that the page logged no error but refusals, which a browser logs by itself.
async fn was_well(browser: Browser) {
    for entry in browser.log().await {
        assert_eq!(entry["source"], "network", "{entry}");
    }
    browser.page.close().await.unwrap();
}

async fn closes(console: Console) {
    let Console { browser, stack, .. } = console;
    was_well(browser).await;
    stack.stop().await;
}

#[actix_web::test]
async fn three_browsers_play_a_service() {
    let console = dining(DESK).await;
    let guest = &console.browser;
    let (cook, courier) = (Browser::open(PHONE).await, Browser::open(DESK).await);
    console.shows(&cook, "/demo/cuisine").await;
    console.shows(&courier, "/demo/livraison").await;
    guest.clicks("[id^=comment-]").await;
    let field = guest.page.active_element().await.unwrap();
    field.send_keys("no salt").await.unwrap();
    guest.clicks("#order").await;
    guest.sees("#orders [data-status=EN_ATTENTE]").await;
    let orders = console.orders().await;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["items"][0]["commentaire"], "no salt");
    let id = orders[0]["id"].as_str().unwrap();

    cook.sees(&format!("#start-{id}")).await;
    let ticket = cook.text(&format!("[data-order='{id}']")).await;
    assert!(ticket.contains("no salt"), "{ticket}");
    cook.clicks(&format!("#start-{id}")).await;
    guest.sees("#orders [data-status=EN_PREPARATION]").await;
    cook.sees(&format!("#tickets:not(:has(#start-{id}))")).await;
    cook.clicks(&format!("#markReady-{id}")).await;
    guest.sees("#orders [data-status=PRETE]").await;
    cook.sees(&format!("#tickets:not(:has([data-order='{id}']))"))
        .await;

    courier.sees(&format!("#markPickedUp-{id}")).await;
    courier.clicks(&format!("#markPickedUp-{id}")).await;
    guest.sees("#orders [data-status=EN_LIVRAISON]").await;
    courier.sees(&format!("#markDelivered-{id}")).await;
    courier.clicks(&format!("#markDelivered-{id}")).await;
    guest.sees("#orders [data-status=LIVREE]").await;
    courier
        .sees(&format!("#deliveries:not(:has([data-order='{id}']))"))
        .await;
    guest.picture("rooms-salle").await;
    cook.picture("rooms-cuisine").await;
    courier.picture("rooms-livraison").await;
    was_well(cook).await;
    was_well(courier).await;
    closes(console).await;
}

#[actix_web::test]
async fn an_outage_is_told_and_the_basket_is_ordered_once_when_it_is_over() {
    let console = dining(DESK).await;
    // The counter would take the order.
    for upstream in ["orders", "counter"] {
        console.drills(upstream, true).await;
    }
    console.sees("[data-note=menu]").await;
    let old = console.text("[data-note=menu]").await;
    assert!(old.starts_with("Menu of "), "{old}");
    assert!(
        old.ends_with("shown while the order service is away."),
        "{old}"
    );
    console.sees("#menu[data-old=true] .dish").await;
    console.clicks("#order").await;
    console.sees("[data-note=order]").await;
    assert_eq!(
        console.text("[data-note=order]").await,
        "The order service does not answer. Try again in a few seconds. Your basket is kept."
    );
    console.browser.picture("rooms-outage").await;
    // A reload changes nothing.
    console.shows(&console.browser, "/demo/salle").await;
    console.sees("#basket .line").await;
    console.sees("#menu[data-old=true] .dish").await;
    console.clicks("#order").await;
    console.sees("[data-note=order]").await;
    for upstream in ["orders", "counter"] {
        console.drills(upstream, false).await;
    }
    console.sees("[data-note=order][data-state=good]").await;
    console.sees("#menu[data-old=false]").await;
    console.sees("#salle:not(:has([data-note=menu]))").await;
    let twice = "const button = document.getElementById('order'); button.click(); button.click();";
    let _ = console.asks(twice).await;
    console.sees("#orders .order").await;
    console.sees("#basket:not(:has(.line))").await;
    assert_eq!(console.orders().await.len(), 1);
    closes(console).await;
}

#[actix_web::test]
async fn an_order_in_an_outage_is_kept_by_the_counter_and_then_placed() {
    let console = dining(DESK).await;
    // Only the gateway's clients meet a drill: the counter delivers at once.
    console.drills("orders", true).await;
    console.sees("[data-note=menu]").await;
    console.clicks("#order").await;
    console.sees("#orders [data-status=EN_ATTENTE]").await;
    console.sees("#basket:not(:has(.line))").await;
    console.drills("orders", false).await;
    console.sees("#salle:not(:has([data-note=menu]))").await;
    assert_eq!(console.orders().await.len(), 1);
    closes(console).await;
}

#[actix_web::test]
async fn kitchen_and_delivery_keep_their_lists_in_an_outage() {
    let console = Console::beside(Browser::open(DESK).await).await;
    console.shows(&console.browser, "/demo").await;
    console.sees("#tickets .card").await;
    console.sees("#deliveries .card").await;
    for upstream in ["kitchen", "delivery"] {
        console.drills(upstream, true).await;
    }
    for (room, list, words) in [
        ("cuisine", "tickets", "The kitchen does not answer."),
        (
            "livraison",
            "deliveries",
            "The delivery service does not answer.",
        ),
    ] {
        let note = format!("#{room} [data-note=list]");
        console.sees(&note).await;
        let told = console.text(&note).await;
        assert!(told.starts_with(words), "{told}");
        assert!(told.contains("What is shown is of "), "{told}");
        console.sees(&format!("#{list}[data-old=true] .card")).await;
    }
    // The dining room goes on, and says what it misses.
    console.sees("#salle [data-note=kitchen]").await;
    console.clicks("[id^=start-]").await;
    console.sees("#tickets .card .error").await;
    for upstream in ["kitchen", "delivery"] {
        console.drills(upstream, false).await;
    }
    console.sees("#tickets[data-old=false]").await;
    console.sees("#deliveries[data-old=false]").await;
    console.sees("main:not(:has(.notice))").await;
    closes(console).await;
}

/// Loses the first answer to an order, after the restaurant has taken it.
const LOST_ANSWER: &str = "const send = window.fetch;\
    let isFirst = true;\
    window.fetch = async (url, options) => {\
        const answer = await send(url, options);\
        if (isFirst && options?.method === 'POST' && String(url).endsWith('/commandes')) {\
            isFirst = false;\
            throw new TypeError('lost');\
        }\
        return answer;\
    };";

#[actix_web::test]
async fn an_order_whose_answer_was_lost_is_the_same_order_when_it_is_sent_again() {
    let browser = Browser::open(DESK).await;
    browser.before_each_page(LOST_ANSWER).await;
    let console = Console::beside(browser).await;
    console.shows(&console.browser, "/demo/salle").await;
    console.sees("[id^=add-]").await;
    console.clicks("[id^=add-]").await;
    console.clicks("#order").await;
    console.sees("[data-note=order]").await;
    assert_eq!(console.orders().await.len(), 1);
    console.sees("#basket .line").await;
    console.clicks("#order").await;
    console.sees("#orders .order").await;
    assert_eq!(console.orders().await.len(), 1);
    closes(console).await;
}

/// Answers an order as a restaurant that confirms it later, by what the test sets.
const CONFIRMED_LATER: &str = "const send = window.fetch;\
    window.kept = { id: 'x', status: 'EN_ATTENTE_DE_CONFIRMATION', message: 'Kept until the kitchen is back.' };\
    window.fetch = async (url, options) => {\
        const path = new URL(url, location).pathname;\
        const headers = { 'Content-Type': 'application/json', Location: '/differe/x' };\
        if (options?.method === 'POST' && path.endsWith('/commandes')) return new Response(JSON.stringify(window.kept), { status: 202, headers });\
        if (path === '/differe/x') return new Response(JSON.stringify({ ...window.kept, status: 'pending', ...window.settled }), { headers });\
        return send(url, options);\
    };";

#[actix_web::test]
async fn an_order_that_is_kept_is_followed_until_it_is_confirmed_or_refused() {
    for state in ["accepted", "refused"] {
        let browser = Browser::open(DESK).await;
        browser.before_each_page(CONFIRMED_LATER).await;
        let console = Console::beside(browser).await;
        let gateway = Client::of(console.stack.addr());
        console.shows(&console.browser, "/demo/salle").await;
        console.sees("[id^=add-]").await;
        console.clicks("[id^=add-]").await;
        console.clicks("#order").await;
        console.sees("#orders [data-status=PENDING]").await;
        let kept = console.text("#orders").await;
        assert!(kept.contains("Kept until the kitchen is back."), "{kept}");
        console.sees("#basket:not(:has(.line))").await;
        let order = json!({
            "clientId": uuid::Uuid::now_v7(),
            "items": [{"menuId": "0192f0c4-0a11-7000-8000-000000000001", "quantite": 1}],
        });
        let order = gateway.post("/order-api/commandes", order).await.ok(201);
        let settled = json!({
            "status": state, "result": order, "problem": {"detail": "The dish has gone."},
        });
        let _ = console.asks(&format!("window.settled = {settled}")).await;
        if state == "accepted" {
            console.sees("#orders [data-status=EN_ATTENTE]").await;
        } else {
            let refused = "#orders .order[data-refused] .quiet";
            console.sees(refused).await;
            assert_eq!(
                console.text(refused).await,
                "The order was not accepted: The dish has gone."
            );
        }
        closes(console).await;
    }
}

#[actix_web::test]
async fn with_strict_access_each_room_asks_for_its_login() {
    let browser = Browser::open(DESK).await;
    let env = Env::of_pairs([
        ("GATEWAY_WORKERS", "1"),
        ("ACCESS", "strict"),
        (
            "PEER_SECRET",
            "a-secret-of-the-services-that-nobody-guesses",
        ),
    ]);
    let console = Console::with(browser, env).await;
    console.shows(&console.browser, "/demo").await;
    for room in ["cuisine", "livraison"] {
        console.sees(&format!("#{room} .session[open]")).await;
        console.sees(&format!("#{room} [data-note=list]")).await;
        console.clicks(&format!("#{room}-login")).await;
        console.sees(&format!("#{room} .cards .card")).await;
        console.sees(&format!("#{room}:not(:has(.notice))")).await;
    }
    console.clicks("[id^=add-]").await;
    console.clicks("#order").await;
    console.sees("#salle .session[open]").await;
    console.clicks("#salle-login").await;
    console.sees("#salle .session:not([open])").await;
    console.clicks("#order").await;
    console.sees("#orders [data-status=EN_ATTENTE]").await;
    closes(console).await;
}

#[actix_web::test]
async fn the_rooms_have_no_fault_for_axe_in_any_look() {
    let Some(axe) = axe() else { return };
    let none = "#nothing";
    for (name, look) in looks() {
        let console = dining(look).await;
        let browser = &console.browser;
        is_accessible(browser, &axe, ("rooms-basket", &name), none).await;
        console.clicks("#order").await;
        console.sees("#orders .order").await;
        console.clicks("[id^=add-]").await;
        for upstream in ["orders", "counter", "kitchen", "delivery"] {
            console.drills(upstream, true).await;
        }
        console.clicks("#order").await;
        console.sees("[data-note=order]").await;
        console.shows(browser, "/demo").await;
        console.sees("#salle [data-note=menu]").await;
        console.sees("#livraison [data-note=list]").await;
        console.clicks("#salle-who").await;
        is_accessible(browser, &axe, ("rooms-away", &name), none).await;
        for upstream in ["orders", "counter", "kitchen", "delivery"] {
            console.drills(upstream, false).await;
        }
        for (room, card) in [
            ("cuisine", "#tickets .card"),
            ("livraison", "#deliveries .card"),
        ] {
            console.shows(browser, &format!("/demo/{room}")).await;
            console.sees(card).await;
            is_accessible(browser, &axe, (&format!("rooms-{room}"), &name), none).await;
        }
        let width = console
            .asks("return document.documentElement.scrollWidth")
            .await;
        assert_eq!(width, look.width, "{name}");
        closes(console).await;
    }
}

async fn presses(browser: &Browser, key: Key) {
    let element = browser.page.active_element().await.unwrap();
    element
        .send_keys(&char::from(key).to_string())
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_keyboard_fills_and_empties_the_basket_without_losing_its_place() {
    let console = dining(DESK).await;
    let browser = &console.browser;
    let active = "return document.activeElement.id";
    let _ = console
        .asks("document.querySelector('[id^=add-]').focus()")
        .await;
    let add = console.asks(active).await;
    presses(browser, Key::Enter).await;
    assert_eq!(console.asks(active).await, add);
    let _ = console
        .asks("document.querySelector('[id^=less-]').focus()")
        .await;
    let less = console.asks(active).await;
    presses(browser, Key::Enter).await;
    assert_eq!(console.asks(active).await, less);
    presses(browser, Key::Enter).await;
    assert_eq!(console.asks(active).await, "basket");
    closes(console).await;
}
