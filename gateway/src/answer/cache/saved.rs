//! Stored answers outside the process: what is saved of them, and which of them are taken back.
//!
//! Only answers that may replace a missing one are saved. They come back stale: the gateway asks
//! for a better answer first, since it does not know what has changed meanwhile.
//!
//! A row is known by its [`RowId`], a hash of everything that its answers depend on. So an answer
//! of a row that was edited is ignored. How long an answer may be used is the present row's choice.

mod format;
pub(super) mod shared;

use std::io::{self, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use sha2::{Digest as _, Sha256};

pub(crate) use format::{Broken, NAME};
use format::{Document, Writer};

use super::copy::{RESTORED, encoded, stored_fields};
use super::key::Key;
use super::row::{Changes, Row};
use super::storing::Reuse;
use super::{Cache, Cached, Copy};
use crate::routing::route::CachePolicy;

/// The identity of a row's answers. It is the same after a restart if the row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RowId([u8; 32]);

/// The result of taking answers back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    pub(crate) answers: usize,
    /// The answers of other rows, and those that are too old.
    pub(crate) ignored: usize,
    /// The time since they were saved.
    pub(crate) since: Duration,
}

/// One answer as it is saved.
#[derive(Clone, Debug, PartialEq)]
struct Saved {
    row: RowId,
    key: Key,
    status: StatusCode,
    has_age: bool,
    /// Its age on arrival.
    age: Duration,
    /// How long it was fresh from then.
    fresh: Duration,
    /// The time from its arrival until it was saved.
    held: Duration,
    fields: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl RowId {
    /// `parts` is everything that the row's answers depend on. The length of each part counts, so
    /// that no text can move from one part to the next.
    pub(crate) fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

impl Saved {
    fn of(row: RowId, key: Key, copy: &Copy, now: Instant) -> Self {
        Self {
            row,
            key,
            status: copy.status,
            has_age: copy.has_age,
            age: copy.reuse.age,
            fresh: copy.reuse.fresh,
            held: now.saturating_duration_since(copy.taken),
            fields: copy.fields.to_vec(),
            body: copy.body.clone(),
        }
    }

    /// The stored answer, `since` after it was saved. `None` if the row stores no such answer.
    fn restored(self, (row, policy): (&Row, &CachePolicy), since: Duration) -> Option<(Key, Copy)> {
        let most = row.most();
        // The cache stores no other status.
        if self.body.len() as u64 > most || self.status != StatusCode::OK {
            return None;
        }
        let mut fields = HeaderMap::new();
        for (name, value) in self.fields {
            fields.append(name, value);
        }
        let is_encoded = policy.compress && self.body.len() as u64 <= most / 2;
        let encoded = is_encoded.then(|| encoded(self.status, &fields, &self.body));
        let copy = Copy {
            status: self.status,
            fields: stored_fields(&fields),
            body: self.body,
            encoded: encoded.flatten(),
            taken: Instant::now().checked_sub(self.held.saturating_add(since))?,
            reuse: Reuse {
                age: self.age,
                fresh: policy
                    .fresh
                    .map_or(self.fresh, |fresh| fresh.min(self.fresh)),
                stale_if_error: policy.stale_if_error,
            },
            has_age: self.has_age,
            generation: row.generation(&self.key),
            epoch: RESTORED,
        };
        Some((self.key, copy))
    }
}

impl Cache {
    /// Counts of the changes so far. If they are the same later, so is what [`Self::save`] writes,
    /// except for the answers' ages.
    pub(crate) fn changes(&self) -> Changes {
        self.rows.iter().map(|cached| cached.row.changes()).sum()
    }

    /// Writes the answers that may replace missing ones, and returns their number. Each answer is
    /// written as it is at that moment; the cache goes on meanwhile.
    pub(crate) fn save(&self, to: impl Write) -> io::Result<usize> {
        let mut writer = Writer::begin(to, wall_clock())?;
        let mut count = 0;
        for Cached { row, id, .. } in &self.rows {
            let Some(id) = id else {
                continue;
            };
            for (key, copy) in row.answers() {
                writer.add(&Saved::of(*id, key, &copy, Instant::now()))?;
                count += 1;
            }
        }
        writer.finish()?;
        Ok(count)
    }

    /// Takes back what [`Self::save`] has written, as far as the rows are still the same.
    ///
    /// # Errors
    /// `saved` is not what was written, from the first to the last byte. Nothing is taken.
    pub(crate) fn restore(&self, saved: &[u8]) -> Result<Restored, Broken> {
        self.restore_at(saved, wall_clock())
    }

    fn restore_at(&self, saved: &[u8], now: Duration) -> Result<Restored, Broken> {
        let Document { written, answers } = format::read(saved)?;
        // With a clock that was set back, an answer is as old as it was when it was saved.
        let since = now.saturating_sub(written);
        let mut restored = Restored {
            answers: 0,
            ignored: 0,
            since,
        };
        for answer in answers {
            let mut rows = self.rows.iter();
            let cached = rows.find(|cached| cached.id == Some(answer.row));
            let is_taken = cached.is_some_and(|Cached { row, policy, .. }| {
                let answer = answer.restored((row, policy), since);
                answer.is_some_and(|(key, copy)| row.restore(&key, copy))
            });
            if is_taken {
                restored.answers += 1;
            } else {
                restored.ignored += 1;
            }
        }
        Ok(restored)
    }
}

/// The time since 1970. Only the wall clock goes on while the gateway does not run.
fn wall_clock() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

#[cfg(test)]
mod tests;
