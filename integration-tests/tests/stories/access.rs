//! Tests of who may use which route: each cell of the table "Strict access" in `docs/API.md`, and
//! what the services know of each other when the client service is away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use actix_web::http::Method;
use gateway::route::To;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Answer, Client, eventually};
use shared_types::id::{ClientId, OrderId};
use stack::{DEMO_ACCOUNTS, Service};

use crate::{Restaurant, restaurant_with};

const API: &str = include_str!("../../../docs/API.md");

/// The first words of the table.
const TABLE: &str = "| Method | Path, with `ACCESS=strict` |";

/// Someone who uses the restaurant; a stranger has no token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    role: &'static str,
    pub(crate) id: String,
    token: Option<String>,
}

/// What belongs to a CLIENT, or to another one.
struct Things {
    client: Person,
    order: String,
    delivery: String,
}

impl Things {
    fn only(client: Person) -> Self {
        let (order, delivery) = (String::new(), String::new());
        Self {
            client,
            order,
            delivery,
        }
    }
}

impl Restaurant {
    pub(crate) async fn log_in(&self, role: &str) -> Person {
        let account = DEMO_ACCOUNTS.iter().find(|each| each.role.as_str() == role);
        let account = account.unwrap();
        let person = self.log_in_as(account.email, account.password).await;
        Person {
            role: account.role.as_str(),
            ..person
        }
    }

    async fn log_in_as(&self, email: &str, password: &str) -> Person {
        let login = json!({"email": email, "password": password});
        let answer = self.gateway.post("/client-api/login", login).await.ok(200);
        Person {
            role: "CLIENT",
            id: answer["client"]["id"].as_str().unwrap().to_owned(),
            token: Some(answer["access_token"].as_str().unwrap().to_owned()),
        }
    }

    pub(crate) async fn sign_up(&self) -> Person {
        let email = format!("{}@example.com", ClientId::generate());
        let new = json!({
            "email": email, "password": "tarte-aux-pommes", "firstName": "Léa", "lastName": "Martin",
        });
        let _ = self.gateway.post("/client-api/clients", new).await.ok(201);
        self.log_in_as(&email, "tarte-aux-pommes").await
    }

    pub(crate) async fn ask(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        body: Value,
    ) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let has_body = matches!(method.as_str(), "POST" | "PATCH" | "PUT");
        let request = self.gateway.request(method, path);
        let request = match &person.token {
            Some(token) => request.bearer(token),
            None => request,
        };
        if has_body {
            request.send_json(body).await
        } else {
            request.send().await
        }
    }

    /// An order of this client that is ready, and its delivery.
    async fn things_of(&self, client: Person, admin: &Person) -> Things {
        let items = json!([{"menuId": self.dish().await["id"], "quantite": 1}]);
        let new = json!({"clientId": client.id, "items": items});
        let order = self.ask(admin, "POST", "/order-api/commandes", new).await;
        let order = order.ok(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/order-api/commandes/{order}/status");
        let ready = self.ask(admin, "PATCH", &path, json!({"status": "PRETE"}));
        let _ = ready.await.ok(200);
        let path = format!("/delivery-api/livraisons?commandeId={order}");
        let delivery = eventually("the draft", async || {
            let all = self.ask(admin, "GET", &path, Value::Null).await.ok(200);
            Some(all[0]["id"].as_str()?.to_owned())
        });
        let delivery = delivery.await;
        Things {
            client,
            order,
            delivery,
        }
    }
}

/// The rows of the table: method, path, and what it says of each kind of person.
fn rows() -> Vec<(String, String, BTreeMap<String, String>)> {
    let mut lines = API.lines().skip_while(|line| !line.starts_with(TABLE));
    let cells_of = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    let head = cells_of(lines.next().unwrap());
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells = cells_of(line);
        let says = head.iter().cloned().zip(cells.iter().cloned()).skip(2);
        (cells[0].clone(), cells[1].clone(), says.collect())
    })
    // A stream does not end, and asks the services what its path without `/flux` asks.
    .filter(|(_, path, _): &(String, String, BTreeMap<String, String>)| !path.ends_with("/flux"))
    .collect()
}

