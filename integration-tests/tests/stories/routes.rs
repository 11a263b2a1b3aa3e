//! Tests that every row of the route table answers its published status.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Client, eventually};
use shared_types::golden;
use shared_types::problem::Code;
use stack::Service;

use crate::{Restaurant, restaurant};

/// Sends requests and remembers the row of each.
struct Walk<'a> {
    restaurant: &'a Restaurant,
    token: String,
    /// The value of a path's `{id}`.
    id: String,
    walked: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    async fn get(&mut self, path: &str) -> Value {
        self.step(Method::GET, path, "", 200).await
    }

    async fn post(&mut self, path: &str, body: &str, status: u16) -> Value {
        self.step(Method::POST, path, body, status).await
    }

    async fn patch(&mut self, path: &str, body: &str) -> Value {
        self.step(Method::PATCH, path, body, 200).await
    }

    async fn delete(&mut self, path: &str) -> Value {
        self.step(Method::DELETE, path, "", 200).await
    }

    /// Always sends the token: some routes need it, the others ignore it.
    async fn step(&mut self, method: Method, path: &str, body: &str, status: u16) -> Value {
        self.walked.insert((method.to_string(), path.to_owned()));
        let path = path
            .replace("{id}", &self.id)
            .replace("{commandeId}", &self.id);
        let request = self
            .restaurant
            .gateway
            .request(method, &path)
            .bearer(&self.token);
        let answer = match body {
            "" => request.send().await,
            body => request.send_json(body).await,
        };
        answer.ok(status)
    }

    fn turn_to(&mut self, made: &Value) {
        self.id = made["id"].as_str().unwrap().to_owned();
    }
}

#[actix_web::test]
async fn every_row_answers_its_published_status() {
    let mut restaurant = restaurant().await;
    let mut walk = Walk {
        restaurant: &restaurant,
        token: String::new(),
        id: String::new(),
        walked: BTreeSet::new(),
    };
    walk.own_pages().await;
    walk.clients().await;
    walk.orders().await;
    walk.kitchen_and_delivery().await;
    let Walk { token, walked, .. } = walk;
    restaurant.stack.stop_service(Service::Orders).await;
    let mut walk = Walk {
        restaurant: &restaurant,
        token,
        id: String::new(),
        walked,
    };
    walk.without_orders().await;
    assert_eq!(walk.walked, table());
}

