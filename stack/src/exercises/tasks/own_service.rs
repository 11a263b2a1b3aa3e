//! A service that the restaurant does not have joins it: reviews of dishes. The judge plays the
//! service.

use actix_web::http::Method;
use actix_web::rt;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::restaurant::{Restaurant, answer, down};
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 6,
    title: "Add a service of your own",
    goal: "Put a new service behind the gateway: an upstream, a route and a feature.",
    task: Task::Edit {
        original: include_str!("../../../exercises/own_service.toml"),
        may_promise_less: false,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

/// More failures than a circuit usually takes.
const TRIES: usize = 20;

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let server = HttpServer::new(|| App::new().default_service(web::to(told)))
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))?;
    let addr = server.addrs().first().copied().ok_or("no address")?;
    let server = server.run();
    let handle = server.handle();
    rt::spawn(server);
    let url = ("REVIEWS_URL", format!("http://{addr}"));
    let restaurant = attempt.open(&[Service::Orders], &[url]).await?;
    let faults = faults(&restaurant).await;
    restaurant.close().await;
    handle.stop(false).await;
    faults
}

/// The service tells which request it got.
async fn told(request: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "path": request.path() }))
}

async fn faults(restaurant: &Restaurant) -> Result<Faults, RunError> {
    let mut faults = Faults::new();
    let read = restaurant.get("/reviews/tarte").await?;
    if !read.is(200) {
        let status = read.status;
        let fault = format!("GET /reviews/tarte is {status}: the service is not asked");
        return Ok(vec![fault]);
    }
    let path = read.text("path")?;
    if path != "/dishes/tarte/reviews" {
        faults.push(format!(
            "for /reviews/tarte, the service is asked for {path} instead of /dishes/tarte/reviews"
        ));
    }
    let written = answer(restaurant.request(Method::DELETE, "/reviews/tarte"), None).await?;
    if !written.is(405) {
        let status = written.status;
        faults.push(format!("DELETE /reviews/tarte is {status} instead of 405"));
    }
    if feature(restaurant).await?.is_none() {
        faults.push("/status does not list the feature reviews".to_owned());
        return Ok(faults);
    }
    restaurant.drill("reviews", &down()).await?;
    let refused = restaurant.get("/reviews/tarte").await?;
    let named = refused.text("service").ok();
    if !refused.is(503) || named.as_deref() != Some("reviews") {
        faults.push("in an outage, the answer is not a 503 that names the service".to_owned());
    }
    // The first failures open the circuit.
    for _ in 0..TRIES {
        restaurant.get("/reviews/tarte").await?;
    }
    if feature(restaurant).await?.as_deref() != Some("down") {
        faults.push("in an outage of the service, /status does not say that it is down".to_owned());
    }
    if !restaurant.get("/order-api/menu").await?.is(200) {
        faults.push("in an outage of the service, the menu does not work".to_owned());
    }
    Ok(faults)
}

/// The state of the new feature.
async fn feature(restaurant: &Restaurant) -> Result<Option<String>, RunError> {
    let status = restaurant.get("/status").await?.json()?;
    let state = status.pointer("/features/reviews/status");
    Ok(state.and_then(Value::as_str).map(str::to_owned))
}
