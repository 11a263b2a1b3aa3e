//! A stored route that leads back to the gateway: the first request would wait for itself.

use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::Client;

use super::SITE;
use crate::scripted::unused_address;

const OUTAGE: &str = r#"to = "/menu", outage = "stale""#;

/// A gateway that is its own upstream.
async fn round(config: &str) -> Client {
    let addr = unused_address();
    let env = Env::new(move |name| match name {
        "GATEWAY_BIND" => Some(addr.to_string()),
        "GATEWAY_ADMIN_BIND" => Some("127.0.0.1:0".to_owned()),
        "GATEWAY_WORKERS" => Some("2".to_owned()),
        "BACKEND_URL" => Some(format!("http://{addr}")),
        _ => None,
    });
    let gateway = Gateway::build(crate::parse(config, &env)).unwrap();
    let public = Client::of(gateway.addr());
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    public
}

#[actix_web::test]
async fn a_stored_route_that_leads_to_itself_is_a_loop() {
    let public = round(&SITE.replace(OUTAGE, &format!("{OUTAGE}, fresh = \"1h\""))).await;
    let _ = public.get("/menu").await.problem(508, "loop_detected");
}

#[actix_web::test]
async fn two_stored_routes_that_lead_to_each_other_are_a_loop() {
    let two = r#"to = "/card", outage = "stale", stale_if_error = "1h" },
    { path = "/card", methods = ["GET"], to = "/menu", outage = "stale""#;
    let public = round(&SITE.replace(OUTAGE, two)).await;
    let _ = public.get("/menu").await.problem(508, "loop_detected");
    let _ = public.get("/card").await.problem(508, "loop_detected");
}

#[actix_web::test]
async fn a_warm_route_that_leads_to_itself_is_a_loop() {
    let warm = format!("{OUTAGE}, query = [], warm = true");
    let public = round(&SITE.replace(OUTAGE, &warm)).await;
    let _ = public.get("/menu").await.problem(508, "loop_detected");
}
