//! Tests of `ACCESS=strict`.

use super::upstream::Upstream;
use super::{Service, config, order};
use crate::TestDatabase;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn strict(upstream: &Upstream) -> Service {
    let database = TestDatabase::fresh();
    let mut config = config(&database, upstream);
    config.access = service_kit::access::Settings {
        access: service_kit::access::Access::Strict,
        clients_url: Some("http://127.0.0.1:9".parse().unwrap()),
        peer_secret: Some(SECRET.parse().unwrap()),
    };
    Service::start_with(config, database).await
}

#[actix_web::test]
async fn nobody_without_a_token_hands_in_or_reads() {
    let upstream = Upstream::stopped().await;
    let service = strict(&upstream).await;
    let refused = service.hand_in("203.0.113.7", &order(1)).await;
    let _ = refused.problem(401, "unauthorized");
    let id = "/differe/0192f0c4-0a11-7000-8000-000000000001";
    for path in ["/deferred", id] {
        let _ = service.get(path).await.problem(401, "unauthorized");
    }
    let _ = service.delete(id).await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn the_password_of_the_services_is_sent_beside_the_token_and_never_as_one() {
    let mut upstream = Upstream::stopped().await;
    let service = strict(&upstream).await;
    let request = service.request(actix_web::http::Method::POST, "/deferred/orders/commandes");
    let entry = request.bearer(SECRET).send_json(order(1)).await.ok(202);
    upstream.resume().await;
    upstream.hears(1).await;
    let arrival = upstream.arrivals().remove(0);
    assert_eq!(arrival.header("authorization"), None);
    assert_eq!(arrival.header("x-peer-secret"), Some(SECRET));
    assert_eq!(arrival.header("x-deferred-id"), entry["id"].as_str());
}
