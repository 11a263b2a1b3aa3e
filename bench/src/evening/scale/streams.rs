//! Guests who follow an order by its stream of events, as a browser does: after an end they connect
//! again, with the id of the last event.
//!
//! The order's status changes at a steady pace, whether its guest is connected or not. The stream
//! must show each status, in its order, and no event twice.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::super::staff::id_of;
use super::guests::Stop;
use crate::Error;
use crate::traffic::client::{Client, connect, fresh_key};
use crate::traffic::load::side_by_side;

const STATUSES: [&str; 4] = ["EN_ATTENTE", "EN_PREPARATION", "PRETE", "LIVREE"];

/// Longer than the gateway's longest `retry:` and its poll together, so that no status is over
/// before a guest who was sent away could see it.
const CHANGE: Duration = Duration::from_secs(6);

/// How long after the last change the stream must have ended.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a browser waits without a `retry:`.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Followed {
    pub(super) orders: u64,
    pub(super) events: u64,
    /// How often a stream was opened again.
    pub(super) resumed: u64,
    /// Statuses that no event showed, and events that came twice or too late.
    pub(super) missed: u64,
    pub(super) repeated: u64,
    /// Other failures, such as a change of status that was not answered 200.
    pub(super) failed: Vec<String>,
}

/// `count` guests follow one order after the other until `stop`.
pub(super) async fn follow(addr: SocketAddr, count: usize, stop: Stop) -> Result<Followed, Error> {
    let order = Client::new(addr).order("/order-api/menu").await?;
    let guests = (0..count).map(|_| stop.clone()).collect();
    let parts = side_by_side(guests, |number, stop: Stop| {
        let order = order.clone();
        async move {
            let mut all = Followed::default();
            // They do not all come at the same moment.
            sleep(CHANGE.mul_f64(number as f64 / count as f64)).await;
            while !stop.is_set() {
                if let Err(error) = all.one(addr, &order).await {
                    all.failed.push(error.to_string());
                }
            }
            Ok(all)
        }
    });
    let mut all = Followed::default();
    for part in parts.await? {
        all.orders += part.orders;
        all.events += part.events;
        all.resumed += part.resumed;
        all.missed += part.missed;
        all.repeated += part.repeated;
        all.failed.extend(part.failed);
    }
    Ok(all)
}

impl Followed {
    /// How often something was not as it must be.
    pub(super) fn wrong(&self) -> u64 {
        self.missed + self.repeated + self.failed.len() as u64
    }

    async fn one(&mut self, addr: SocketAddr, order: &str) -> Result<(), Error> {
        let mut client = Client::new(addr);
        let made = client.post("/order-api/commandes", Some(fresh_key()), order.to_owned());
        let id = id_of(&made.await?)?;
        self.orders += 1;
        let deadline = Instant::now() + CHANGE * (STATUSES.len() as u32 - 1) + PATIENCE;
        let (changed, seen) = tokio::join!(change(&mut client, &id), async {
            let mut seen = Seen::default();
            let end = timeout_at(deadline, seen.follow(addr, &id)).await;
            let end = end.unwrap_or_else(|_elapsed| Err("a stream has not ended".into()));
            (seen, end)
        });
        let (seen, end) = seen;
        self.events += seen.ids.len() as u64;
        self.resumed += seen.opened.saturating_sub(1);
        let shown = |status: &&&str| seen.statuses.iter().any(|one| one == *status);
        self.missed += (STATUSES.len() - STATUSES.iter().filter(shown).count()) as u64;
        self.repeated += seen.repeated();
        changed.and(end)
    }
}

/// Changes the order's status at a steady pace.
async fn change(client: &mut Client, id: &str) -> Result<(), Error> {
    for status in STATUSES.iter().skip(1) {
        sleep(CHANGE).await;
        let change = Request::patch(format!("/order-api/commandes/{id}/status"))
            .header(CONTENT_TYPE, "application/json")
            .body(json!({ "status": status }).to_string())?;
        let answer = client.send(change).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{status} was answered {}", answer.status()).into());
        }
    }
    Ok(())
}

/// The events of one order's stream.
#[derive(Default)]
struct Seen {
    opened: u64,
    ids: Vec<String>,
    /// The order's status in each event.
    statuses: Vec<String>,
    retry: Option<Duration>,
    /// The lines of the event that is being read.
    id: String,
    name: String,
}

impl Seen {
    /// Returns after the event `fin`.
    async fn follow(&mut self, addr: SocketAddr, id: &str) -> Result<(), Error> {
        loop {
            let body = self.open(addr, id).await?;
            if self.read(body).await {
                return Ok(());
            }
            sleep(self.retry.unwrap_or(RETRY)).await;
        }
    }

    async fn open(&mut self, addr: SocketAddr, id: &str) -> Result<Incoming, Error> {
        let mut request = Request::get(format!("/suivi/{id}/flux")).header(HOST, addr.to_string());
        if let Some(last) = self.ids.last() {
            request = request.header("last-event-id", last);
        }
        let request = request.body(String::new())?;
        let mut sender = connect(addr).await?;
        let answer = timeout(PATIENCE, sender.send_request(request)).await??;
        if answer.status() != StatusCode::OK {
            return Err(format!("a stream was answered {}", answer.status()).into());
        }
        self.opened += 1;
        Ok(answer.into_body())
    }

    /// Reads until the stream ends. Gives `true` after `fin`.
    async fn read(&mut self, mut body: Incoming) -> bool {
        let mut rest = String::new();
        while let Some(Ok(frame)) = body.frame().await {
            let data = frame.data_ref().map_or(&[][..], |data| data);
            rest.push_str(&String::from_utf8_lossy(data));
            while let Some((line, after)) = rest.split_once('\n') {
                let is_last = self.line(line);
                rest = after.to_owned();
                if is_last {
                    return true;
                }
            }
        }
        false
    }

    /// Takes a line of the stream. Gives `true` if it is of the event `fin`. The events here have
    /// one line of data each.
    fn line(&mut self, line: &str) -> bool {
        match line.split_once(": ") {
            Some(("id", id)) => self.id = id.to_owned(),
            Some(("event", name)) => self.name = name.to_owned(),
            Some(("retry", millis)) => self.retry = millis.parse().ok().map(Duration::from_millis),
            Some(("data", data)) if self.name == "suivi" => {
                let data: Value = serde_json::from_str(data).unwrap_or_default();
                let status = data.pointer("/order/status").and_then(Value::as_str);
                self.ids.push(self.id.clone());
                self.statuses.push(status.unwrap_or_default().to_owned());
            }
            Some(("data", _)) => return self.name == "fin",
            _ => {}
        }
        false
    }

    /// The events that are like the one before them, or have an earlier status than it.
    fn repeated(&self) -> u64 {
        let place = |status: &String| STATUSES.iter().position(|one| one == status);
        let back = self.statuses.windows(2).filter(|pair| match pair {
            [before, after] => place(after) < place(before),
            _ => false,
        });
        let twice = self.ids.windows(2).filter(|pair| match pair {
            [before, after] => before == after,
            _ => false,
        });
        (back.count() + twice.count()) as u64
    }
}