/// The routes that need a token by the published contract.
fn published() -> BTreeSet<(&'static str, &'static str)> {
    let rows = API.lines().filter(|line| line.ends_with("| yes |"));
    let routes = rows.filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [method, path, _upstream, _target, _success, _needed] = cells[..] else {
            return None;
        };
        Some((method, path.trim_matches('`')))
    });
    routes.collect()
}

/// Whether it was the token, or the lack of one.
fn is_refusal(answer: &Answer) -> bool {
    let is_one = matches!(answer.status.as_u16(), 401 | 403);
    is_one && answer.json()["code"] != "wrong_password"
}

/// A body that nothing but a missing right refuses, or one that is refused only by its content: what
/// counts is whether the answer is a 401, 403 or 404.
fn body(method: &str, path: &str, things: &Things) -> Value {
    match (method, path) {
        ("POST", "/client-api/clients/{id}/password") => {
            json!({"current": "not the password", "new": "tarte-aux-prunes"})
        }
        ("POST", "/client-api/clients") => json!({"role": "CLIENT"}),
        ("POST", "/order-api/commandes") => {
            let line = json!({"menuId": OrderId::generate(), "quantite": 1});
            json!({"clientId": things.client.id, "items": [line]})
        }
        ("POST", "/delivery-api/livraisons") => json!({"commandeId": things.order}),
        ("PATCH", "/order-api/commandes/{id}/status") => json!({"status": "PRETE"}),
        _ => json!({}),
    }
}

/// The id of a dish or courier that does not exist.
const MADE_UP: &str = "0192f0c4-0a11-7000-8000-00000000ffff";

fn path(pattern: &str, things: &Things) -> String {
    let id = match pattern.split('/').nth(2) {
        Some("clients") => &things.client.id,
        Some("commandes") => &things.order,
        Some("livraisons") => &things.delivery,
        _ => MADE_UP,
    };
    pattern
        .replace("{id}", id)
        .replace("{clientId}", &things.client.id)
        .replace("{commandeId}", &things.order)
}

/// A CLIENT marks an order as cancelled, everyone else as what their work ends with.
fn status_of(person: &Person) -> &'static str {
    match person.role {
        "CLIENT" => "ANNULEE",
        "LIVREUR" => "EN_LIVRAISON",
        _ => "PRETE",
    }
}

