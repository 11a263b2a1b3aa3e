//! More requests than an upstream can take: who is served, and with what.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::Method;
use futures_util::future::{join_all, select};
use futures_util::pin_mut;
use service_kit::testing::eventually;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::metrics::value;
use super::{Mood, Moody, SITE, Site, site};
use crate::scripted::{read_head, serving};

/// `/menu` is sheddable, and `/dishes` critical.
fn with_priorities(config: &str) -> String {
    config
        .replace("to = \"/menu\"", "to = \"/menu\", priority = \"sheddable\"")
        .replace(
            "to = \"/dishes\"",
            "to = \"/dishes\", priority = \"critical\"",
        )
}

#[actix_web::test]
async fn a_sheddable_row_gets_its_stale_answer_at_once_while_others_are_served() {
    let limit =
        "retries = 0\nconcurrency = { requests = 2, per_client = 2, queue = 9, wait = \"1h\" }";
    let site = Site::open(&with_priorities(&site(limit))).await;
    let refused = "gateway_upstream_shed_total{priority=\"sheddable\",upstream=\"backend\"}";
    assert_eq!(value(&site, refused).await, Some(0.0));
    let stored = site.public.get("/menu").await;
    assert_eq!(stored.status, 200);
    site.backend.feels(Mood::Holds("done".to_owned()));
    let request = site.public.request(Method::GET, "/things");
    let held = actix_web::rt::spawn(async move { request.send().await });
    eventually("the first", async || {
        (site.backend.asked() == 2).then_some(())
    })
    .await;
    // One of two permits is in use: half of them.
    let stale = site.public.get("/menu").await;
    assert_eq!(stale.status, 200);
    assert_eq!(stale.header("x-degraded"), Some("stale"));
    assert_eq!(stale.body, stored.body);
    // Without a stored answer, there is the usual problem.
    let none = site.public.get("/menu?page=2").await;
    let _ = none.problem(503, "upstream_overloaded");
    assert_eq!(none.header("retry-after"), Some("1"));
    assert_eq!(value(&site, refused).await, Some(2.0));
    // The other permit is for the others.
    site.backend.says("200 OK", "free");
    assert_eq!(&site.public.get("/things").await.body[..], b"free");
    site.backend.release.notify_one();
    assert_eq!(&held.await.unwrap().body[..], b"done");
}

/// How many requests it works on at once, and how long each takes.
const SERVERS: usize = 4;
const SERVICE: Duration = Duration::from_millis(10);

/// An upstream of a known capacity, and how many requests wait in it at most.
async fn worker() -> (SocketAddr, Rc<Cell<usize>>) {
    let (servers, open, most) = (
        Rc::new(Semaphore::new(SERVERS)),
        Rc::new(Cell::new(0)),
        Rc::new(Cell::new(0)),
    );
    let seen = Rc::clone(&most);
    let addr = serving(move |mut stream| {
        let (servers, open, most) = (Rc::clone(&servers), Rc::clone(&open), Rc::clone(&most));
        async move {
            while read_head(&mut stream).await.is_some() {
                open.set(open.get() + 1);
                most.set(most.get().max(open.get()));
                let server = servers.acquire().await.unwrap();
                sleep(SERVICE).await;
                drop(server);
                open.set(open.get() - 1);
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]";
                if stream.write_all(answer).await.is_err() {
                    return;
                }
            }
        }
    });
    (addr.await, seen)
}

/// The answers to one kind of request.
#[derive(Default)]
struct Got {
    whole: Cell<usize>,
    stale: Cell<usize>,
    refused: Cell<usize>,
}

impl Got {
    /// Asks `count` times, one after the other.
    async fn ask(&self, site: &Site, (method, path): (Method, &str), count: usize) {
        for _ in 0..count {
            let answer = site.public.request(method.clone(), path).send().await;
            let counter = match (answer.status.as_u16(), answer.header("x-degraded")) {
                (200, None) => &self.whole,
                (200, Some("stale")) => &self.stale,
                (503, _) => &self.refused,
                other => panic!("{other:?}"),
            };
            counter.set(counter.get() + 1);
            if counter.get() != self.whole.get() {
                // A client that is told to come back, or has a page to read.
                sleep(SERVICE).await;
            }
        }
    }
}

#[actix_web::test]
async fn at_three_times_the_capacity_critical_requests_are_served_and_the_menu_is_stale() {
    let (addr, most) = worker().await;
    let adaptive = "retries = 0\nconcurrency = { adaptive = true, floor = 8, requests = 200, per_client = 200, wait = \"5s\" }";
    let config = with_priorities(&SITE.replace("retries = 0", adaptive));
    let site = Site::before(&[addr], Moody::start().await, "off", &config);
    let (critical, normal, sheddable) = (Got::default(), Got::default(), Got::default());
    sheddable.ask(&site, (Method::GET, "/menu"), 1).await;
    let endless = usize::MAX;
    let others = join_all((0..40).map(|number| {
        let (got, asked) = match number % 2 {
            0 => (&normal, (Method::GET, "/things")),
            _ => (&sheddable, (Method::GET, "/menu")),
        };
        got.ask(&site, asked, endless)
    }));
    let first = join_all((0..4).map(|_| critical.ask(&site, (Method::POST, "/dishes"), 100)));
    pin_mut!(others, first);
    select(first, others).await;
    assert_eq!((critical.whole.get(), critical.refused.get()), (400, 0));
    assert!(sheddable.stale.get() > 0, "the menu is served stale");
    assert_eq!(sheddable.refused.get(), 0);
    assert!(normal.whole.get() > 0, "normal requests have their share");
    assert!(most.get() >= SERVERS, "the upstream is busy");
}
