//! Tests that an order and its delivery agree in the end, in whichever statuses they meet: each cell of
//! the table in `docs/API.md`.

use serde_json::{Value, json};
use service_kit::testing::eventually;
use stack::Service;

use crate::{Restaurant, restaurant};

const API: &str = include_str!("../../../docs/API.md");

/// The first words of the table.
const TABLE: &str = "| Order, and its delivery: |";

const STEPS: [&str; 5] = [
    "EN_ATTENTE",
    "EN_ROUTE_RESTAURANT",
    "RECUPEREE",
    "EN_ROUTE_CLIENT",
    "LIVREE",
];

/// An order and its newest delivery, or `none`.
type Pair = (String, String);

/// What the table says of a pair.
struct Cell {
    met: Pair,
    ends: Pair,
    /// Whether the order gets a delivery beside those that it has.
    is_new: bool,
}

fn cells() -> Vec<Cell> {
    let mut lines = API.lines().skip_while(|line| !line.starts_with(TABLE));
    let cells_of = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    let deliveries = cells_of(lines.next().unwrap());
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = rows.map(cells_of).collect();
    let cell = |order: &str, delivery: &str, says: &str| {
        let (kind, status) = says.split_once(' ').unwrap_or((says, ""));
        let (order, delivery) = (order.to_owned(), delivery.to_owned());
        let met = (order.clone(), delivery.clone());
        let ends = match kind {
            "stays" => met.clone(),
            "order" => (status.to_owned(), delivery),
            "delivery" | "new" => (order, status.to_owned()),
            other => panic!("{other}"),
        };
        let is_new = kind == "new";
        Cell { met, ends, is_new }
    };
    let of_row = |row: &Vec<String>| -> Vec<Cell> {
        let cells = deliveries.iter().zip(row).skip(1);
        cells
            .map(|(delivery, says)| cell(&row[0], delivery, says))
            .collect()
    };
    rows.iter().flat_map(of_row).collect()
}

impl Restaurant {
    async fn deliveries(&self, order: &str) -> Vec<Value> {
        let path = format!("/delivery-api/livraisons?commandeId={order}");
        let all = self.gateway.get(&path).await.ok(200);
        all.as_array().unwrap().clone()
    }

    async fn pair(&self, order: &str) -> Pair {
        let path = format!("/order-api/commandes/{order}");
        let status = self.gateway.get(&path).await.ok(200)["status"].clone();
        let newest = self.deliveries(order).await;
        let newest = newest.first().map(|one| one["statut"].as_str().unwrap());
        let newest = newest.unwrap_or("none").to_owned();
        (status.as_str().unwrap().to_owned(), newest)
    }

    /// Opens a delivery and brings it to this status.
    async fn deliver(&self, order: &str, to: &str) {
        let new = json!({"commandeId": order});
        let opened = self.gateway.post("/delivery-api/livraisons", new).await;
        let opened = opened.ok(201);
        let path = format!(
            "/delivery-api/livraisons/{}",
            opened["id"].as_str().unwrap()
        );
        let steps = match STEPS.iter().position(|step| *step == to) {
            Some(last) => &STEPS[1..=last],
            None => &[to][..],
        };
        for step in steps {
            let moved = self.gateway.patch(&path, json!({"statut": step})).await;
            let _ = moved.ok(200);
        }
    }

    /// Brings an order to this status. Its delivery may be faster.
    async fn progress(&self, order: &str, to: &str) {
        let steps: &[&str] = match to {
            "EN_ATTENTE" => &[],
            "EN_LIVRAISON" => &["PRETE", "EN_LIVRAISON"],
            "LIVREE" => &["PRETE", "LIVREE"],
            to => &[to],
        };
        let path = format!("/order-api/commandes/{order}/status");
        for step in steps {
            let moved = self.gateway.patch(&path, json!({"status": step})).await;
            assert!([200, 409].contains(&moved.status.as_u16()), "{moved:?}");
        }
    }

    async fn ends(&self, order: &str, cell: &Cell) {
        let Cell { met, ends, is_new } = cell;
        eventually(&format!("{met:?} to become {ends:?}"), async || {
            (self.pair(order).await == *ends).then_some(())
        })
        .await;
        let had = usize::from(met.1 != "none");
        let has = self.deliveries(order).await.len();
        assert_eq!(has, had + usize::from(*is_new), "{met:?}");
    }
}

#[actix_web::test]
async fn an_order_and_its_delivery_agree_in_whichever_statuses_they_meet() {
    let restaurant = restaurant().await;
    let cells = cells();
    assert_eq!(cells.len(), 6 * 7);
    let mut orders = Vec::new();
    for cell in &cells {
        let order = restaurant.ordered().await;
        if cell.met.1 != "none" {
            restaurant.deliver(&order, &cell.met.1).await;
        }
        restaurant.progress(&order, &cell.met.0).await;
        restaurant.ends(&order, cell).await;
        orders.push(order);
    }
    // By now, every event and report has arrived: nothing moves any more.
    for (cell, order) in cells.iter().zip(&orders) {
        restaurant.ends(order, cell).await;
    }
}

#[actix_web::test]
async fn a_delivery_of_an_order_that_ended_unheard_is_undone() {
    for (end, steps) in [
        ("ANNULEE", &["ANNULEE"][..]),
        ("LIVREE", &["PRETE", "LIVREE"]),
    ] {
        let mut restaurant = restaurant().await;
        let order = restaurant.ordered().await;
        for step in steps {
            restaurant.move_to(&order, step).await;
        }
        eventually("delivery to have heard", async || {
            let new = json!({"commandeId": order});
            let opened = restaurant.gateway.post("/delivery-api/livraisons", new);
            opened.await.status.is_client_error().then_some(())
        })
        .await;

        // It forgets which orders have ended.
        restaurant.stack.stop_service(Service::Delivery).await;
        restaurant
            .stack
            .start_service(Service::Delivery)
            .await
            .unwrap();
        restaurant.deliver(&order, "RECUPEREE").await;
        eventually("the delivery to be undone", async || {
            let pair = restaurant.pair(&order).await;
            (pair == (end.to_owned(), end.to_owned())).then_some(())
        })
        .await;
    }
}
