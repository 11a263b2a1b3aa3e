//! Tests of removing a courier.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::{carried, courier, delivery};

#[actix_web::test]
async fn a_removed_courier_is_gone_and_the_email_is_free() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = format!("/livreurs/{}", lea.as_str().unwrap());
    let answer = client.delete(&path).await;
    assert_same_shape(&answer.ok(200), golden::CONFIRMATION);
    let _ = client.get(&path).await.problem(404, "courier_not_found");
    let _ = client.delete(&path).await.problem(404, "courier_not_found");
    let _ = courier(&client, "lea").await;
}

#[actix_web::test]
async fn the_confirmation_speaks_the_clients_language() {
    let client = delivery(false).await;
    for (accepted, lang, message) in [
        ("fr", "fr", "Livreur supprimé."),
        ("en-GB, fr;q=0.5", "en", "Courier removed."),
    ] {
        let lea = courier(&client, "lea").await;
        let path = format!("/livreurs/{}", lea.as_str().unwrap());
        let request = client.request(Method::DELETE, &path);
        let answer = request.header("Accept-Language", accepted).send().await;
        assert_eq!(answer.ok(200)["message"], message);
        assert_eq!(answer.header("content-language"), Some(lang));
    }
}

#[actix_web::test]
async fn anyone_may_take_the_unfinished_deliveries_of_a_removed_courier() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let open = carried(&client, "A", &lea).await;
    let done = carried(&client, "B", &lea).await;
    let mark = json!({"order_id": "B"});
    let _ = client.post("/update", mark).await.ok(200);

    let path = format!("/livreurs/{}", lea.as_str().unwrap());
    let _ = client.delete(&path).await.ok(200);
    assert_eq!(client.get(&open).await.ok(200)["livreurId"], Value::Null);
    assert_eq!(client.get(&done).await.ok(200)["livreurId"], lea);

    let max = courier(&client, "max").await;
    let take = json!({"livreurId": max});
    assert_eq!(client.patch(&open, take).await.ok(200)["livreurId"], max);
}
