//! The cache: stored answers, served while they are fresh and in place of answers that do not come.
//!
//! An answer is fresh for a short time, in which it is served without asking. It is stored for a
//! longer time, in which it is served when there is no better one (RFC 5861 §4). If many clients
//! ask for the same answer that is not fresh, one request goes out and all wait for it. All workers
//! share the cache. Its bytes are bounded, and each row has its share of them.
//!
//! The gateway ignores a client's `Cache-Control` about freshness (`no-cache`, `max-age`,
//! `no-store`) and its `Pragma`, as RFC 9111 §5.2.1 allows. Otherwise a stranger could turn each of
//! its requests into one to the upstream. It obeys `only-if-cached`, which asks for less.

mod cache_control;
mod condition;
mod copy;
mod credentials;
mod flight;
mod key;
mod query;
mod refusals;
mod row;
mod saved;
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
pub(crate) use refusals::Refused;
pub(crate) use row::Changes;
pub(crate) use saved::shared::Sharing;
pub(crate) use saved::{NAME as SAVED_NAME, RowId};
pub(crate) use store::{options, weight};
pub(crate) use storing::Unfit;

use crate::fault::{Fault, NoRoom};
use crate::metrics::Lookups;
use crate::resilience::memory::Charge;
use crate::routing::route::CachePolicy;
use crate::upstream::MAX_PASSAGES;
use key::Key;
use row::{Found, Row};
use saved::shared::RowSharing;
use serve::Served;
use taking::{Taken, take};

pub(crate) struct Cache {
    /// The cached rows, by their index.
    rows: Vec<Cached>,
    lookups: Lookups,
    /// The answers of other gateways, if there is a shared store.
    sharing: Option<Arc<Sharing>>,
}

/// A row as it is configured, and its answers.
struct Cached {
    row: Arc<Row>,
    policy: Arc<CachePolicy>,
    /// `None` if its answers are kept nowhere else.
    id: Option<RowId>,
}

/// Why there is no answer for the requests that waited for one.
#[derive(Debug)]
pub(crate) enum Missed {
    Fault(Fault),
    /// The upstream's answer may not serve other clients.
    Unfit(Unfit),
    /// The upstream answered with a failure.
    Failed(u16),
}

impl Missed {
    /// Whether the reason concerns only the client that asked, and not the answer.
    fn is_for_one(&self) -> bool {
        matches!(
            self,
            Self::Fault(Fault::Client(_) | Fault::ShareUsed | Fault::NoRoom(NoRoom::Share))
        )
    }

    /// Whether a last good answer may stand in.
    fn may_be_stale(&self) -> bool {
        !self.is_for_one() && !matches!(self, Self::Unfit(_))
    }
}

/// A row of the configuration whose answers are cached.
pub(crate) struct CachedRow {
    pub(crate) policy: Arc<CachePolicy>,
    /// Everything that its answers depend on. `None` if they are kept nowhere else.
    pub(crate) id: Option<RowId>,
}

/// How an answer was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// It was stored, and fresh.
    Hit,
    /// The upstream was asked.
    Miss,
    /// Another request had asked already.
    Shared,
}

impl Lookup {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Shared => "shared",
        }
    }
}

/// The client's answer, and what went wrong on the way.
pub(crate) enum Given {
    Answer(HttpResponse, Lookup),
    /// The last good answer, in place of the one that did not come.
    Stale(HttpResponse, Arc<Missed>),
    /// The request must go to the upstream as it came: other clients' answers are not for it.
    Pass,
    /// The client wants only a stored answer, and there is none.
    NotStored,
    Nothing(Arc<Missed>),
}

impl Cache {
    /// `share` is the number of bytes for each row.
    pub(crate) fn new(
        rows: Vec<CachedRow>,
        share: u64,
        lookups: Lookups,
        sharing: Option<Arc<Sharing>>,
    ) -> Self {
        Self {
            rows: cached(rows, |policy| Arc::new(Row::new(policy, share))),
            lookups,
            sharing,
        }
    }

