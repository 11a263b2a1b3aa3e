//! One answer made from three services, whichever of them answer, and the same as a stream.

mod closures;
mod lists;
mod outages;
mod shares;
mod stream;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use service_kit::testing::Client;
use tokio::io::AsyncWriteExt as _;

use crate::scripted::{Seen, read_head, serving, unused_address, value};
use crate::{CONFIG, start_with};

const ORDER: &str = r#"{"id":"7","status":"EN_PREPARATION","totalPrice":12.50}"#;
const TICKETS: &str = r#"[{"order_id":"6"},{"order_id":"7","status":"EN_PREPARATION"}]"#;
const DELIVERIES: &str = r#"[{"commandeId":"7","statut":"EN_ATTENTE"},{"commandeId":"70"}]"#;

/// A service whose answer a test changes. It counts how often it was asked.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) addr: SocketAddr,
    answer: Arc<Mutex<(u16, String)>>,
    pub(crate) seen: Seen,
}

impl Service {
    pub(crate) async fn answering(body: &str) -> Self {
        let answer = Arc::new(Mutex::new((200, body.to_owned())));
        let seen = Seen::default();
        let (held, requests) = (Arc::clone(&answer), seen.clone());
        let addr = serving(move |mut stream| {
            let (held, requests) = (Arc::clone(&held), requests.clone());
            async move {
                while let Some(request) = read_head(&mut stream).await {
                    let (status, body) = held.lock().unwrap().clone();
                    requests.add(request);
                    let length = body.len();
                    let answer =
                        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        })
        .await;
        Self { addr, answer, seen }
    }

    pub(crate) fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }
}

/// A configuration for three services, with half a second for all of them.
fn config(orders: SocketAddr, kitchen: SocketAddr, delivery: SocketAddr) -> String {
    let upstream = |name: &str, addr: SocketAddr| {
        format!(
            r#"
[upstreams.{name}]
url = "http://{addr}"
label = {{ fr = "Le service {name}", en = "The {name} service" }}
connect_timeout = "1s"
timeout = "20s"
retries = 0
breaker = {{ failures = 1000000, minimum = 1000000 }}
"#
        )
    };
    CONFIG.replace(
        "[routes]",
        &format!(
            r#"{}{}{}
[aggregates.suivi]
path = "/suivi/{{commandeId}}"
timeout = "500ms"

[aggregates.suivi.events]
path = "/suivi/{{commandeId}}/flux"
end = {{ part = "order", key = "status", values = ["LIVREE", "ANNULEE"], event = "fin" }}

[aggregates.suivi.parts]
order = {{ upstream = "orders", path = "/commandes/{{commandeId}}", type = "object", required = true, not_found = "order_not_found" }}
kitchen = {{ upstream = "kitchen", path = "/orders", find = {{ order_id = "{{commandeId}}" }} }}
delivery = {{ upstream = "delivery", path = "/livraisons?commandeId={{commandeId}}", find = {{ commandeId = "{{commandeId}}" }} }}

[routes]"#,
            upstream("orders", orders),
            upstream("kitchen", kitchen),
            upstream("delivery", delivery),
        ),
    )
}

fn gateway(orders: SocketAddr, kitchen: SocketAddr, delivery: SocketAddr) -> SocketAddr {
    let config = config(orders, kitchen, delivery);
    start_with(&config, unused_address(), [("GATEWAY_WORKERS", "2")])
}

/// The three services, all well, and a gateway before them.
struct Restaurant {
    orders: Service,
    kitchen: Service,
    delivery: Service,
    gateway: SocketAddr,
}

impl Restaurant {
    async fn open() -> Self {
        let orders = Service::answering(ORDER).await;
        let kitchen = Service::answering(TICKETS).await;
        let delivery = Service::answering(DELIVERIES).await;
        Self {
            gateway: gateway(orders.addr, kitchen.addr, delivery.addr),
            orders,
            kitchen,
            delivery,
        }
    }

    fn client(&self) -> Client {
        Client::of(self.gateway)
    }

    /// Those of the services.
    fn addresses(&self) -> [SocketAddr; 3] {
        [self.orders.addr, self.kitchen.addr, self.delivery.addr]
    }

