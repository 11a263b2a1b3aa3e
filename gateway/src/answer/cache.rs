//! The cache: stored answers, served while they are fresh and in place of answers that do not come.
//!
//! An answer is fresh for a short while, in which it is served without asking, and kept for a long one, in which it is
//! served when there is no better (RFC 5861 §4). However many ask for what is not fresh, one request goes out and all
//! wait for it. Shared by all workers, and bounded in bytes: each row has its share of them.
//!
//! The gateway ignores what a client's `Cache-Control` says of freshness (`no-cache`, `max-age`, `no-store`), and its
//! `Pragma`, as RFC 9111 §5.2.1 allows. Otherwise a stranger could turn each of its requests into one to the upstream.
//! It obeys `only-if-cached`, which asks for less.

mod cache_control;
mod condition;
mod copy;
mod credentials;
mod flight;
mod key;
mod query;
mod refusals;
mod row;
mod serve;
mod store;
mod storing;
mod taking;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse};

pub(crate) use copy::{Copy, Stored};
pub(crate) use key::target;
pub(crate) use query::is_plain_name;
pub(crate) use refusals::Refused;
pub(crate) use store::{options, weight};
pub(crate) use storing::Unfit;

use crate::fault::Fault;
use crate::metrics::Lookups;
use crate::resilience::memory::{Charge, NoRoom};
use crate::routing::route::Kept;
use crate::upstream::MAX_PASSAGES;
use key::Key;
use row::{Found, Row};
use serve::Served;
use taking::{Taken, take};

pub(crate) struct Keep {
    /// By their index.
    rows: Vec<Row>,
    lookups: Lookups,
}

/// Why there is no answer for those who have waited for one.
#[derive(Debug)]
pub(crate) enum Missed {
    Fault(Fault),
    /// The upstream answered with something that may not serve others.
    Unfit(Unfit),
    /// It answered that it has failed.
    Failed(u16),
}

impl Missed {
    /// Whether it says nothing of the answer, but of the client alone who has asked for it.
    fn is_for_one(&self) -> bool {
        matches!(
            self,
            Self::Fault(Fault::Client(_) | Fault::ShareUsed | Fault::NoRoom(NoRoom::Share))
        )
    }
}

/// What the client is given, and what went wrong on the way.
pub(crate) enum Given {
    Answer(HttpResponse),
    /// The last good answer in place of the one that did not come.
    Stale(HttpResponse, Arc<Missed>),
    /// The request is to go to the upstream as it came: what others get is not for it.
    AsItCame,
    /// The client wants a stored answer or none, and there is none.
    NotStored,
    Nothing(Arc<Missed>),
}

impl Keep {
    /// `share` is bytes of each row.
    pub(crate) fn new(rows: &[Arc<Kept>], share: u64, lookups: Lookups) -> Self {
        Self {
            rows: rows.iter().map(|kept| Row::new(kept, share)).collect(),
            lookups,
        }
    }

    /// Whether the request's answer may be stored, and be one that was. What tells who asks makes it somebody's own,
    /// unless the row says that it is everyone's. A body, which means nothing with GET, is for the upstream to judge.
    pub(crate) fn is_for(&self, kept: &Kept, request: &HttpRequest) -> bool {
        let fields = request.headers();
        if !kept.is_shared && credentials::are_in(fields) {
            if let Some(row) = self.row(kept) {
                row.refusals.note_credentials(&row.path, SystemTime::now);
            }
            return false;
        }
        let length = fields.get(header::CONTENT_LENGTH);
        length.is_none_or(|length| length == "0") && !fields.contains_key(header::TRANSFER_ENCODING)
    }

