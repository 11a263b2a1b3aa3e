//! Tests a full disk under the whole restaurant: requests that cannot be stored are refused at once
//! and clearly, and everything that was answered 2xx is there afterwards, in every service that
//! needs it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, SmallDisk, eventually};

use crate::processes::{Processes, SERVICES};

const TEST: &str = "on_a_full_disk_writes_are_refused_and_no_answered_one_is_lost";

/// The gateway's deadline for a service.
const DEADLINE: Duration = Duration::from_secs(5);

const ORDERS: usize = 20;

/// A request to one of the services, and its expected answer.
struct Deed {
    service: &'static str,
    path: &'static str,
    done: u16,
}

const ORDER: Deed = Deed {
    service: "order-service",
    path: "/commandes",
    done: 201,
};
const SIGN_UP: Deed = Deed {
    service: "client-service",
    path: "/clients",
    done: 201,
};
const LOGIN: Deed = Deed {
    service: "client-service",
    path: "/auth/login",
    done: 200,
};
const COOKED: Deed = Deed {
    service: "kitchen-mock",
    path: "/update",
    done: 200,
};
const HANDED_OVER: Deed = Deed {
    service: "delivery-mock",
    path: "/update",
    done: 200,
};

impl Deed {
    async fn ask(&self, processes: &Processes, body: Value) -> Answer {
        let service = Client::of(processes.addr(self.service));
        service.post(self.path, body).await
    }

    /// Sends it and expects success, as while there is room.
    async fn succeed(&self, processes: &Processes, body: Value) -> Value {
        self.ask(processes, body).await.ok(self.done)
    }

    /// Sends one body after the other until one is refused properly: a few may still fit. Returns
    /// the answers that succeeded and the refused body.
    async fn until_refused(
        &self,
        processes: &Processes,
        bodies: &mut impl Iterator<Item = Value>,
    ) -> (Vec<Value>, Value) {
        let mut done = Vec::new();
        loop {
            let body = bodies.next().unwrap();
            let begun = Instant::now();
            let answer = self.ask(processes, body.clone()).await;
            assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
            if answer.status == self.done {
                done.push(answer.json());
                continue;
            }
            let problem = answer.problem(503, "service_unavailable");
            assert!(problem.detail.contains("enregistrer"), "{}", problem.detail);
            assert_eq!(answer.header("retry-after"), Some("5"));
            return (done, body);
        }
    }
}

fn new_order() -> Value {
    let dish = "0192f0c4-0a11-7000-8000-000000000001";
    json!({"clientId": uuid::Uuid::now_v7(), "items": [{"menuId": dish, "quantite": 1}]})
}

fn account(number: usize) -> Value {
    json!({
        "email": format!("guest{number}@example.com"), "password": "passe-plat",
        "firstName": "Léa", "lastName": "Martin",
    })
}

fn ids(rows: &[Value], key: &str) -> BTreeSet<String> {
    let ids = rows.iter().map(|row| row[key].as_str().unwrap().to_owned());
    ids.collect()
}

async fn list(processes: &Processes, service: &str, path: &str) -> Vec<Value> {
    let listed = Client::of(processes.addr(service)).get(path).await.ok(200);
    listed.as_array().unwrap().clone()
}

/// Waits until each service says so of itself.
async fn until_all_are(processes: &Processes, ready: u16) {
    for (service, ..) in SERVICES {
        let client = Client::of(processes.addr(service));
        eventually(&format!("{ready} of {service}'s /ready"), async || {
            (client.get("/ready").await.status == ready).then_some(())
        })
        .await;
    }
}

/// The statuses of the features that need a service that can write.
async fn features(processes: &Processes) -> Vec<Value> {
    let status = Client::of(processes.gateway()).get("/status").await.ok(200);
    let features = ["ordering", "login", "kitchen", "delivery"];
    features
        .iter()
        .map(|name| status["features"][name]["status"].clone())
        .collect()
}

