//! Measures how long it takes until one domain hears of a change in another, for one order after
//! the other.
//!
//! Everything goes through the gateway, as a person with four screens would see it. Each time
//! begins with the answer to the request that changed something in one domain, and ends with the
//! first answer of another domain that shows the change. There are never many orders at once, which
//! would measure a queue; `orders` does that.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::Error;
use crate::programs::Place;
use crate::programs::restaurant::Restaurant;
use crate::report::markdown::table;
use crate::report::stats::Waits;
use crate::report::{Measured, tell};
use crate::traffic::client::Client;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many orders are followed, one after the other
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
}

/// The pause between an answer and the next request. Tokio's timer rounds up to a whole
/// millisecond, so it may take two.
const PAUSE: Duration = Duration::from_millis(1);

/// Ten times the limit: what takes longer counts as lost, not as late.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest that any step may take while all services are up.
const LIMIT: Duration = Duration::from_secs(1);

const STEPS: [&str; 4] = [
    "An order is made → it is in the kitchen",
    "The kitchen marks it ready → the order is `PRETE`",
    "The same mark → delivery has it",
    "Delivery hands it over → the order is `LIVREE`",
];

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let place = Place::prepare(None).await?;
    let restaurant = Restaurant::open(&place, &[]).await?;
    let gateway = restaurant.gateway()?;
    let order = Client::new(gateway).order("/order-api/menu").await?;
    let mut steps = STEPS.map(|step| (step, Vec::new()));
    tell(format!("following {} orders", options.rounds))?;
    for round in 1..=options.rounds {
        let times = follow(gateway, &order).await;
        let times = times.map_err(|error| format!("order {round}: {error}"))?;
        for ((_, samples), time) in steps.iter_mut().zip(times) {
            samples.push(time);
        }
    }
    Ok(place.measured(Report { steps }))
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
    let mut client = Client::new(gateway);
    let answer = client.post(path, None, body.to_owned()).await?;
    let answered = Instant::now();
    if answer.status() != expected {
        return Err(format!("POST {path} was answered {}", answer.status()).into());
    }
    Ok((answered, serde_json::from_slice(answer.body())?))
}

/// Asks for one page again and again until it shows the change waited for.
struct Watch {
    client: Client,
    path: String,
}

impl Watch {
    /// Opens a connection before the awaited change can happen, so that connecting is not measured.
    /// Each watch has its own connection: the gateway would close one that idles through a slow
    /// step.
    async fn open(gateway: SocketAddr, path: &str) -> Result<Self, Error> {
        Ok(Self {
            client: Client::connect(gateway).await?,
            path: path.to_owned(),
        })
    }

    /// How long after `told` the page first `shows` the change.
    ///
    /// # Errors
    /// The page cannot be read, or has not shown the change within `PATIENCE`.
    async fn since(
        mut self,
        told: Instant,
        shows: impl Fn(&Value) -> bool,
    ) -> Result<Duration, Error> {
        loop {
            let page = self.client.get(&self.path).await?;
            let answered = told.elapsed();
            if shows(&serde_json::from_slice(page.body())?) {
                return Ok(answered);
            }
            if answered > PATIENCE {
                let (path, patience) = (&self.path, PATIENCE.as_secs());
                return Err(format!("{path} did not show the change within {patience} s").into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether a list of the kitchen or of delivery has the order `id`.
fn has_order(list: &Value, id: &str) -> bool {
    let mut entries = list.as_array().into_iter().flatten();
    entries.any(|entry| entry["order_id"] == id)
}

struct Report {
    /// Each step with the time it took for every order.
    steps: [(&'static str, Vec<Duration>); 4],
}

impl Report {
    fn late(&self) -> usize {
        let times = self.steps.iter().flat_map(|(_, times)| times);
        times.filter(|time| **time > LIMIT).count()
    }

    fn table(&self) -> String {
        let rows = self.steps.iter().map(|(step, times)| {
            let waits: Waits = times.iter().copied().collect();
            // More digits would be noise: the pages are asked only every 1 to 2 ms.
            let figures = [50.0, 99.0, 100.0].map(|percent| format!("{:.1}", waits.ms(percent)));
            let [median, p99, max] = figures;
            [(*step).to_owned(), median, p99, max]
        });
        table(&["Step", "median ms", "p99 ms", "max ms"], rows)
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// A step took longer than the limit.
    fn verdict(&self) -> Result<(), Error> {
        match self.late() {
            0 => Ok(()),
            late => Err(format!("{late} steps took longer than {} s", LIMIT.as_secs()).into()),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(_, first), ..] = &self.steps;
        let (rounds, limit, late) = (first.len(), LIMIT.as_secs(), self.late());
        let table = self.table();
        write!(
            f,
            "{rounds} orders, one after the other, through the gateway:\n\
             \n{table}\n\
             - Limit: {limit} s for each step of each order. Over it: {late}.\n\
             - From the answer that one domain gives to the first answer of the other that shows it; looked for again\n  \
               1 to 2 ms after each answer that does not.\n\
             - order-service, kitchen-mock, delivery-mock, gateway and the bench share the cores; SQLite with\n  \
               `synchronous=FULL`; the access log is off.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{LIMIT, Report, has_order};
    use crate::report::Report as _;

    fn report(times: [Duration; 2]) -> Report {
        Report {
            steps: ["a", "b", "c", "d"].map(|step| (step, times.to_vec())),
        }
    }

    #[test]
    fn a_step_may_take_as_long_as_the_limit_and_no_longer() {
        let kept = report([Duration::from_micros(2340), LIMIT]);
        assert!(kept.verdict().is_ok());
        let text = kept.to_string();
        assert!(text.contains("| a    |       2.3 |"), "{text}");
        assert!(text.contains("| 1000.0 |\n"), "{text}");
        assert!(text.contains("Over it: 0."), "{text}");

        let broken = report([LIMIT, LIMIT + Duration::from_nanos(1)]);
        let error = broken.verdict().unwrap_err().to_string();
        assert_eq!(error, "4 steps took longer than 1 s");
        assert!(broken.to_string().contains("Over it: 4."));
    }

    #[test]
    fn an_order_is_listed_by_its_id() {
        let list = json!([{"order_id": "CMD1234"}, {"order_id": "a"}]);
        assert!(has_order(&list, "a"));
        assert!(!has_order(&list, "b"));
        assert!(!has_order(&json!({}), "a"));
    }
}