    /// The cache of a new configuration. `earlier` gives the index that a row had before, if its
    /// answers are the same: they stay.
    pub(crate) fn succeeding(
        &self,
        rows: Vec<CachedRow>,
        share: u64,
        earlier: impl Fn(&CachePolicy) -> Option<usize>,
    ) -> Self {
        let rows = cached(rows, |policy| {
            let known = earlier(policy).and_then(|index| self.rows.get(index));
            if let Some(Cached { row, .. }) = known {
                row.resize(share);
                return Arc::clone(row);
            }
            let mut rows = self.rows.iter().map(|cached| &cached.row);
            let row = match rows.find(|row| row.path == policy.path) {
                Some(row) => row.renewed(policy, share),
                None => Row::new(policy, share),
            };
            Arc::new(row)
        });
        Self {
            rows,
            lookups: self.lookups.clone(),
            sharing: self.sharing.clone(),
        }
    }

    /// Whether the request may be answered from the cache, and its answer stored. Credentials make
    /// the answer its client's own, unless the row is shared. A body, which means nothing with GET,
    /// is left to the upstream.
    pub(crate) fn is_for(&self, policy: &CachePolicy, request: &HttpRequest) -> bool {
        let fields = request.headers();
        if !policy.is_shared && credentials::are_in(fields) {
            if let Some(row) = self.row(policy) {
                row.refusals.note_credentials(&row.path, SystemTime::now);
            }
            return false;
        }
        let length = fields.get(header::CONTENT_LENGTH);
        length.is_none_or(|length| length == "0") && !fields.contains_key(header::TRANSFER_ENCODING)
    }