async fn until_features(processes: &Processes, what: &str, are: impl Fn(&Value) -> bool) {
    eventually(what, async || {
        features(processes).await.iter().all(&are).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn on_a_full_disk_writes_are_refused_and_no_answered_one_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount_or_skip(TEST, folder.path(), "16m") else {
        return;
    };
    let mut processes = Processes::start_in(folder, "info,access=off");
    let mut ordered = Vec::new();
    for _ in 0..ORDERS {
        ordered.push(ORDER.succeed(&processes, new_order()).await);
    }
    SIGN_UP.succeed(&processes, account(0)).await;
    let tickets = eventually("every ticket", async || {
        let tickets = ids(
            &list(&processes, "kitchen-mock", "/orders").await,
            "order_id",
        );
        let ids = ids(&ordered, "id");
        tickets.is_superset(&ids).then_some(ids)
    })
    .await;
    // One is cooked and delivered, so that delivery has something to mark.
    let mut tickets = tickets.into_iter();
    let carried = tickets.next().unwrap();
    COOKED
        .succeed(&processes, json!({"order_id": carried}))
        .await;
    eventually("a courier", async || {
        let assigned = list(&processes, "delivery-mock", "/assigned").await;
        ids(&assigned, "order_id").contains(&carried).then_some(())
    })
    .await;
    until_features(&processes, "every feature", |status| status == "up").await;

    disk.fill();
    let mut orders = std::iter::repeat_with(new_order);
    let (more, _) = ORDER.until_refused(&processes, &mut orders).await;
    ordered.extend(more);
    let mut accounts = (1..).map(account);
    let (signed_up, _) = SIGN_UP.until_refused(&processes, &mut accounts).await;
    let mut logins = std::iter::repeat_with(|| account(0));
    let _ = LOGIN.until_refused(&processes, &mut logins).await;
    let mut marks = tickets.map(|order| json!({"order_id": order}));
    let (mut cooked, refused) = COOKED.until_refused(&processes, &mut marks).await;
    let carried = json!({"order_id": carried});
    let mut once = std::iter::once(carried.clone());
    let (handed_over, _) = HANDED_OVER.until_refused(&processes, &mut once).await;
    assert!(handed_over.is_empty());
    until_all_are(&processes, 503).await;
    until_features(&processes, "a word of it", |status| status != "up").await;
    // Stored orders can be read.
    let kept = ids(&list(&processes, "order-service", "/commandes").await, "id");
    assert_eq!(kept, ids(&ordered, "id"));
    assert!(!list(&processes, "order-service", "/menu").await.is_empty());

    disk.free();
    until_all_are(&processes, 200).await;
    ordered.push(ORDER.succeed(&processes, new_order()).await);
    SIGN_UP.succeed(&processes, account(10_000)).await;
    LOGIN.succeed(&processes, account(0)).await;
    for mark in std::iter::once(refused).chain(marks) {
        cooked.push(COOKED.succeed(&processes, mark).await);
    }
    HANDED_OVER.succeed(&processes, carried.clone()).await;
    until_features(&processes, "every feature again", |status| status == "up").await;

    // Everything that was answered is there, even after a kill, and has reached the other services.
    processes.kill("order-service");
    processes.start_one("order-service");
    let cooked = ids(&cooked, "order_id");
    let carried = carried["order_id"].as_str().unwrap();
    eventually("what was marked to arrive", async || {
        let rows = list(&processes, "order-service", "/commandes").await;
        assert_eq!(ids(&rows, "id"), ids(&ordered, "id"));
        rows.iter()
            .all(|row| {
                let (id, status) = (row["id"].as_str().unwrap(), &row["status"]);
                match id {
                    id if id == carried => status == "LIVREE",
                    id if cooked.contains(id) => status != "EN_ATTENTE",
                    _ => status == "EN_ATTENTE",
                }
            })
            .then_some(())
    })
    .await;
    eventually(
        "the tickets of what was ordered on the full disk",
        async || {
            let tickets = ids(
                &list(&processes, "kitchen-mock", "/orders").await,
                "order_id",
            );
            let open = ids(&ordered, "id").into_iter();
            let mut open = open.filter(|id| !cooked.contains(id) && id != carried);
            open.all(|id| tickets.contains(&id)).then_some(())
        },
    )
    .await;
    for number in 1..=signed_up.len() {
        LOGIN.succeed(&processes, account(number)).await;
    }
}
