//! Tests of changing the menu through the gateway, which stores it.

use actix_web::http::Method;
use serde_json::{Value, json};
use shared_types::golden;

use crate::restaurant;

#[actix_web::test]
async fn a_changed_dish_shows_at_once_in_every_stored_list() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let dish = async |path: &str, id: &Value| {
        let list = gateway.get(path).await.ok(200);
        let mut dishes = list.as_array().unwrap().iter();
        dishes.find(|dish| dish["id"] == *id).cloned()
    };
    let menu = gateway.get("/order-api/menu").await.ok(200);
    let mut dishes = menu.as_array().unwrap().iter();
    let tart = dishes.find(|dish| dish["categorie"] == "DESSERT").unwrap();
    let path = format!("/order-api/menu/{}", tart["id"].as_str().unwrap());
    let lists = [
        "/order-api/menu",
        "/order-api/menu/filter?categorie=DESSERT",
    ];
    for list in lists {
        assert_eq!(dish(list, &tart["id"]).await.as_ref(), Some(tart), "{list}");
    }
    let sold_out = gateway.patch(&path, json!({"disponible": false})).await;
    let sold_out = sold_out.ok(200);
    for list in lists {
        assert_eq!(
            dish(list, &tart["id"]).await.as_ref(),
            Some(&sold_out),
            "{list}"
        );
    }
    let _ = gateway.delete(&path).await.ok(200);
    for list in lists {
        assert_eq!(dish(list, &tart["id"]).await, None, "{list}");
    }
}

#[actix_web::test]
async fn a_misspelled_filter_is_refused_and_mixes_no_stored_answers() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let filter = "/order-api/menu/filter?";
    for _ in 0..2 {
        let whole = gateway.get("/order-api/menu/filter").await.ok(200);
        let desserts = gateway.get(&format!("{filter}categorie=DESSERT")).await;
        assert_ne!(whole, desserts.ok(200));
        for wrong in ["category=DESSERT", "category=DESSERT&categorie=DESSERT"] {
            let answer = gateway.get(&format!("{filter}{wrong}")).await;
            let problem = answer.problem(400, "validation_failed");
            assert_eq!(problem.errors[0].field, "category");
            assert!(problem.detail.contains("categorie"), "{}", problem.detail);
        }
        let noisy = gateway.get(&format!("{filter}_=17")).await;
        assert_eq!(noisy.ok(200), whole);
    }
}

#[actix_web::test]
async fn a_new_dish_is_where_its_location_says_from_the_clients_address() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let made = gateway.post("/order-api/menu", golden::NEW_DISH).await;
    let dish = made.ok(201);
    // The last segment of the path is replaced (RFC 3986 §5.2.3).
    let path = format!("/order-api/{}", made.header("location").unwrap());
    let read = gateway.get(&path).await;
    assert_eq!(read.ok(200), dish);
    let changed = gateway.patch(&path, json!({"prix": 8})).await.ok(200);
    let stale = gateway.request(Method::DELETE, &path);
    let stale = stale.header("if-match", read.header("etag").unwrap());
    let refused = stale.send().await;
    let _ = refused.problem(412, "precondition_failed");
    assert_eq!(gateway.get(&path).await.ok(200), changed);
}