    /// Answers from what is stored, or else by `ask`, which is told how long it may take at most. It may tell the upstream
    /// nothing of the request that is not in the key. While an answer is taken in, `charge` is charged for it.
    pub(crate) async fn answer<F>(
        &self,
        kept: &Kept,
        request: &HttpRequest,
        timeout: Duration,
        charge: impl FnOnce() -> Charge,
        ask: impl FnOnce(Duration) -> F,
    ) -> Given
    where
        F: Future<Output = Result<HttpResponse, Fault>>,
    {
        let (uri, fields) = (request.uri(), request.headers());
        let key = Key::of(kept, uri.path(), uri.query(), fields);
        let (Some(key), Some(row)) = (key, self.row(kept)) else {
            return Given::AsItCame;
        };
        let serve = |served: Served<'_>| {
            self.count(&served);
            served.to(request)
        };
        let now = Instant::now();
        let asked = row.ask(&key, now);
        let last = match row.find(&key, now) {
            Found::Fresh(copy) => return Given::Answer(serve(Served::Hit(&copy))),
            _ if cache_control::is_only_if_cached(fields) => return Given::NotStored,
            Found::AsItCame => return Given::AsItCame,
            Found::Stale(copy) => Some(copy),
            Found::Nothing => None,
        };
        let patience = match &last {
            Some(_) => timeout.min(kept.stale_after),
            None => timeout,
        };
        // What the upstream says of its failure is for the one who has asked.
        let own = RefCell::new(None);
        let is_own = Cell::new(false);
        let flight = row.flights.join(&key, asked.generation);
        let landed = flight
            .land(|| async {
                is_own.set(true);
                let taken = match ask(patience).await {
                    Ok(answer) => take(answer, kept, (row.most, charge()), asked).await,
                    Err(fault) => Taken::Broken(fault),
                };
                let landed = taken.landed(&own);
                row.learn(&key, asked, &landed);
                let landed = landed.map_err(Arc::new);
                match landed {
                    Err(missed) if missed.is_for_one() => Err(missed),
                    landed => Ok(landed),
                }
            })
            .await;
        drop(flight);
        let missed = match landed {
            Ok(copy) if is_own.get() => return Given::Answer(serve(Served::Fetched(&copy))),
            Ok(copy) => return Given::Answer(serve(Served::Shared(&copy))),
            Err(missed) => missed,
        };
        match (last, own.take()) {
            _ if matches!(*missed, Missed::Unfit(_)) => Given::AsItCame,
            (Some(copy), _) => Given::Stale(serve(Served::Stale(&copy, &missed)), missed),
            (None, Some(answer)) => Given::Answer(answer),
            (None, None) => Given::Nothing(missed),
        }
    }

    /// What is stored for the path is out of date, and what is being asked for; of all paths of the row where none is
    /// named.
    pub(crate) fn invalidate(&self, kept: &Kept, path: Option<&str>) {
        if let Some(row) = self.row(kept) {
            row.invalidate(path);
        }
    }

    /// What is stored of the row is no longer fresh. It may stand in.
    pub(crate) fn expire(&self, kept: &Kept) {
        if let Some(row) = self.row(kept) {
            row.expire();
        }
    }

    /// The paths of which an answer was not stored, and the last time.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&str, Refused)> {
        let rows = self.rows.iter();
        rows.filter_map(|row| Some((&*row.path, row.refusals.last()?)))
    }

    /// Those of which none was ever stored.
    pub(crate) fn without_any(&self) -> impl Iterator<Item = (&str, Refused)> {
        let rows = self.rows.iter();
        rows.filter_map(|row| Some((&*row.path, row.refusals.whole()?)))
    }

    /// The answer that is stored for a client who sends none of the fields that count, and no query.
    pub(crate) fn stored(&self, kept: &Kept, path: &str) -> Option<Stored> {
        let (row, now) = (self.row(kept)?, Instant::now());
        let key = Key::with_passages(kept, path, None, &HeaderMap::new(), 0)?;
        match row.find(&key, now) {
            Found::Fresh(copy) => Some(copy.stored(true, now)),
            Found::Stale(copy) => Some(copy.stored(false, now)),
            Found::AsItCame | Found::Nothing => None,
        }
    }

    /// How old the answer is that would stand in for one to a client that sends none of the fields that count.
    pub(crate) fn age(&self, kept: &Kept, path: &str, query: Option<&str>) -> Option<Duration> {
        let (row, now) = (self.row(kept)?, Instant::now());
        (0..=MAX_PASSAGES).find_map(|passages| {
            let key = Key::with_passages(kept, path, query, &HeaderMap::new(), passages)?;
            match row.find(&key, now) {
                Found::Fresh(copy) | Found::Stale(copy) => {
                    copy.stands_in(now).then(|| copy.age(now))
                }
                Found::AsItCame | Found::Nothing => None,
            }
        })
    }

    fn row(&self, kept: &Kept) -> Option<&Row> {
        // Without room for anything, all goes on as it came.
        self.rows.get(kept.index).filter(|row| row.most > 0)
    }

    fn count(&self, served: &Served<'_>) {
        let lookups = &self.lookups;
        match served {
            Served::Hit(_) => lookups.hit.inc(),
            Served::Fetched(_) => lookups.miss.inc(),
            Served::Shared(_) => lookups.shared.inc(),
            Served::Stale(..) => lookups.stale.inc(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
