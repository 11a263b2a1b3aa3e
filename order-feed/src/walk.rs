//! Reads the open orders from the order service page by page, the oldest first.
//!
//! It can pause at any order and continue there later. The order service lists one status at a
//! time, so there is one stream for each status, and the streams are merged by age.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::http::StatusCode;
use awc::Client;
use service_kit::peer::PeerUrl;
use shared_types::order::{Order, OrderStatus};

use crate::intake::{Age, age};

/// The deadline of one page.
const DEADLINE: Duration = Duration::from_secs(3);

/// The order service's own limit on a page. The bytes hold 200 orders of 50 lines with the
/// longest names and comments.
const PAGE: usize = 200;
const MAX_PAGE_BYTES: usize = 24 << 20;

pub(crate) struct Walk {
    streams: Vec<Stream>,
    /// Orders passed since the last [`take_passed`](Self::take_passed).
    passed: usize,
}

/// The open orders in one status.
struct Stream {
    status: OrderStatus,
    /// The last order that was passed.
    last_passed: Option<Age>,
    page: VecDeque<Order>,
    /// Whether no page follows this one.
    is_last: bool,
}

/// The order that comes next. It is passed once it has been taken.
pub(crate) struct Reached {
    pub(crate) order: Order,
    stream: usize,
}

impl Walk {
    pub(crate) fn new(statuses: impl Iterator<Item = OrderStatus>) -> Self {
        let stream = |status| Stream {
            status,
            last_passed: None,
            page: VecDeque::new(),
            is_last: false,
        };
        Self {
            streams: statuses.map(stream).collect(),
            passed: 0,
        }
    }

    /// Drops the orders that were read and not passed: they may change meanwhile.
    pub(crate) fn pause(&mut self) {
        for stream in &mut self.streams {
            stream.page.clear();
            stream.is_last = false;
        }
    }

    /// Starts again when the missed order is older than an order that was passed: it has changed
    /// its status since, or was committed later than its timestamp says.
    pub(crate) fn restart_if_behind(&mut self, missed: Age) {
        if self
            .streams
            .iter()
            .any(|stream| stream.last_passed >= Some(missed))
        {
            self.start_again();
        }
    }

    fn start_again(&mut self) {
        self.pause();
        for stream in &mut self.streams {
            stream.last_passed = None;
        }
    }

    /// The next order by age, or `None` at the end.
    pub(crate) async fn next(
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
                Err(PageError::Refused(why)) => {
                    // The order of the cursor may no longer exist.
                    self.start_again();
                    return Err(why);
                }
                Err(PageError::Failed(why)) => return Err(why),
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

    pub(crate) fn pass(&mut self, reached: &Reached) {
        if let Some(stream) = self.streams.get_mut(reached.stream) {
            stream.last_passed = Some(age(&reached.order));
        }
        self.passed += 1;
    }

    /// The number of orders passed since the last call.
    pub(crate) fn take_passed(&mut self) -> usize {
        std::mem::take(&mut self.passed)
    }
}

enum PageError {
    /// A 4xx.
    Refused(String),
    Failed(String),
}

impl Stream {
    async fn read_on(&mut self, client: &Client, peer: &PeerUrl) -> Result<(), PageError> {
        let cursor = self.last_passed.map(|(_, id)| format!("&cursor={id}"));
        let path = format!(
            "/commandes?status={}&sort=oldest&limit={PAGE}{}",
            self.status,
            cursor.unwrap_or_default()
        );
        let read = tokio::time::timeout(DEADLINE, read(client, &peer.at(&path))).await;
        let (page, is_last) =
            read.map_err(|_elapsed| PageError::Failed("out of time".to_owned()))??;
        self.page.extend(page);
        self.is_last = is_last;
        Ok(())
    }
}

/// Reads a page, and whether it is the last one.
async fn read(client: &Client, url: &str) -> Result<(Vec<Order>, bool), PageError> {
    let answer = client.get(url).send().await;
    let mut answer = answer.map_err(|error| PageError::Failed(error.to_string()))?;
    let status = answer.status();
    if status != StatusCode::OK {
        let why = format!("answered {status}");
        return Err(if status.is_client_error() {
            PageError::Refused(why)
        } else {
            PageError::Failed(why)
        });
    }
    let is_last = !answer.headers().contains_key("x-next-cursor");
    let page = answer.json().limit(MAX_PAGE_BYTES).await;
    let page = page.map_err(|error| PageError::Failed(error.to_string()))?;
    Ok((page, is_last))
}