#[actix_web::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let restaurant = restaurant_with("strict").await;
    let mut people = vec![Person::default()];
    for role in ["CLIENT", "CHEF", "LIVREUR", "ADMIN"] {
        people.push(restaurant.log_in(role).await);
    }
    let admin = people.last().unwrap().clone();
    let own = restaurant.things_of(people[1].clone(), &admin).await;
    let other = restaurant.sign_up().await;
    let other = restaurant.things_of(other, &admin).await;
    let mut rows = rows();
    // Whoever logs out is no longer logged in.
    let ends = |path: &str| path.starts_with("/client-api/logout");
    rows.sort_by_key(|(_, path, _)| ends(path));
    assert!(rows.len() > 25, "{} rows", rows.len());
    for (method, pattern, says) in &rows {
        for person in &people {
            let column = match person.role {
                "" => "no token",
                role => role,
            };
            let cell = says[column].as_str();
            // The right to delete is tried on an account of nobody else's tests.
            let is_deletion = method == "DELETE" || pattern.ends_with("/erasure");
            for (things, is_own) in [(&own, true), (&other, false)] {
                if is_deletion && cell != "no" && is_own {
                    continue;
                }
                let mut body = body(method, pattern, things);
                if method == "PATCH" && pattern.ends_with("/status") {
                    body = json!({"status": status_of(person)});
                    if person.role == "CLIENT" && is_own {
                        // Asked with a status that is refused for another reason.
                        body = json!({"status": "ANNULEE", "motif": 1});
                    }
                }
                let spent;
                let things = if is_deletion && cell == "yes" {
                    spent = Things::only(restaurant.sign_up().await);
                    &spent
                } else if is_own && cell == "own" && person.role != "CLIENT" {
                    // Of their own, the others have an account only.
                    spent = Things::only(person.clone());
                    &spent
                } else {
                    things
                };
                let path = path(pattern, things);
                let again = match person.role {
                    role if ends(pattern) && !role.is_empty() => restaurant.log_in(role).await,
                    _ => person.clone(),
                };
                let answer = restaurant.ask(&again, method, &path, body).await;
                let status = answer.status.as_u16();
                let said = format!("{method} {path} by {column}, own {is_own}: {status}");
                match (cell, is_own) {
                    ("own", _) if method == "GET" && !pattern.contains('{') => {
                        let listed = answer.ok(200).to_string();
                        assert!(!listed.contains(&other.order), "{said}: {listed}");
                    }
                    ("yes", _) | ("own", true) => {
                        assert!(!is_refusal(&answer), "{said}");
                        let is_made_up = path.contains(MADE_UP);
                        assert!(status != 404 || is_made_up, "{said}");
                    }
                    ("own", false) => assert!(matches!(status, 403 | 404), "{said}"),
                    ("no", _) if person.token.is_none() => {
                        let _ = answer.problem(401, "unauthorized");
                        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{said}");
                    }
                    ("no", _) => drop(answer.problem(403, "forbidden")),
                    _ => panic!("{cell}"),
                }
            }
        }
    }
}

