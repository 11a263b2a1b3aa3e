//! Reads lists of orders, newest first, a few at a time.
//!
//! 1. A list with a `limit` is one page: all orders below the cursor, whatever their status. With
//!    `sort=oldest` it has the oldest first.
//! 2. A list without a limit has every open order and the newest 1,000 that have ended. All orders
//!    down to the last of those come first ([`Which::All`]), then the older open orders
//!    ([`Which::Open`]). The cursor leads to the older ended orders ([`Which::Ended`]).
//! 3. Orders end while a client reads. So that each is shown exactly once, a list and its further
//!    pages show the state of one moment: an order that ends later still counts as open. The cursor
//!    carries the moment.
//!
//! Every read is one short statement. A slow client holds no connection and no snapshot of the
//! database, which would keep SQLite from reusing its log.

mod select;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use shared_types::id::{ClientId, OrderId};
use shared_types::order::{Order, OrderStatus};
use shared_types::value::Timestamp;

use super::rows::{self, LineRow};
use super::{OrderError, Store, StoreError};
use crate::page::{self, Created, Cursor, Limit, Listing, Sort};
use crate::status;

/// A list shows the state of this long ago: longer than a transaction takes from reading the clock
/// to its commit, and longer than the clocks of replicas differ.
const SETTLED: Duration = Duration::from_secs(10);

const SIZES: Sizes = Sizes {
    ended: 1000,
    chunk: 100,
};

#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// The number of ended orders in one list.
    ended: u32,
    /// The number of orders that are read at once: at most 8 MB if every text has its full
    /// length, usually a few dozen kilobytes.
    chunk: u32,
}

/// The sort key of an order in every list: its time, then its id.
type SortKey = (i64, OrderId);

/// Orders that belong to one list.
#[derive(Clone, Debug)]
struct Part {
    /// None: those of every client.
    clients: Vec<ClientId>,
    /// None: every status.
    statuses: Vec<OrderStatus>,
    created: Created,
    which: Which,
    sort: Sort,
    /// Only orders after this one.
    after: Option<SortKey>,
    /// No order below this one.
    down_to: Option<SortKey>,
}

impl Part {
    fn wants(&self, status: OrderStatus) -> bool {
        self.statuses.is_empty() || self.statuses.contains(&status)
    }

    /// Whether each order that belongs to it has ended or none has, so that none leaves it while a
    /// client reads, or all that leave it are few.
    fn is_of_one_kind(&self) -> Option<bool> {
        let (first, others) = self.statuses.split_first()?;
        let is_final = status::is_final(*first);
        let agrees = |status: &OrderStatus| status::is_final(*status) == is_final;
        others.iter().all(agrees).then_some(is_final)
    }
}

#[derive(Clone, Copy, Debug)]
enum Which {
    All,
    /// Orders that were open at this moment.
    Open {
        since: Timestamp,
    },
    /// Orders that ended before this moment.
    Ended {
        before: Timestamp,
    },
}

/// One page.
pub(crate) struct Page {
    pub(crate) orders: Vec<Order>,
    /// The cursor of the next page, if any.
    pub(crate) next: Option<Cursor>,
}

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct List {
    parts: VecDeque<Part>,
    chunk: u32,
    pub(crate) next: Option<Cursor>,
}