    /// Answers from the cache, or else by `ask`, which gets the longest time it may take. `ask` may
    /// tell the upstream nothing of the request that is not in the key. `charge` is charged for an
    /// answer while it is read.
    pub(crate) async fn answer<F>(
        &self,
        policy: &CachePolicy,
        request: &HttpRequest,
        timeout: Duration,
        charge: impl FnOnce() -> Charge,
        ask: impl FnOnce(Duration) -> F,
    ) -> Given
    where
        F: Future<Output = Result<HttpResponse, Fault>>,
    {
        let (uri, fields) = (request.uri(), request.headers());
        let key = Key::of(policy, uri.path(), uri.query(), fields);
        let (Some(key), Some(row)) = (key, self.row(policy)) else {
            return Given::Pass;
        };
        let serve = |served: Served<'_>| {
            self.count(&served);
            served.to(request, policy)
        };
        let now = Instant::now();
        let asked = row.ask(&key, now);
        let last = match row.find(&key, now) {
            Found::Fresh(copy) => return Given::Answer(serve(Served::Hit(&copy)), Lookup::Hit),
            _ if cache_control::is_only_if_cached(fields) => return Given::NotStored,
            Found::HitForPass => return Given::Pass,
            Found::Stale(copy) => Some(copy),
            Found::Nothing => None,
        };
        let wait = match &last {
            Some(_) => timeout.min(policy.stale_after),
            None => timeout,
        };
        // The upstream's own failure answer is only for the client that asked.
        let own = RefCell::new(None);
        let sharing = self.sharing_of(policy);
        let is_own = Cell::new(false);
        let flight = row.flights.join(&key, asked.generation);
        let landed = flight
            .land(|| async {
                // Another worker's request may have stored an answer since the look above.
                if let Found::Fresh(copy) = row.find(&key, Instant::now()) {
                    return Ok(Ok(copy));
                }
                is_own.set(true);
                let taken = match ask(wait).await {
                    Ok(answer) => take(answer, policy, (row.most(), charge()), asked).await,
                    Err(fault) => Taken::Broken(fault),
                };
                let landed = taken.landed(&own);
                row.learn(&key, asked, &landed);
                match (&sharing, &landed) {
                    (Some(sharing), Ok(copy)) => sharing.offer(&key, copy),
                    (Some(sharing), Err(missed)) if last.is_none() && missed.may_be_stale() => {
                        sharing.recall(row, policy, &key).await;
                    }
                    _ => {}
                }
                let landed = landed.map_err(Arc::new);
                match landed {
                    Err(missed) if missed.is_for_one() => Err(missed),
                    landed => Ok(landed),
                }
            })
            .await;
        drop(flight);
        let missed = match landed {
            Ok(copy) if is_own.get() => {
                return Given::Answer(serve(Served::Fetched(&copy)), Lookup::Miss);
            }
            Ok(copy) => return Given::Answer(serve(Served::Shared(&copy)), Lookup::Shared),
            Err(missed) => missed,
        };
        // Another gateway may have shared one.
        let last = last.or_else(|| match row.find(&key, Instant::now()) {
            Found::Stale(copy) if sharing.is_some() => Some(copy),
            _ => None,
        });
        match (last, own.take()) {
            _ if matches!(*missed, Missed::Unfit(_)) => Given::Pass,
            (Some(copy), _) => Given::Stale(serve(Served::Stale(&copy, &missed)), missed),
            (None, Some(answer)) => Given::Answer(answer, Lookup::Miss),
            (None, None) => Given::Nothing(missed),
        }
    }

    /// Makes the stored answers for the path, and those being asked for, out of date; without a
    /// path, those of the whole row.
    pub(crate) fn invalidate(&self, policy: &CachePolicy, path: Option<&str>) {
        if let Some(row) = self.row(policy) {
            row.invalidate(path);
        }
        if let Some(sharing) = &self.sharing {
            sharing.tell(policy, path);
        }
    }

    /// Makes the row's stored answers stale. They may still replace missing ones.
    pub(crate) fn expire(&self, policy: &CachePolicy) {
        if let Some(row) = self.row(policy) {
            row.expire();
        }
    }

    /// The paths of which an answer was not stored, with the latest refusal.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&str, Refused)> {
        let rows = self.rows.iter().map(|cached| &cached.row);
        rows.filter_map(|row| Some((&*row.path, row.refusals.last()?)))
    }

    /// The paths of which no answer was ever stored, with the latest refusal.
    pub(crate) fn without_any(&self) -> impl Iterator<Item = (&str, Refused)> {
        let rows = self.rows.iter().map(|cached| &cached.row);
        rows.filter_map(|row| Some((&*row.path, row.refusals.whole()?)))
    }

    /// The stored answer for a client that sends none of the fields that count, and no query. One
    /// that was restored does not count.
    pub(crate) fn stored(&self, policy: &CachePolicy, path: &str) -> Option<Stored> {
        let (row, now) = (self.row(policy)?, Instant::now());
        let key = Key::with_passages(policy, path, None, &HeaderMap::new(), 0)?;
        match row.find(&key, now) {
            Found::Fresh(copy) => Some(copy.stored(true, now)),
            // The gateway may have missed a change of it.
            Found::Stale(copy) if copy.is_restored() => None,
            Found::Stale(copy) => Some(copy.stored(false, now)),
            Found::HitForPass | Found::Nothing => None,
        }
    }

    /// The age of the stored answer that would serve a client that sends none of the fields that
    /// count.
    pub(crate) fn age(
        &self,
        policy: &CachePolicy,
        path: &str,
        query: Option<&str>,
    ) -> Option<Duration> {
        let (row, now) = (self.row(policy)?, Instant::now());
        (0..=MAX_PASSAGES).find_map(|passages| {
            let key = Key::with_passages(policy, path, query, &HeaderMap::new(), passages)?;
            match row.find(&key, now) {
                Found::Fresh(copy) | Found::Stale(copy) => {
                    copy.stands_in(now).then(|| copy.age(now))
                }
                Found::HitForPass | Found::Nothing => None,
            }
        })
    }

    fn row(&self, policy: &CachePolicy) -> Option<&Row> {
        // A row without room for any answer passes everything on as it came.
        let row = &self.rows.get(policy.index)?.row;
        (row.most() > 0).then_some(row)
    }

    /// The sharing of the answer to a question of this row that is asked now, if it is shared.
    fn sharing_of(&self, policy: &CachePolicy) -> Option<RowSharing<'_>> {
        let id = self.rows.get(policy.index)?.id?;
        Some(self.sharing.as_deref()?.of(id))
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

/// The rows with their answers.
fn cached(rows: Vec<CachedRow>, row: impl Fn(&CachePolicy) -> Arc<Row>) -> Vec<Cached> {
    let rows = rows.into_iter().map(|CachedRow { policy, id }| Cached {
        row: row(&policy),
        policy,
        id,
    });
    rows.collect()
}

#[cfg(test)]
pub(crate) mod tests;
