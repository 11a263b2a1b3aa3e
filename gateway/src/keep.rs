//! Last known good: the answers that stand in for those which do not come.
//!
//! An answer is fresh for a short while, in which it is served without asking, and kept for a long one, in which it is
//! served when there is no better (RFC 5861 §4). However many ask for what is not fresh, one request goes out and all
//! wait for it. Shared by all workers, and bounded in bytes: what is asked for often stays.

mod copy;
mod serve;
mod taking;

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use http::uri::PathAndQuery;
use moka::{Expiry, future, sync};

pub(crate) use copy::Copy;
use serve::Served;
use taking::{Taken, take};

use crate::fault::Fault;
use crate::metrics::Lookups;
use crate::route::Kept;

/// Fields of a request whose answer is to serve others too: they would make the upstream answer a part, or nothing.
pub(crate) const WITHHELD: [HeaderName; 6] = [
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
];

/// Which answer: of the path's row, for this target and these values of the fields that it varies by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    row: usize,
    /// Of what is fresh; what is kept has none.
    generation: u64,
    target: PathAndQuery,
    varying: Vec<u8>,
}

pub(crate) struct Keep {
    fresh: future::Cache<Key, Arc<Copy>>,
    kept: sync::Cache<Key, Arc<Copy>>,
    /// Bytes of an answer that is kept at most.
    most: u64,
    lookups: Lookups,
}

/// Why there is no copy for those who have waited for one.
#[derive(Debug)]
pub(crate) enum Missed {
    Fault(Fault),
    /// The upstream answered, with something that is not for everyone.
    Private,
    /// It answered that it has failed.
    Failed(u16),
}

/// What the client is given, and what went wrong on the way.
pub(crate) enum Given {
    Answer(HttpResponse),
    /// The last good answer in place of the one that did not come.
    Stale(HttpResponse, Arc<Missed>),
    Nothing(Arc<Missed>),
}

impl Keep {
    /// `bytes` is for all answers together.
    pub(crate) fn new(bytes: u64, lookups: Lookups) -> Self {
        let weigh = |key: &Key, copy: &Arc<Copy>| {
            let size = key.target.as_str().len() + key.varying.len() + copy.size();
            u32::try_from(size).unwrap_or(u32::MAX)
        };
        // What is fresh is kept too, and takes its room once.
        Self {
            fresh: future::Cache::builder()
                .max_capacity(bytes)
                .weigher(weigh)
                .expire_after(For(|copy| copy.fresh))
                .build(),
            kept: sync::Cache::builder()
                .max_capacity(bytes)
                .weigher(weigh)
                .expire_after(For(|copy| copy.fresh.saturating_add(copy.stale_if_error)))
                .build(),
            most: bytes / 8,
            lookups,
        }
    }

    /// Whether the request's answer may be kept, and be one that was: a token makes it somebody's own, unless the row says
    /// that it is everyone's (RFC 9111 §3.5). A body, which means nothing with GET, is for the upstream to judge.
    pub(crate) fn is_for(kept: &Kept, request: &HttpRequest) -> bool {
        let fields = request.headers();
        let length = fields.get(header::CONTENT_LENGTH);
        (kept.is_shared || !fields.contains_key(header::AUTHORIZATION))
            && length.is_none_or(|length| length == "0")
            && !fields.contains_key(header::TRANSFER_ENCODING)
    }

    /// Answers from what is kept, or else by `ask`, which is told how long it may take at most.
    pub(crate) async fn answer<F>(
        &self,
        kept: &Kept,
        request: &HttpRequest,
        target: &PathAndQuery,
        timeout: Duration,
        ask: impl FnOnce(Duration) -> F,
    ) -> Given
    where
        F: Future<Output = Result<HttpResponse, Fault>>,
    {
        let key = Key::of(kept, target, request.headers());
        let serve = |served: Served<'_>| {
            self.count(&served);
            served.to(request)
        };
        if let Some(copy) = self.fresh.get(&key).await {
            return Given::Answer(serve(Served::Hit(&copy)));
        }
        let last = self.kept.get(&key.lasting());
        let patience = match &last {
            Some(_) => timeout.min(kept.stale_after),
            None => timeout,
        };
        // What is not for everyone is only for whom it was asked for.
        let own = RefCell::new(None);
        let is_own = RefCell::new(false);
        let fetch = async {
            is_own.replace(true);
            let answer = ask(patience).await.map_err(Missed::Fault)?;
            match take(answer, kept, self.most).await {
                Taken::Copy(copy) => {
                    let copy = Arc::new(copy);
                    if key.generation == kept.generation() {
                        self.kept.insert(key.lasting(), Arc::clone(&copy));
                    }
                    Ok(copy)
                }
                Taken::Not(answer, missed) => {
                    own.replace(Some(answer));
                    Err(missed)
                }
                Taken::Broken(fault) => Err(Missed::Fault(fault)),
            }
        };
        let missed = match self.fresh.try_get_with(key.clone(), fetch).await {
            Ok(copy) if is_own.take() => return Given::Answer(serve(Served::Fetched(&copy))),
            Ok(copy) => return Given::Answer(serve(Served::Shared(&copy))),
            Err(missed) => missed,
        };
        match (last, own.take()) {
            (Some(copy), _) if !matches!(*missed, Missed::Private) => {
                Given::Stale(serve(Served::Stale(&copy, &missed)), missed)
            }
            (_, Some(answer)) => Given::Answer(answer),
            (_, None) => Given::Nothing(missed),
        }
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

    /// How old the answer is that would stand in for this target's.
    pub(crate) fn age(&self, kept: &Kept, target: &PathAndQuery) -> Option<Duration> {
        let key = Key::of(kept, target, &HeaderMap::new()).lasting();
        self.kept.get(&key).map(|copy| copy.age(Instant::now()))
    }
}

impl Key {
    fn of(kept: &Kept, target: &PathAndQuery, fields: &HeaderMap) -> Self {
        let mut varying = Vec::new();
        for name in &kept.vary {
            for value in fields.get_all(name) {
                varying.extend_from_slice(value.as_bytes());
                varying.push(b',');
            }
            // No value has it.
            varying.push(b'\n');
        }
        Self {
            row: kept.index,
            generation: kept.generation(),
            target: target.clone(),
            varying,
        }
    }

    fn lasting(&self) -> Self {
        Self {
            generation: 0,
            ..self.clone()
        }
    }
}

/// How long a copy is held, told by itself: each row has its own times.
struct For(fn(&Copy) -> Duration);

impl Expiry<Key, Arc<Copy>> for For {
    fn expire_after_create(&self, _: &Key, copy: &Arc<Copy>, _: Instant) -> Option<Duration> {
        Some((self.0)(copy))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        copy: &Arc<Copy>,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, copy, now)
    }
}