impl List {
    /// Whether nothing is left to read.
    pub(crate) fn is_read(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Store {
    /// The page of a list with a limit.
    pub(crate) async fn page(&self, listing: &Listing, limit: Limit) -> Result<Page, OrderError> {
        let part = self.part(listing).await?;
        // One order more than requested shows whether the list goes on.
        let mut orders = self.read(&part, limit.get() + 1).await?;
        let wanted = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let goes_on = orders.len() > wanted;
        orders.truncate(wanted);
        let last = orders.last().filter(|_last| goes_on);
        let ended_before = match part.which {
            Which::Ended { before } => Some(before),
            Which::All | Which::Open { .. } => None,
        };
        let next = last.map(|order| Cursor {
            last: order.id,
            ended_before,
        });
        Ok(Page { orders, next })
    }

    /// How many orders a listing selects now, on all its pages.
    pub(crate) async fn count(&self, listing: &Listing) -> Result<i64, StoreError> {
        let part = Part {
            clients: listing.client_id.values().to_vec(),
            statuses: listing.status.values().to_vec(),
            created: listing.created(),
            which: Which::All,
            sort: Sort::Newest,
            after: None,
            down_to: None,
        };
        let mut reader = self.database.reader().await?;
        let (count,): (i64,) = select::count(&part)
            .build_as()?
            .fetch_one(&mut *reader)
            .await?;
        Ok(count)
    }

    /// A list without a limit, to read with [`read_on`](Self::read_on).
    pub(crate) async fn list(&self, listing: &Listing) -> Result<List, OrderError> {
        if listing.sort() == Sort::Oldest {
            return Err(OrderError::Unacceptable(page::limit_needed()));
        }
        let settled = Timestamp::now().before(SETTLED);
        self.list_of(listing, settled, SIZES).await
    }

    async fn list_of(
        &self,
        listing: &Listing,
        settled: Timestamp,
        sizes: Sizes,
    ) -> Result<List, OrderError> {
        let whole = self.part(listing).await?;
        let has_ended = whole.is_of_one_kind();
        let (ended, moment) = match (whole.which, has_ended) {
            // Open orders are all listed.
            (Which::All, Some(false)) => (None, None),
            // An order that has ended keeps its status.
            (Which::All, Some(true)) => (Some(whole.clone()), None),
            (Which::Ended { before }, _) => (Some(whole.clone()), Some(before)),
            (Which::All | Which::Open { .. }, _) => {
                let which = Which::Ended { before: settled };
                let ended = whole.clone();
                (Some(Part { which, ..ended }), Some(settled))
            }
        };
        let cut = match &ended {
            Some(ended) => self.cut(ended, sizes.ended).await?,
            None => None,
        };
        let mut parts = VecDeque::from([Part {
            down_to: cut,
            ..whole.clone()
        }]);
        if let (Some(cut), Which::All, None) = (cut, whole.which, has_ended) {
            parts.push_back(Part {
                which: Which::Open { since: settled },
                after: Some(cut),
                ..whole
            });
        }
        Ok(List {
            parts,
            chunk: sizes.chunk,
            next: cut.map(|(_, last)| Cursor {
                last,
                ended_before: moment,
            }),
        })
    }

    /// The next orders of a list; none once it [is read](List::is_read).
    pub(crate) async fn read_on(&self, list: &mut List) -> Result<Vec<Order>, StoreError> {
        while let Some(part) = list.parts.front_mut() {
            let orders = self.read(part, list.chunk).await?;
            let last = orders
                .last()
                .map(|order| (order.created_at.millis(), order.id));
            let is_full = u32::try_from(orders.len()).is_ok_and(|read| read >= list.chunk);
            if is_full && last != part.down_to {
                part.after = last;
            } else {
                list.parts.pop_front();
            }
            if !orders.is_empty() {
                return Ok(orders);
            }
        }
        Ok(Vec::new())
    }

    /// All orders of a listing, as if it had no limit.
    async fn part(&self, listing: &Listing) -> Result<Part, OrderError> {
        let cursor = listing.cursor.as_ref();
        let ended_before = cursor.and_then(|cursor| cursor.ended_before);
        if ended_before.is_some() && listing.sort() == Sort::Oldest {
            return Err(OrderError::UnknownCursor);
        }
        let after = match cursor {
            Some(Cursor { last, .. }) => Some((self.created_at(*last).await?, *last)),
            None => None,
        };
        Ok(Part {
            clients: listing.client_id.values().to_vec(),
            statuses: listing.status.values().to_vec(),
            created: listing.created(),
            which: match ended_before {
                Some(before) => Which::Ended { before },
                None => Which::All,
            },
            sort: listing.sort(),
            after,
            down_to: None,
        })
    }

    async fn read(&self, part: &Part, most: u32) -> Result<Vec<Order>, StoreError> {
        let Some(select) = select::orders(part, most) else {
            return Ok(Vec::new());
        };
        let mut reader = self.database.reader().await?;
        let rows: Vec<LineRow> = select.build_as()?.fetch_all(&mut *reader).await?;
        rows::orders(rows)
    }

    /// The last of the newest `most` orders, if others follow it.
    async fn cut(&self, part: &Part, most: u32) -> Result<Option<SortKey>, StoreError> {
        let Some(select) = select::keys_around(part, most) else {
            return Ok(None);
        };
        let mut reader = self.database.reader().await?;
        let rows: Vec<(i64, String)> = select.build_as()?.fetch_all(&mut *reader).await?;
        match rows.as_slice() {
            [(created_at, id), _following] => Ok(Some((*created_at, rows::order_id(id)?))),
            _ => Ok(None),
        }
    }

    /// The start of a page. Orders are never deleted and their times never change, so this needs no
    /// common transaction with the reads that follow.
    async fn created_at(&self, cursor: OrderId) -> Result<i64, OrderError> {
        sqlx::query_scalar("SELECT created_at FROM orders WHERE id = $1")
            .bind(cursor.to_string())
            .fetch_optional(&mut *self.database.reader().await?)
            .await?
            .ok_or(OrderError::UnknownCursor)
    }
}