impl Walk<'_> {
    async fn own_pages(&mut self) {
        for page in ["/", "/status", "/live", "/ready", "/openapi.json"] {
            self.get(page).await;
        }
        self.problem_pages().await;
        self.docs().await;
    }

    /// The page of the API, which is HTML.
    async fn docs(&mut self) {
        for (row, path) in [("/docs", "/docs"), ("/docs/{file}", "/docs/swagger-ui.css")] {
            assert_eq!(
                self.restaurant.gateway.get(path).await.status,
                200,
                "{path}"
            );
            self.walked.insert(("GET".to_owned(), row.to_owned()));
        }
    }

    /// The pages of the problems' `type`, in both languages.
    async fn problem_pages(&mut self) {
        let gateway = &self.restaurant.gateway;
        for (lang, code) in ["fr", "en"]
            .iter()
            .flat_map(|lang| Code::ALL.iter().map(move |code| (*lang, code)))
        {
            let request = gateway.request(Method::GET, &code.type_uri());
            let page = request.header("accept-language", lang).send().await;
            assert_eq!(page.status, 200, "{code:?}");
            assert_eq!(page.header("content-language"), Some(lang));
            let text = page.text();
            assert!(
                text.contains(&format!("<code>{}</code>", code.as_str())),
                "{text}"
            );
        }
        let list = gateway.get("/problems").await;
        assert_eq!(list.status, 200);
        self.walked
            .insert(("GET".to_owned(), "/problems".to_owned()));
        let unknown = gateway.get("/problems/none-such").await;
        let _ = unknown.problem(404, "route_not_found");
        self.walked
            .insert(("GET".to_owned(), "/problems/{code}".to_owned()));
    }

    async fn clients(&mut self) {
        let client = self
            .post("/client-api/clients", golden::NEW_CLIENT, 201)
            .await;
        self.turn_to(&client);
        for ending in ["/client-api/logout", "/client-api/logout-all"] {
            self.log_in(golden::LOGIN).await;
            self.get("/client-api/sessions").await;
            self.post(ending, "", 200).await;
        }
        self.log_in(golden::LOGIN).await;
        let sessions = self.get("/client-api/sessions").await;
        self.turn_to(&sessions[0]);
        self.delete("/client-api/sessions/{id}").await;
        self.turn_to(&client);
        self.log_in(golden::LOGIN).await;
        self.get("/client-api/.well-known/jwks.json").await;
        self.get("/client-api/clients").await;
        self.get("/client-api/clients/{id}").await;
        self.get("/client-api/clients/{id}/export").await;
        self.patch("/client-api/clients/{id}", golden::CLIENT_CHANGE)
            .await;
        let password = "/client-api/clients/{id}/password";
        self.post(password, golden::PASSWORD_CHANGE, 200).await;
        self.reset_password().await;
        self.delete("/client-api/clients/{id}").await;
        self.erase().await;
        self.post("/auth/login", golden::DEMO_LOGIN, 200).await;
    }

    async fn erase(&mut self) {
        let client = self
            .post("/client-api/clients", golden::NEW_CLIENT, 201)
            .await;
        self.turn_to(&client);
        self.log_in(golden::LOGIN).await;
        let erasure = self.post("/client-api/clients/{id}/erasure", "", 202).await;
        self.turn_to(&erasure);
        self.get("/client-api/erasures/{id}").await;
    }

    /// The token is on a page of the service that no route leads to.
    async fn reset_password(&mut self) {
        let ask = "/client-api/password-reset";
        self.post(ask, golden::PASSWORD_RESET, 202).await;
        let clients = self.restaurant.stack.service_addr(Service::Clients);
        let clients = Client::of(clients.unwrap());
        let mail = eventually("the mail", async || {
            let mails = clients.get("/dev/outbox").await.ok(200);
            mails.as_array().unwrap().first().cloned()
        });
        let text = mail.await["text"].as_str().unwrap().to_owned();
        let (_, rest) = text.split_once("token=").unwrap();
        let token = rest.split_whitespace().next().unwrap();
        let body = json!({"token": token, "new": "tarte aux prunes"}).to_string();
        self.post("/client-api/password-reset/confirm", &body, 200)
            .await;
        let login = json!({"email": "lea.martin@example.com", "password": "tarte aux prunes"});
        self.log_in(&login.to_string()).await;
    }

    async fn log_in(&mut self, login: &str) {
        let login = self.post("/client-api/login", login, 200).await;
        self.token = login["access_token"].as_str().unwrap().to_owned();
    }

    async fn orders(&mut self) {
        self.get("/order-api/menu").await;
        self.get("/order-api/menu/filter").await;
        self.dishes().await;
        self.get("/order-api/opening").await;
        let order = self
            .post("/order-api/commandes", golden::NEW_ORDER, 201)
            .await;
        self.turn_to(&order);
        self.get("/order-api/commandes").await;
        self.get("/order-api/commandes/{id}").await;
        self.patch("/order-api/commandes/{id}/status", golden::STATUS_CHANGE)
            .await;
        self.get("/suivi/{commandeId}").await;
        self.watch_to_the_end().await;
        self.get("/tableau-de-bord").await;
        self.watch_the_screen().await;
        self.get("/orders").await;
        self.post("/orders", golden::NEW_DEMO_ORDER, 200).await;
    }

    /// What there is only while the order service is away.
    async fn without_orders(&mut self) {
        let kept = self
            .post("/order-api/commandes", golden::NEW_ORDER, 202)
            .await;
        self.turn_to(&kept);
        self.get("/differe/{id}").await;
        self.delete("/differe/{id}").await;
    }

    async fn dishes(&mut self) {
        let dish = self.post("/order-api/menu", golden::NEW_DISH, 201).await;
        self.turn_to(&dish);
        self.get("/order-api/menu/{id}").await;
        self.patch("/order-api/menu/{id}", golden::DISH_CHANGE)
            .await;
        self.delete("/order-api/menu/{id}").await;
        self.post("/order-api/menu/import", golden::MENU_FILE, 200)
            .await;
        self.get("/order-api/menu/export").await;
    }

    /// The stream of an order whose status is final ends by itself.
    async fn watch_to_the_end(&mut self) {
        let cancelled = json!({"status": "ANNULEE"}).to_string();
        self.patch("/order-api/commandes/{id}/status", &cancelled)
            .await;
        let path = "/suivi/{commandeId}/flux";
        self.walked.insert(("GET".to_owned(), path.to_owned()));
        let path = path.replace("{commandeId}", &self.id);
        let answer = self.restaurant.gateway.get(&path).await;
        assert_eq!(answer.status, 200);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(text.contains("\nevent: suivi\n"), "{text}");
        assert!(text.contains("\"status\":\"ANNULEE\""), "{text}");
        assert!(text.contains("event: fin\n"), "{text}");
    }

    /// A stream that does not end by itself.
    async fn watch_the_screen(&mut self) {
        let path = "/tableau-de-bord/flux";
        self.walked.insert(("GET".to_owned(), path.to_owned()));
        let request = self.restaurant.gateway.request(Method::HEAD, path);
        let answer = request.send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    }

    async fn kitchen_and_delivery(&mut self) {
        self.get("/kitchen/orders").await;
        self.post("/kitchen/update", golden::KITCHEN_MARK, 200)
            .await;
        self.get("/delivery/assigned").await;
        self.post("/delivery/update", golden::DELIVERY_MARK, 200)
            .await;

        let courier = self
            .post("/delivery-api/livreurs", golden::NEW_COURIER, 201)
            .await;
        self.turn_to(&courier);
        self.get("/delivery-api/livreurs").await;
        self.get("/delivery-api/livreurs/{id}").await;
        self.patch("/delivery-api/livreurs/{id}", golden::COURIER_CHANGE)
            .await;

        let delivery = self
            .post("/delivery-api/livraisons", golden::NEW_DELIVERY, 201)
            .await;
        self.turn_to(&delivery);
        self.get("/delivery-api/livraisons").await;
        self.get("/delivery-api/livraisons/{id}").await;
        let choice = json!({"livreurId": courier["id"]}).to_string();
        self.post("/delivery-api/livraisons/{id}/assigner", &choice, 200)
            .await;
        self.patch("/delivery-api/livraisons/{id}", golden::DELIVERY_CHANGE)
            .await;

        self.turn_to(&courier);
        self.delete("/delivery-api/livreurs/{id}").await;
    }
}

/// The rows of the configuration.
fn table() -> BTreeSet<(String, String)> {
    let config = gateway::Config::load(None, &Env::of_pairs([])).unwrap();
    let rows = config.routes.routes();
    rows.map(|route| (route.method.to_string(), route.path.to_string()))
        .collect()
}