/// Every relayed route stands in the table, so that none is forgotten.
#[test]
fn the_table_has_every_relayed_route() {
    let config = gateway::Config::load(None, &Env::of_pairs([])).unwrap();
    let rows = rows();
    for route in config.routes.routes() {
        if matches!(route.to, To::Upstream(_)) {
            let (method, path) = (route.method.to_string(), &*route.path);
            let has = rows.iter().any(|(m, p, _)| *m == method && p == path);
            assert!(has, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn open_access_asks_for_a_token_only_where_it_always_did() {
    let restaurant = restaurant_with("open").await;
    let stranger = Person::default();
    let own = restaurant.log_in("CLIENT").await;
    let things = restaurant.things_of(own, &stranger).await;
    let published = published();
    for (method, pattern, _) in &rows() {
        if method == "DELETE" {
            continue; // it would take away what the others are asked about
        }
        let needs_one = published.contains(&(method.as_str(), pattern.as_str()));
        let mut body = body(method, pattern, &things);
        if pattern.ends_with("/login") {
            body = json!({});
        }
        let path = path(pattern, &things);
        let answer = restaurant.ask(&stranger, method, &path, body).await;
        let status = answer.status.as_u16();
        assert_eq!(is_refusal(&answer), needs_one, "{method} {path}: {status}");
    }
}

#[actix_web::test]
async fn an_order_is_made_cooked_and_delivered_where_access_is_strict() {
    let restaurant = restaurant_with("strict").await;
    let client = restaurant.sign_up().await;
    let admin = restaurant.log_in("ADMIN").await;
    let chef = restaurant.log_in("CHEF").await;
    let courier = restaurant.log_in("LIVREUR").await;
    let items = json!([{"menuId": restaurant.dish().await["id"], "quantite": 1}]);
    let new = json!({"clientId": client.id, "items": items});
    let order = restaurant.ask(&client, "POST", "/order-api/commandes", new);
    let order = order.await.ok(201)["id"].as_str().unwrap().to_owned();

    let ticket = eventually("the ticket", async || {
        let listed = restaurant.ask(&client, "GET", "/kitchen/orders", Value::Null);
        let listed = listed.await.ok(200);
        (listed.as_array()?.len() == 1).then(|| listed[0]["order_id"].clone())
    });
    assert_eq!(ticket.await, order.as_str());
    let mark = json!({"order_id": order});
    let _ = restaurant
        .ask(&chef, "POST", "/kitchen/update", mark.clone())
        .await
        .ok(200);
    eventually("the draft", async || {
        let path = format!("/delivery-api/livraisons?commandeId={order}");
        let listed = restaurant
            .ask(&client, "GET", &path, Value::Null)
            .await
            .ok(200);
        (listed.as_array()?.len() == 1).then_some(())
    })
    .await;
    let _ = restaurant
        .ask(&courier, "POST", "/delivery/update", mark)
        .await
        .ok(200);
    let path = format!("/suivi/{order}");
    let delivered = eventually("the order follows", async || {
        let seen = restaurant
            .ask(&client, "GET", &path, Value::Null)
            .await
            .ok(200);
        (seen["order"]["status"] == "LIVREE").then_some(seen)
    });
    let delivered = delivered.await;
    assert_eq!(delivered["delivery"]["statut"], "LIVREE");
    assert_eq!(delivered["meta"]["complete"], true);

    // Another order, which its client cancels: whoever cancels is what the token says.
    let second = restaurant.things_of(client.clone(), &admin).await.order;
    let path = format!("/order-api/commandes/{second}/status");
    let cancelled = json!({"status": "ANNULEE", "annuleePar": "ADMIN", "motif": "Trop tard"});
    let cancelled = restaurant
        .ask(&client, "PATCH", &path, cancelled)
        .await
        .ok(200);
    assert_eq!(cancelled["annuleePar"], "CLIENT");
}

#[actix_web::test]
async fn everything_goes_on_without_the_client_service_but_what_it_alone_can_do() {
    let mut restaurant = restaurant_with("strict").await;
    let client = restaurant.log_in("CLIENT").await;
    let dish = restaurant.dish().await;
    restaurant.stack.stop_service(Service::Clients).await;

    let items = json!([{"menuId": dish["id"], "quantite": 1}]);
    let new = json!({"clientId": client.id, "items": items});
    let order = restaurant.ask(&client, "POST", "/order-api/commandes", new);
    let order = order.await.ok(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/order-api/commandes/{order}");
    let _ = restaurant
        .ask(&client, "GET", &path, Value::Null)
        .await
        .ok(200);
    let forged = Person {
        token: Some("a.b.c".to_owned()),
        ..client.clone()
    };
    let refused = restaurant.ask(&forged, "GET", &path, Value::Null).await;
    let _ = refused.problem(401, "unauthorized");

    // A service that starts meanwhile knows no key yet: it says so, and the menu is there.
    restaurant.stack.stop_service(Service::Orders).await;
    restaurant
        .stack
        .start_service(Service::Orders)
        .await
        .unwrap();
    let unknown = eventually("the orders are back", async || {
        let answer = restaurant.ask(&client, "GET", &path, Value::Null).await;
        let is_back = answer.json()["service"] != "gateway" && answer.status == 503;
        (is_back && answer.json()["code"] == "service_unavailable").then_some(answer)
    });
    assert_eq!(unknown.await.header("retry-after"), Some("1"));
    restaurant.dish().await;

    restaurant
        .stack
        .start_service(Service::Clients)
        .await
        .unwrap();
    eventually("the keys are known again", async || {
        let answer = restaurant.ask(&client, "GET", &path, Value::Null).await;
        (answer.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_logout_is_known_everywhere_within_a_second() {
    let restaurant = restaurant_with("strict").await;
    let routes = [
        "/order-api/commandes",
        "/kitchen/orders",
        "/delivery/assigned",
    ];
    for _ in 0..3 {
        let client = restaurant.log_in("CLIENT").await;
        for path in routes {
            let _ = restaurant
                .ask(&client, "GET", path, Value::Null)
                .await
                .ok(200);
        }
        let logout = restaurant.ask(&client, "POST", "/client-api/logout", json!({}));
        let _ = logout.await.ok(200);
        let ended = Instant::now();
        for path in routes {
            eventually("the end of the session", async || {
                let answer = restaurant.ask(&client, "GET", path, Value::Null).await;
                (answer.status == 401).then_some(())
            })
            .await;
        }
        assert!(
            ended.elapsed() < Duration::from_secs(1),
            "{:?}",
            ended.elapsed()
        );
    }
}

#[actix_web::test]
async fn nobody_but_a_service_sends_events() {
    let restaurant = restaurant_with("strict").await;
    let admin = restaurant.log_in("ADMIN").await;
    for service in [Service::Kitchen, Service::Delivery] {
        let direct = Client::of(restaurant.stack.service_addr(service).unwrap());
        let event = direct.request(Method::POST, "/events");
        let event = event.bearer(admin.token.as_ref().unwrap());
        let event = event.send_json(shared_types::golden::ORDER_EVENT).await;
        let _ = event.problem(403, "forbidden");
        let event = direct.post("/events", shared_types::golden::ORDER_EVENT);
        let _ = event.await.problem(401, "unauthorized");
    }
}

/// The router reads a path decoded, and so must the rules.
#[actix_web::test]
async fn no_spelling_of_a_path_dodges_its_rule() {
    let restaurant = restaurant_with("strict").await;
    for (service, method, path) in [
        (Service::Orders, Method::GET, "/command%65s"),
        (Service::Orders, Method::GET, "/%63ommandes?limit=1"),
        (Service::Orders, Method::PATCH, "/commandes/x/%73tatus"),
        (Service::Orders, Method::POST, "/m%65nu/import"),
        (Service::Kitchen, Method::GET, "/ord%65rs"),
        (Service::Kitchen, Method::HEAD, "/orders"),
        (Service::Kitchen, Method::PUT, "/orders"),
        (Service::Kitchen, Method::POST, "/%65vents"),
        (Service::Delivery, Method::GET, "/livr%65urs"),
    ] {
        let direct = Client::of(restaurant.stack.service_addr(service).unwrap());
        let answer = direct.request(method.clone(), path).send().await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
    let orders = restaurant.stack.service_addr(Service::Orders).unwrap();
    for path in ["/nothing", "/commandes/", "//commandes", "/COMMANDES"] {
        let answer = Client::of(orders).get(path).await;
        let _ = answer.problem(404, "route_not_found");
    }
}

#[actix_web::test]
async fn a_client_opens_a_delivery_and_does_not_choose_its_courier() {
    let restaurant = restaurant_with("strict").await;
    let admin = restaurant.log_in("ADMIN").await;
    let client = restaurant.sign_up().await;
    let things = restaurant.things_of(client.clone(), &admin).await;
    let couriers = restaurant.ask(&admin, "GET", "/delivery-api/livreurs", Value::Null);
    let courier = couriers.await.ok(200)[0]["id"].clone();
    let path = "/delivery-api/livraisons";
    let chosen = json!({"commandeId": things.order, "livreurId": courier});
    let refused = restaurant.ask(&client, "POST", path, chosen.clone()).await;
    let _ = refused.problem(403, "forbidden");
    let open = restaurant.ask(&admin, "POST", path, chosen).await.ok(201);
    assert_eq!(open["livreurId"], courier);
}

#[actix_web::test]
async fn a_tracked_order_says_that_the_session_has_ended() {
    let restaurant = restaurant_with("strict").await;
    let admin = restaurant.log_in("ADMIN").await;
    let client = restaurant.sign_up().await;
    let things = restaurant.things_of(client.clone(), &admin).await;
    let path = format!("/suivi/{}", things.order);
    let _ = restaurant
        .ask(&client, "GET", &path, Value::Null)
        .await
        .ok(200);
    let logout = restaurant.ask(&client, "POST", "/client-api/logout", json!({}));
    let _ = logout.await.ok(200);
    let ended = eventually("the end of the session", async || {
        let answer = restaurant.ask(&client, "GET", &path, Value::Null).await;
        (answer.status == 401).then_some(answer)
    });
    let ended = ended.await;
    let _ = ended.problem(401, "session_expired");
    assert_eq!(ended.header("www-authenticate"), Some("Bearer"));
}
