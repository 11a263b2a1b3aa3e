//! Everybody who uses the restaurant through the gateway: guests who order at a constant pace, and
//! cooks and couriers who mark the orders that they find.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::ledger::{Ledger, Shared};
use crate::Error;
use crate::report::tell;
use crate::traffic::client::{Answer, Client};
use crate::traffic::load::{self, Pace, Turns};

/// Enough for the pace even if each order takes more than a second, and fewer than one address may
/// have under way.
const GUESTS: usize = 80;

/// How many cooks there are, and how many couriers.
const HANDS: usize = 4;

/// The most orders that one page may hold.
const PAGE: &str = "/order-api/commandes?limit=200";

/// The pause between two looks at a list, and after a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// How long after the last order all must be handed over: 20,000 orders are marked twice.
pub(super) const SETTLE: Duration = Duration::from_secs(300);

/// Cooks and couriers, who work until this is dropped.
pub(super) struct Staff {
    gateway: SocketAddr,
    ledger: Shared,
    _hands: JoinSet<()>,
}

/// An order in a list. The order service and the kitchen name its id differently.
#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "order_id")]
    id: String,
    status: String,
}

impl Staff {
    pub(super) fn hire(gateway: SocketAddr, ledger: &Shared) -> Self {
        let mut hands = JoinSet::new();
        for number in 0..HANDS {
            hands.spawn(cook(gateway, ledger.clone(), number));
            hands.spawn(courier(gateway, ledger.clone()));
        }
        Self {
            gateway,
            ledger: ledger.clone(),
            _hands: hands,
        }
    }

    /// Guests order at `pace`.
    pub(super) async fn guests(&self, order: &str, pace: Pace) -> Result<(), Error> {
        let guests = (0..GUESTS).map(|_| Client::new(self.gateway)).collect();
        let ordering = load::run(guests, pace, |client, turns| {
            guest(client, turns, order.to_owned(), self.ledger.clone())
        });
        ordering.await.map(drop)
    }
}

/// A guest who orders again and again.
async fn guest(
    mut client: Client,
    mut turns: Turns,
    order: String,
    ledger: Shared,
) -> Result<(), Error> {
    while turns.next().await.is_some() {
        let sent = Instant::now();
        let answer = client.post("/order-api/commandes", None, order.clone());
        let answer = answer.await;
        let mut ledger = Ledger::of(&ledger);
        match answer {
            Ok(made) if made.status() == StatusCode::CREATED => {
                match serde_json::from_slice::<Listed>(made.body()) {
                    Ok(made) => ledger.accept(made.id, sent.elapsed()),
                    Err(error) => ledger.refuse(format!("201 without an id: {error}")),
                }
            }
            Ok(answer) => ledger.refuse(answer.status().as_u16().to_string()),
            Err(_) => ledger.refuse("no answer".to_owned()),
        }
    }
    Ok(())
}

/// Marks the orders in the kitchen as ready. Each cook has a part of the list.
async fn cook(gateway: SocketAddr, ledger: Shared, number: usize) {
    let mut client = Client::new(gateway);
    loop {
        let list = client.get("/kitchen/orders").await.unwrap_or_default();
        let tickets: Vec<Listed> = serde_json::from_slice(list.body()).unwrap_or_default();
        for ticket in tickets.into_iter().skip(number).step_by(HANDS) {
            let mark = json!({ "order_id": ticket.id }).to_string();
            match status(&mut client, "/kitchen/update", mark).await {
                // Another cook was faster, or the order is not one of ours.
                Ok(StatusCode::NOT_FOUND) => {}
                Ok(StatusCode::OK | StatusCode::CONFLICT) => {
                    Ledger::of(&ledger).note_ready(ticket.id);
                }
                // The kitchen has not answered, and may have marked the order all the same.
                _ => {
                    Ledger::of(&ledger).note_ready(ticket.id);
                    break;
                }
            }
        }
        sleep(PAUSE).await;
    }
}

/// Hands over the orders that are ready.
async fn courier(gateway: SocketAddr, ledger: Shared) {
    let mut client = Client::new(gateway);
    loop {
        let next = Ledger::of(&ledger).next_ready();
        let Some(id) = next else {
            sleep(PAUSE).await;
            continue;
        };
        let mark = json!({ "order_id": id }).to_string();
        match status(&mut client, "/delivery/update", mark).await {
            Ok(StatusCode::OK | StatusCode::CONFLICT) => Ledger::of(&ledger).hand_over(id),
            // Delivery has not heard yet that the order is ready.
            _ => {
                Ledger::of(&ledger).note_ready(id);
                sleep(PAUSE / 20).await;
            }
        }
    }
}

/// Posts the mark of an order.
async fn status(client: &mut Client, path: &str, mark: String) -> Result<StatusCode, Error> {
    Ok(client.post(path, None, mark).await?.status())
}

/// The id of an order that was made.
///
/// # Errors
/// It was not made.
pub(super) fn id_of(made: &Answer) -> Result<String, Error> {
    if made.status() != StatusCode::CREATED {
        return Err(format!("an order was answered {}", made.status()).into());
    }
    Ok(serde_json::from_slice::<Listed>(made.body())?.id)
}

/// Waits until every order has been handed over. Gives `false` if that takes longer than `SETTLE`.
pub(super) async fn settle(ledger: &Shared) -> Result<bool, Error> {
    let begun = Instant::now();
    loop {
        let left = Ledger::of(ledger).left();
        if left == 0 || begun.elapsed() > SETTLE {
            return Ok(left == 0);
        }
        tell(format!("  {left} orders are under way"))?;
        sleep(Duration::from_secs(5)).await;
    }
}

/// Every order that the order service lists, with its status.
pub(super) async fn list(gateway: SocketAddr) -> Result<HashMap<String, String>, Error> {
    let mut client = Client::new(gateway);
    let (mut all, mut path) = (HashMap::new(), PAGE.to_owned());
    loop {
        let page = client.get(&path).await?;
        let orders: Vec<Listed> = serde_json::from_slice(page.body())?;
        all.extend(orders.into_iter().map(|order| (order.id, order.status)));
        match page.headers().get("x-next-cursor") {
            Some(cursor) => path = format!("{PAGE}&cursor={}", cursor.to_str()?),
            None => return Ok(all),
        }
    }
}
