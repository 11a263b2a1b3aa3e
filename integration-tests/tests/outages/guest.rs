//! A guest who uses every feature and checks every answer.

use std::cell::RefCell;

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, eventually};

use crate::declared::{FEATURES, Feature, Outcome};

const DISH: &str = "0192f0c4-0a11-7000-8000-000000000001";

pub(crate) struct Guest {
    gateway: Client,
    operator: Client,
    /// The orders that were kept while their service was down, and are not looked for yet.
    kept: RefCell<Vec<String>>,
    /// An order that was made before anything failed.
    order: String,
}

impl Guest {
    /// A guest who orders while everything works.
    pub(crate) async fn of(gateway: Client, operator: Client) -> Self {
        let mut guest = Self {
            gateway,
            operator,
            kept: RefCell::default(),
            order: String::new(),
        };
        guest.eventually_up().await;
        let order = guest.order_once().await.ok(201);
        guest.order = order["id"].as_str().unwrap().to_owned();
        guest
    }

    async fn order_once(&self) -> Answer {
        let order = json!({
            "clientId": uuid::Uuid::now_v7(),
            "items": [{"menuId": DISH, "quantite": 1}],
        });
        let request = self.gateway.request(Method::POST, "/order-api/commandes");
        let key = uuid::Uuid::now_v7().to_string();
        request
            .header("Idempotency-Key", &key)
            .send_json(order)
            .await
    }

    async fn request(&self, feature: &Feature) -> Answer {
        let get = async |path: &str| self.gateway.get(path).await;
        match feature.name {
            "menu" => get("/order-api/menu").await,
            "ordering" => self.order_once().await,
            "orderStatus" => get(&format!("/order-api/commandes/{}", self.order)).await,
            "accounts" => get("/client-api/clients").await,
            "login" => {
                let account =
                    json!({"email": "client@passe-plat.example", "password": "passe-plat"});
                self.gateway.post("/client-api/login", account).await
            }
            "kitchen" => get("/kitchen/orders").await,
            "delivery" => get("/delivery/assigned").await,
            "tracking" => get(&format!("/suivi/{}", self.order)).await,
            other => panic!("{other} is no feature"),
        }
    }

    /// Uses a feature while an upstream is down, if any. Checks every detail of the answer, and
    /// that `/status` agrees.
    pub(crate) async fn ask(&self, feature: &Feature, down: Option<&str>) -> Outcome {
        let status = self.status().await["features"][feature.name].clone();
        let answer = self.request(feature).await;
        let missing = |upstream: &str| {
            let missing = status["missing"].as_array();
            missing.is_some_and(|missing| missing.iter().any(|name| name == upstream))
        };
        let said = status["status"].as_str().unwrap();
        if said != "up" {
            assert!(missing(down.unwrap()), "{}: {status}", feature.name);
        }
        match (answer.status.as_u16(), answer.header("x-degraded"), said) {
            (200 | 201, None, "up") => Outcome::Works,
            (200 | 201, None, "degraded") => Outcome::WorksDegraded,
            (200, Some("stale"), "degraded" | "down") => {
                is_marked_stale(feature, &answer);
                Outcome::Stale
            }
            (200, Some("partial"), "degraded") => {
                let meta = &answer.json()["meta"];
                assert_eq!(meta["complete"], false);
                let part = &meta["parts"][down.unwrap()]["state"];
                assert_ne!(part, "ok", "{meta}");
                Outcome::Partial
            }
            (202, Some("deferred"), "deferred") => {
                let kept = answer.json();
                assert_eq!(kept["status"], "EN_ATTENTE_DE_CONFIRMATION");
                let id = kept["id"].as_str().unwrap().to_owned();
                let told = answer.header("location").unwrap();
                assert_eq!(told, format!("/differe/{id}"));
                assert_eq!(self.gateway.get(told).await.ok(200)["status"], "pending");
                self.kept.borrow_mut().push(id);
                Outcome::Kept
            }
            (503, None, "down") => {
                let problem = answer.problem(503, "upstream_unavailable");
                assert_eq!(problem.service.as_deref(), down);
                let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!(wait >= 1);
                assert!(status["retryAfterSeconds"].as_u64().unwrap() >= 1);
                Outcome::Refused
            }
            other => panic!("{}: {other:?} {status}", feature.name),
        }
    }

    /// Waits until `/status` says that every feature is up, and uses each. What was kept has become
    /// an order.
    pub(crate) async fn all_works(&self) {
        self.eventually_up().await;
        for id in self.kept.take() {
            eventually("a kept order to be placed", async || {
                let path = format!("/order-api/commandes/{id}");
                (self.gateway.get(&path).await.status == 200).then_some(())
            })
            .await;
            let kept = self.gateway.get(&format!("/differe/{id}")).await.ok(200);
            assert_eq!(
                (&kept["status"], &kept["result"]["id"]),
                (&json!("accepted"), &json!(id))
            );
        }
        for feature in &FEATURES {
            assert_eq!(
                self.ask(feature, None).await,
                Outcome::Works,
                "{}",
                feature.name
            );
        }
    }

    /// Waits until the gateway knows of the outage, and no cached answer of that upstream is fresh
    /// any more.
    pub(crate) async fn knows_of(&self, upstream: &str) {
        eventually("an outage to be known", async || {
            // A failed probe shows earlier, while requests are still tried.
            let status = self.operator.get("/status").await.ok(200);
            let is_known = status["upstreams"][upstream]["status"] == "down";
            let menu = self.gateway.get("/order-api/menu").await;
            let is_over = upstream != "orders" || menu.header("x-degraded").is_some();
            (is_known && is_over).then_some(())
        })
        .await;
    }

    async fn eventually_up(&self) {
        eventually("every feature to be up", async || {
            (self.status().await["status"] == "up").then_some(())
        })
        .await;
    }

    async fn status(&self) -> Value {
        self.gateway.get("/status").await.ok(200)
    }
}

fn is_marked_stale(feature: &Feature, answer: &Answer) {
    if feature.name == "tracking" {
        // It consists of parts, each with an age of its own.
        let order = &answer.json()["meta"]["parts"]["order"];
        assert_eq!(order["state"], "stale");
        assert!(order["ageSeconds"].is_u64(), "{order}");
        return;
    }
    assert!(answer.header("age").is_some());
    let status = answer.header("cache-status").unwrap();
    assert!(
        status.contains("; ttl=") && status.contains("; detail="),
        "{status}"
    );
}
