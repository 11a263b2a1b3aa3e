//! Tests of making the orders of one client anonymous.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, eventually};
use shared_types::event::ClientErased;
use shared_types::field::FromText as _;
use shared_types::id::{ClientId, ErasureId};

use super::linked::{Linked, waiting};
use super::subscriber::{Reply, Subscriber};
use super::{CLIENT, Service, new_order, path};

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn event_of(client: &str) -> Value {
    let event = ClientErased {
        id: ErasureId::generate(),
        client: ClientId::from_text(client).unwrap(),
    };
    serde_json::to_value(event).unwrap()
}

async fn erase(service: &Service, client: &str) -> Answer {
    service.post("/events", event_of(client)).await
}

async fn erased(service: &Service, client: &str) {
    eventually("the client to be forgotten", async || {
        let answer = erase(service, client).await;
        (answer.status == 204).then_some(())
    })
    .await;
}

/// A new order that tells all it can of its client.
async fn telling_order(service: &Service, client: &str) -> Value {
    let mut new = new_order();
    new["clientId"] = json!(client);
    new["adresse"] = json!("12 rue des Lilas");
    new["telephone"] = json!("06 39 98 12 34");
    new["commentaire"] = json!("Pour Léa");
    new["items"][0]["commentaire"] = json!("sans oignons");
    service.post("/commandes", new).await.ok(201)
}

/// The order without all that.
fn anonymous(order: &Value) -> Value {
    let mut anonymous = order.clone();
    anonymous["clientId"] = json!(NOBODY);
    for field in ["adresse", "telephone", "commentaire"] {
        anonymous[field] = json!(null);
    }
    anonymous["items"][0]["commentaire"] = json!(null);
    anonymous
}

#[actix_web::test]
async fn ended_orders_of_the_client_become_anonymous_here_and_at_the_subscribers() {
    let (kitchen, delivery) = (Subscriber::start().await, Subscriber::start().await);
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let order = telling_order(&service, CLIENT).await;
    let other = telling_order(&service, &ClientId::generate().to_string()).await;
    let order = service.change(&order, "ANNULEE").await.ok(200);
    let other = service.change(&other, "ANNULEE").await.ok(200);
    erased(&service, CLIENT).await;
    let expected = anonymous(&order);
    assert_eq!(service.get(&path(&order)).await.ok(200), expected);
    assert_eq!(service.get(&path(&other)).await.ok(200), other);
    for subscriber in [&kitchen, &delivery] {
        // It is told only after everything else, or it would learn the name once more.
        subscriber
            .receives(&order, &["EN_ATTENTE", "ANNULEE", "ANNULEE"])
            .await;
        let last = subscriber.arrivals().pop().unwrap().event;
        assert_eq!(last["type"], "passe-plat.order.made-anonymous");
        assert_eq!(last["data"], expected);
    }
    assert_eq!(erase(&service, CLIENT).await.status, 204);
}

#[actix_web::test]
async fn an_open_order_keeps_its_address_until_it_ends() {
    let service = Service::start(true).await;
    let order = telling_order(&service, CLIENT).await;
    let answer = erase(&service, CLIENT).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    let ended = service.change(&order, "ANNULEE").await.ok(200);
    assert_eq!(erase(&service, CLIENT).await.status, 204);
    assert_eq!(service.get(&path(&order)).await.ok(200), anonymous(&ended));
}

#[actix_web::test]
async fn the_client_is_not_forgotten_before_every_subscriber_has_heard_of_it() {
    let (kitchen, delivery) = (Subscriber::start().await, Subscriber::start().await);
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let order = telling_order(&service, CLIENT).await;
    let order = service.change(&order, "ANNULEE").await.ok(200);
    service.nothing_waits().await;
    delivery.answer(|_event| Reply::Status(503));
    assert_eq!(erase(&service, CLIENT).await.status, 202);
    kitchen
        .receives(&order, &["EN_ATTENTE", "ANNULEE", "ANNULEE"])
        .await;
    eventually("only delivery's event to wait", async || {
        (waiting(&service.database).await == 1).then_some(())
    })
    .await;
    assert_eq!(erase(&service, CLIENT).await.status, 202);
    delivery.answer(|_event| Reply::Status(204));
    erased(&service, CLIENT).await;
    service.nothing_waits().await;
}

#[actix_web::test]
async fn the_answer_that_could_be_repeated_is_forgotten_too() {
    let service = Service::start(true).await;
    let place = async || {
        let request = service.request(Method::POST, "/commandes");
        let request = request.header("Idempotency-Key", "once");
        request.send_json(new_order()).await.ok(201)
    };
    let order = place().await;
    let _ = service.change(&order, "ANNULEE").await.ok(200);
    erased(&service, CLIENT).await;
    assert_ne!(place().await["id"], order["id"]);
}

#[actix_web::test]
async fn a_client_without_orders_is_forgotten_already_and_so_is_nobody() {
    let service = Service::start(true).await;
    let order = telling_order(&service, NOBODY).await;
    let _ = service.change(&order, "ANNULEE").await.ok(200);
    for client in [CLIENT, NOBODY] {
        assert_eq!(erase(&service, client).await.status, 204);
    }
}

#[actix_web::test]
async fn another_event_is_refused() {
    let service = Service::start(true).await;
    let mut event = event_of(CLIENT);
    event["type"] = json!("passe-plat.order.placed");
    let answer = service.post("/events", event).await;
    let _ = answer.problem(400, "validation_failed");
}