    /// Starts another gateway before the same services.
    fn another_gateway(&self) -> SocketAddr {
        let [orders, kitchen, delivery] = self.addresses();
        gateway(orders, kitchen, delivery)
    }
}

fn states(body: &Value) -> [&str; 3] {
    ["order", "kitchen", "delivery"]
        .map(|part| body["meta"]["parts"][part]["state"].as_str().unwrap())
}

#[actix_web::test]
async fn an_order_is_answered_with_its_ticket_and_its_delivery() {
    let restaurant = Restaurant::open().await;
    let client = restaurant.client();
    let request = client.request(actix_web::http::Method::GET, "/suivi/7");
    let answer = request
        .bearer("t")
        .header("x-request-id", "mine")
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-degraded"), None);
    let expected = format!(
        "{}{ORDER}{}{}{}",
        r#"{"order":"#,
        r#","kitchen":{"order_id":"7","status":"EN_PREPARATION"}"#,
        r#","delivery":{"commandeId":"7","statut":"EN_ATTENTE"}"#,
        concat!(
            r#","meta":{"complete":true,"parts":{"order":{"state":"ok"},"#,
            r#""kitchen":{"state":"ok"},"delivery":{"state":"ok"}}}}"#
        ),
    );
    assert_eq!(answer.body, expected);
    for (service, target) in [
        (&restaurant.orders, "/commandes/7"),
        (&restaurant.kitchen, "/orders"),
        (&restaurant.delivery, "/livraisons?commandeId=7"),
    ] {
        let request = service.seen.only();
        assert!(
            request.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
            "{request}"
        );
        assert_eq!(value(&request, "authorization"), "Bearer t");
        assert_eq!(value(&request, "accept"), "application/json");
        assert_eq!(value(&request, "x-request-id"), "mine");
        assert_eq!(value(&request, "via"), "1.1 passe-plat");
        assert_eq!(value(&request, "traceparent").len(), 55);
    }
}

#[actix_web::test]
async fn an_order_is_one_however_its_id_is_spelled() {
    const ID: &str = "0192f0d1-5c2b-7e4f-8a63-9b7c2d3e5f60";
    let restaurant = Restaurant::open().await;
    restaurant
        .kitchen
        .answer(200, &json!([{"order_id": ID}]).to_string());
    let upper = ID.to_uppercase();
    let delivery = json!([{"commandeId": upper}]);
    restaurant.delivery.answer(200, &delivery.to_string());
    for spelling in [ID, &upper, &ID.replace('-', "")] {
        let body = restaurant.client().get(&format!("/suivi/{spelling}")).await;
        let body = body.ok(200);
        assert_eq!(states(&body), ["ok"; 3], "{spelling}");
        // What a service wrote is passed on as it is.
        assert_eq!(body["delivery"]["commandeId"], json!(upper));
    }
    // The last good parts of one spelling serve the others.
    for service in [&restaurant.kitchen, &restaurant.delivery] {
        service.answer(500, "{}");
    }
    let path = format!("/suivi/{}", ID.replace('9', "%39").to_uppercase());
    let body = restaurant.client().get(&path).await.ok(200);
    assert_eq!(states(&body), ["ok", "stale", "stale"]);
}

#[actix_web::test]
async fn an_answer_without_a_part_that_does_not_exist_is_complete() {
    let restaurant = Restaurant::open().await;
    restaurant.kitchen.answer(200, "[]");
    restaurant.delivery.answer(404, "{}");
    let answer = restaurant.client().get("/suivi/7").await;
    let body = answer.ok(200);
    assert_eq!(states(&body), ["ok", "not_found", "not_found"]);
    assert_eq!(body["meta"]["complete"], json!(true));
    assert_eq!(answer.header("x-degraded"), None);
}

#[actix_web::test]
async fn an_order_that_its_service_refuses_is_refused() {
    let restaurant = Restaurant::open().await;
    let client = restaurant.client();
    let _ = client.get("/suivi/7").await.ok(200);
    for (status, refused, code) in [
        (404, 404, "order_not_found"),
        (400, 404, "order_not_found"),
        (401, 401, "unauthorized"),
        (403, 403, "forbidden"),
    ] {
        restaurant.orders.answer(status, "{}");
        for path in ["/suivi/7", "/suivi/7/flux"] {
            let _ = client.get(path).await.problem(refused, code);
        }
    }
}

#[actix_web::test]
async fn an_id_that_leads_elsewhere_is_refused() {
    let restaurant = Restaurant::open().await;
    for path in ["/suivi/..%2f7", "/suivi/%00/flux"] {
        let _ = restaurant
            .client()
            .get(path)
            .await
            .problem(400, "bad_request");
    }
    assert_eq!(restaurant.orders.seen.requests().len(), 0);
    // It would be a second parameter, but is looked for as it is.
    restaurant
        .delivery
        .answer(200, r#"[{"commandeId":"7&x=1"}]"#);
    let body = restaurant.client().get("/suivi/7&x=1").await.ok(200);
    assert_eq!(states(&body), ["ok", "not_found", "ok"]);
    let request = restaurant.delivery.seen.only();
    assert!(request.contains("?commandeId=7%26x%3D1 "), "{request}");
}

#[actix_web::test]
async fn head_is_answered_as_get_without_a_body() {
    let restaurant = Restaurant::open().await;
    for (path, content_type) in [
        ("/suivi/7", "application/json"),
        ("/suivi/7/flux", "text/event-stream"),
    ] {
        let head = format!("HEAD {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = crate::scripted::raw(restaurant.gateway, head.as_bytes(), "").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(
            answer.contains(&format!("content-type: {content_type}\r\n")),
            "{answer}"
        );
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[actix_web::test]
async fn without_the_table_there_is_no_such_route() {
    let client = Client::of(start_with(CONFIG, unused_address(), []));
    for path in ["/suivi/7", "/suivi/7/flux"] {
        let _ = client.get(path).await.problem(404, "route_not_found");
    }
}
