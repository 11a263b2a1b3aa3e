//! Through the open orders, the oldest first, a page at a time. It goes on where it stopped, however long ago that was.
//!
//! The order service lists one status at a time, so there is one stream for each, and the streams are merged by age.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::http::StatusCode;
use awc::Client;
use shared_types::order::{Order, OrderStatus};

use super::intake::{Age, age};
use crate::peer::PeerUrl;

/// How long one page may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// The order service's own limit on a page, each order at its longest (50 lines).
const PAGE: usize = 200;
const MAX_PAGE_BYTES: usize = 16 << 20;

pub(super) struct Walk {
    streams: Vec<Stream>,
    /// How many orders were passed since it was last said.
    passed: usize,
}

/// The open orders in one status.
struct Stream {
    status: OrderStatus,
    /// The last one that was passed.
    behind: Option<Age>,
    page: VecDeque<Order>,
    /// Whether the page is the last one.
    is_last: bool,
}

/// An order that was reached and is yet to be passed.
pub(super) struct Reached {
    pub(super) order: Order,
    stream: usize,
}

impl Walk {
    pub(super) fn new(statuses: &[OrderStatus]) -> Self {
        let stream = |status: &OrderStatus| Stream {
            status: *status,
            behind: None,
            page: VecDeque::new(),
            is_last: false,
        };
        Self {
            streams: statuses.iter().map(stream).collect(),
            passed: 0,
        }
    }

    /// Forgets what has been read and not passed, which may have changed since.
    pub(super) fn pause(&mut self) {
        for stream in &mut self.streams {
            stream.page.clear();
            stream.is_last = false;
        }
    }

    /// Starts again where an order that it has not met may lie behind it: it has changed its status since, or was made
    /// later than it says.
    pub(super) fn meet(&mut self, missed: Age) {
        if self
            .streams
            .iter()
            .any(|stream| stream.behind >= Some(missed))
        {
            self.start_again();
        }
    }

    fn start_again(&mut self) {
        self.pause();
        for stream in &mut self.streams {
            stream.behind = None;
        }
    }

    /// The next order by age; none where there are no more.
    pub(super) async fn next(
        &mut self,
        client: &Client,
        peer: &PeerUrl,
    ) -> Result<Option<Reached>, String> {
        for index in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(index) else {
                continue;
            };
            if !stream.page.is_empty() || stream.is_last {
                continue;
            }
            match stream.read_on(client, peer).await {
                Ok(()) => {}
                Err(Unread::Refused(why)) => {
                    // Maybe the order where it stopped is no longer known.
                    self.start_again();
                    return Err(why);
                }
                Err(Unread::Failed(why)) => return Err(why),
            }
        }
        let reached = self.streams.iter().enumerate();
        let reached =
            reached.filter_map(|(index, stream)| Some((age(stream.page.front()?), index)));
        let Some((_, stream)) = reached.min() else {
            return Ok(None);
        };
        let order = self.streams.get_mut(stream);
        let order = order.and_then(|stream| stream.page.pop_front());
        Ok(order.map(|order| Reached { order, stream }))
    }

    pub(super) fn pass(&mut self, reached: &Reached) {
        if let Some(stream) = self.streams.get_mut(reached.stream) {
            stream.behind = Some(age(&reached.order));
        }
        self.passed += 1;
    }

    /// How many orders were passed since this was last asked.
    pub(super) fn take_passed(&mut self) -> usize {
        std::mem::take(&mut self.passed)
    }
}

enum Unread {
    /// By a 4xx.
    Refused(String),
    Failed(String),
}

impl Stream {
    async fn read_on(&mut self, client: &Client, peer: &PeerUrl) -> Result<(), Unread> {
        let cursor = self.behind.map(|(_, id)| format!("&cursor={id}"));
        let path = format!(
            "/commandes?status={}&sort=oldest&limit={PAGE}{}",
            self.status,
            cursor.unwrap_or_default()
        );
        let read = tokio::time::timeout(DEADLINE, read(client, &peer.at(&path))).await;
        let (page, is_last) =
            read.map_err(|_elapsed| Unread::Failed("out of time".to_owned()))??;
        self.page.extend(page);
        self.is_last = is_last;
        Ok(())
    }
}

/// A page, and whether none follows it.
async fn read(client: &Client, url: &str) -> Result<(Vec<Order>, bool), Unread> {
    let answer = client.get(url).send().await;
    let mut answer = answer.map_err(|error| Unread::Failed(error.to_string()))?;
    let status = answer.status();
    if status != StatusCode::OK {
        let why = format!("answered {status}");
        return Err(if status.is_client_error() {
            Unread::Refused(why)
        } else {
            Unread::Failed(why)
        });
    }
    let is_last = !answer.headers().contains_key("x-next-cursor");
    let page = answer.json().limit(MAX_PAGE_BYTES).await;
    let page = page.map_err(|error| Unread::Failed(error.to_string()))?;
    Ok((page, is_last))
}
