//! Measures how long it takes until one domain hears of a change in another, for one order after
//! the other.
//!
//! Everything goes through the gateway, as a person with four screens would see it. Each time
//! begins with the answer to the request that changed something in one domain, and ends with the
//! first answer of another domain that shows the change. There are never many orders at once, which
//! would measure a queue; `orders` does that.

mod report;
mod watch;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::report::{Conditions, publish};
use crate::restaurant::Restaurant;
use crate::{Error, order, service};
use report::Report;

use watch::Watch;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many orders are followed, one after the other
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Also write the result into this file, between `<!-- journey -->` and `<!-- /journey -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

const STEPS: [&str; 4] = [
    "An order is made → it is in the kitchen",
    "The kitchen marks it ready → the order is `PRETE`",
    "The same mark → delivery has it",
    "Delivery hands it over → the order is `LIVREE`",
];

/// Measures and reports.
///
/// # Errors
/// Something could not be measured, or a step took longer than the limit.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    // The restaurant writes into the folder, and is dropped before it.
    let (programs, folder) = service::prepare(None)?;
    let conditions = Conditions::of(folder.path()).await?;
    let restaurant = Restaurant::open(&programs, folder.path(), &[]).await?;
    let gateway = restaurant.gateway()?;
    let order = order::body(gateway, "/order-api/menu").await?;
    let mut report = Report {
        conditions,
        steps: STEPS.map(|step| (step, Vec::new())),
    };
    writeln!(io::stderr(), "following {} orders", options.rounds)?;
    for round in 1..=options.rounds {
        let times = follow(gateway, &order).await;
        let times = times.map_err(|error| format!("order {round}: {error}"))?;
        for ((_, samples), time) in report.steps.iter_mut().zip(times) {
            samples.push(time);
        }
    }
    publish("journey", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

/// Follows one order until it is handed over, and gives how long each step took.
async fn follow(gateway: SocketAddr, order: &str) -> Result<[Duration; 4], Error> {
    let kitchen = Watch::open(gateway, "/kitchen/orders").await?;
    let (made, order) = post(gateway, "/order-api/commandes", order, StatusCode::CREATED).await?;
    let id = order
        .get("id")
        .and_then(Value::as_str)
        .ok_or("the order has no id")?;
    let cooking = kitchen
        .since(made, |tickets| has_order(tickets, id))
        .await?;

    let path = format!("/order-api/commandes/{id}");
    let mark = json!({ "order_id": id }).to_string();
    let order = Watch::open(gateway, &path).await?;
    let delivery = Watch::open(gateway, "/delivery/assigned").await?;
    let (marked, _) = post(gateway, "/kitchen/update", &mark, StatusCode::OK).await?;
    let (ready, assigned) = tokio::try_join!(
        order.since(marked, |order| order["status"] == "PRETE"),
        delivery.since(marked, |assigned| has_order(assigned, id)),
    )?;

    let order = Watch::open(gateway, &path).await?;
    let (handed, _) = post(gateway, "/delivery/update", &mark, StatusCode::OK).await?;
    let delivered = order
        .since(handed, |order| order["status"] == "LIVREE")
        .await?;
    Ok([cooking, ready, assigned, delivered])
}

/// Posts `body` and checks the status. Gives when the answer came, and its body.
async fn post(
    gateway: SocketAddr,
    path: &str,
    body: &str,
    expected: StatusCode,
) -> Result<(Instant, Value), Error> {
    let mut client = Client::connect(gateway).await?;
    let answer = client.post(path, None, body.to_owned()).await?;
    let answered = Instant::now();
    if answer.status() != expected {
        return Err(format!("POST {path} was answered {}", answer.status()).into());
    }
    Ok((answered, serde_json::from_slice(answer.body())?))
}

/// Whether a list of the kitchen or of delivery has the order `id`.
fn has_order(list: &Value, id: &str) -> bool {
    let mut entries = list.as_array().into_iter().flatten();
    entries.any(|entry| entry["order_id"] == id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::has_order;

    #[test]
    fn an_order_is_listed_by_its_id() {
        let list = json!([{"order_id": "CMD1234"}, {"order_id": "a"}]);
        assert!(has_order(&list, "a"));
        assert!(!has_order(&list, "b"));
        assert!(!has_order(&json!({}), "a"));
    }
}
