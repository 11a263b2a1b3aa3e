//! Tests a meal from signing up to logging out.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::restaurant;

#[actix_web::test]
async fn a_client_signs_up_orders_and_leaves() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;

    let client = gateway
        .post("/client-api/clients", golden::NEW_CLIENT)
        .await
        .ok(201);
    assert_same_shape(&client, golden::CLIENT);
    let logged_in = gateway
        .post("/client-api/login", golden::LOGIN)
        .await
        .ok(200);
    assert_same_shape(&logged_in, golden::LOGGED_IN);
    assert_eq!(logged_in["client"]["id"], client["id"]);
    let token = logged_in["access_token"].as_str().unwrap();

    let sessions = gateway
        .request(Method::GET, "/client-api/sessions")
        .bearer(token);
    let sessions = sessions.send().await.ok(200);
    assert_eq!(sessions[0]["current"], true);
    assert_same_shape(&sessions[0], golden::SESSION);

    let menu = gateway.get("/order-api/menu").await.ok(200);
    let desserts = gateway
        .get("/order-api/menu/filter?categorie=dessert")
        .await
        .ok(200);
    let (menu, desserts) = (menu.as_array().unwrap(), desserts.as_array().unwrap());
    assert!(!desserts.is_empty() && desserts.len() < menu.len());
    assert!(desserts.iter().all(|dish| dish["categorie"] == "DESSERT"));

    let order = restaurant.order(&client["id"]).await;
    assert_same_shape(&order, golden::ORDER);
    let dish = restaurant.dish().await;
    let total = 2.0 * dish["prix"].as_f64().unwrap();
    assert_eq!(order["totalPrice"], json!(total));
    for status in ["EN_PREPARATION", "prête", "EN_LIVRAISON", "livrée"] {
        let path = format!(
            "/order-api/commandes/{}/status",
            order["id"].as_str().unwrap()
        );
        let _ = gateway
            .patch(&path, json!({"status": status}))
            .await
            .ok(200);
    }
    let mine = format!(
        "/order-api/commandes?clientId={}",
        client["id"].as_str().unwrap()
    );
    assert_eq!(gateway.get(&mine).await.ok(200)[0]["status"], "LIVREE");

    let tickets = gateway.get("/kitchen/orders").await.ok(200);
    assert!(holds_sample(&tickets));
    let _ = gateway
        .post("/kitchen/update", json!({"order_id": "CMD1234"}))
        .await
        .ok(200);
    assert!(!holds_sample(&gateway.get("/kitchen/orders").await.ok(200)));

    let assigned = gateway.get("/delivery/assigned").await.ok(200);
    assert!(holds_sample(&assigned));
    assert_eq!(assigned[0]["livreur"], "Youssef");
    let _ = gateway
        .post("/delivery/update", json!({"orderId": "CMD1234"}))
        .await
        .ok(200);
    assert!(!holds_sample(
        &gateway.get("/delivery/assigned").await.ok(200)
    ));

    let logout = gateway
        .request(Method::POST, "/client-api/logout")
        .bearer(token);
    assert_same_shape(&logout.send().await.ok(200), golden::CONFIRMATION);
    let refused = gateway
        .request(Method::GET, "/client-api/sessions")
        .bearer(token);
    let _ = refused.send().await.problem(401, "session_expired");
}

fn holds_sample(rows: &Value) -> bool {
    rows.as_array()
        .unwrap()
        .iter()
        .any(|row| row["order_id"] == "CMD1234")
}

#[actix_web::test]
async fn pages_of_orders_are_followed_through_the_gateway() {
    let restaurant = restaurant().await;
    let client = json!(uuid::Uuid::now_v7());
    for _ in 0..5 {
        restaurant.order(&client).await;
    }
    let path = "/order-api/commandes";
    let mut next = Some("?limit=2".to_owned());
    let mut seen = Vec::new();
    while let Some(query) = next {
        let answer = restaurant.gateway.get(&format!("{path}{query}")).await;
        let page = answer.ok(200);
        seen.extend(
            page.as_array()
                .unwrap()
                .iter()
                .map(|order| order["id"].clone()),
        );
        // A relative reference of a query alone (RFC 8288), which is valid for whatever path the
        // gateway uses.
        next = answer.header("link").map(|link| {
            let (target, rest) = link.trim_start_matches('<').split_once('>').unwrap();
            assert_eq!(rest.trim(), "; rel=\"next\"");
            target.to_owned()
        });
    }
    let whole = restaurant.gateway.get(path).await.ok(200);
    let whole: Vec<_> = whole
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["id"].clone())
        .collect();
    assert_eq!(seen, whole);
    assert_eq!(seen.len(), 5);
}

#[actix_web::test]
async fn the_older_demo_routes_still_answer() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let token = gateway
        .post("/auth/login", golden::DEMO_LOGIN)
        .await
        .ok(200);
    assert_same_shape(&token, golden::DEMO_TOKEN);
    // As the older clients read it.
    assert_eq!(token["role"], "chef");
    let order = gateway
        .post("/orders", golden::NEW_DEMO_ORDER)
        .await
        .ok(200);
    assert_same_shape(&order, golden::DEMO_ORDER);
    assert_same_shape(
        &gateway.get("/orders").await.ok(200)[0],
        golden::DEMO_ORDER_ROW,
    );
}

#[actix_web::test]
async fn a_services_problem_names_the_path_and_the_id_that_the_frontend_knows() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let path = format!("/order-api/commandes/{}", uuid::Uuid::now_v7());
    let request = gateway
        .request(Method::GET, &path)
        .header("X-Request-Id", "mine-7");
    let problem = request.send().await.problem(404, "order_not_found");
    assert_eq!(problem.instance, path);
    assert_eq!(problem.request_id, "mine-7");
}

#[actix_web::test]
async fn head_is_answered_wherever_get_is() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    for path in [
        "/",
        "/live",
        "/order-api/menu",
        "/kitchen/orders",
        "/order-api/commandes/42",
    ] {
        let whole = gateway.get(path).await;
        let head = gateway.request(Method::HEAD, path).send().await;
        assert_eq!((head.status, head.body.len()), (whole.status, 0), "{path}");
        let length = whole.header("content-length");
        assert_eq!(head.header("content-length"), length, "{path}");
    }
}
