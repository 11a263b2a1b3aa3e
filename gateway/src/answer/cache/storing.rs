//! Decides which answers may be stored, and how they may be reused (RFC 9111 §3 and §4, RFC 5861
//! §4). Does no I/O.
//!
//! A row overrides times, but no prohibition. `fresh` replaces `max-age` and `Expires`, and
//! `stale_if_error` replaces `stale-if-error`. `no-store`, `private`, `no-cache`,
//! `must-revalidate`, `proxy-revalidate` and `s-maxage` are obeyed whatever the row says. The last
//! three forbid a stale answer; with them, the answer is fresh for at most as long as the upstream
//! says. An answer with a malformed `Cache-Control` or `Vary` is not stored.
//!
//! The crate `http-cache-semantics` 3.0 was rejected. It skips a `Cache-Control` or `Vary` line
//! that is not ASCII, compares directives by their case (`No-Store` is stored) and splits quoted
//! strings at their commas. It knows neither RFC 5861 nor an override of freshness, and keeps both
//! heads again beside each stored answer, in the types of another generation of the `http` crate.
//! It calls itself passively maintained.

use std::fmt;
use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HttpDate};

use super::cache_control::CacheControl;
use crate::routing::route::CachePolicy;

/// How a stored answer may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reuse {
    /// Its age on arrival (RFC 9111 §4.2.3).
    pub(super) age: Duration,
    /// How long from then it is served without asking.
    pub(super) fresh: Duration,
    /// How long after that it may replace an answer that does not come. Zero if the upstream
    /// forbids it.
    pub(super) stale_if_error: Duration,
}

/// Why an answer is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Status(u16),
    NoStore,
    Private,
    NoCache,
    /// It is stale on arrival, and may not be used stale.
    NeverFresh,
    /// `Cache-Control` or `Vary` is malformed.
    Unreadable(HeaderName),
    SetsCookie,
    /// It depends on a request field that the row does not name.
    Varies(String),
    /// Not every client accepts its encoding.
    Encoded,
    /// It is larger than one answer may be.
    TooLarge(u64),
}

impl Unfit {
    /// Whether the answer is newer than the stored one, and replaces it. Other refusals, such as a
    /// 429, say nothing of the stored answer.
    pub(super) fn replaces(&self) -> bool {
        match self {
            Self::Status(status) => matches!(status, 200..400 | 404 | 410),
            _ => true,
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "its status is {status}"),
            Self::NoStore => f.write_str("Cache-Control: no-store"),
            Self::Private => f.write_str("Cache-Control: private"),
            Self::NoCache => f.write_str("Cache-Control: no-cache"),
            Self::NeverFresh => f.write_str("it is stale on arrival and must be revalidated"),
            Self::Unreadable(name) => write!(f, "{name} cannot be read"),
            Self::SetsCookie => f.write_str("it has Set-Cookie"),
            Self::Varies(name) => write!(f, "Vary: {name}, which the row's vary does not name"),
            Self::Encoded => f.write_str("it has Content-Encoding, which was not asked for"),
            Self::TooLarge(most) => write!(f, "it has more than {most} bytes"),
        }
    }
}

/// An answer's head, and when it arrived.
pub(super) struct Arrived<'a> {
    pub(super) status: StatusCode,
    pub(super) fields: &'a HeaderMap,
    pub(super) now: SystemTime,
    /// The time from the request to the answer's head.
    pub(super) delay: Duration,
}

/// Decides whether the answer may serve other clients too, and how.
pub(super) fn judge(arrived: &Arrived<'_>, policy: &CachePolicy) -> Result<Reuse, Unfit> {
    let fields = arrived.fields;
    if arrived.status != StatusCode::OK {
        return Err(Unfit::Status(arrived.status.as_u16()));
    }
    let control = CacheControl::of(fields);
    if control.no_store {
        return Err(Unfit::NoStore);
    }
    if control.private {
        return Err(Unfit::Private);
    }
    if control.no_cache {
        return Err(Unfit::NoCache);
    }
    if control.is_malformed {
        return Err(Unfit::Unreadable(header::CACHE_CONTROL));
    }
    if fields.contains_key(header::SET_COOKIE) {
        return Err(Unfit::SetsCookie);
    }
    varies(fields, policy)?;
    if is_encoded(fields) && !policy.vary.contains(&header::ACCEPT_ENCODING) {
        return Err(Unfit::Encoded);
    }
    let reuse = reuse(arrived, &control, policy);
    if reuse.fresh.is_zero() && reuse.stale_if_error.is_zero() {
        return Err(Unfit::NeverFresh);
    }
    Ok(reuse)
}

fn reuse(arrived: &Arrived<'_>, control: &CacheControl, policy: &CachePolicy) -> Reuse {
    let age = age(arrived);
    let lifetime = control.s_maxage.or(control.max_age);
    let lifetime = lifetime.or_else(|| expires(arrived));
    let left = lifetime.map(|lifetime| lifetime.saturating_sub(age));
    let forbids_stale = control.must_revalidate || control.s_maxage.is_some();
    let fresh = match (policy.fresh, left) {
        (Some(fresh), Some(left)) if forbids_stale => fresh.min(left),
        (Some(fresh), _) => fresh,
        (None, left) => left.unwrap_or_default(),
    };
    let stale_if_error = if forbids_stale {
        Duration::ZERO
    } else {
        policy.stale_if_error
    };
    Reuse {
        age,
        fresh,
        stale_if_error,
    }
}

/// The age on arrival (RFC 9111 §4.2.3). If `Age` is a list, its first member counts (§5.1).
fn age(arrived: &Arrived<'_>) -> Duration {
    let age = arrived.fields.get(header::AGE);
    let first = age.and_then(|age| age.to_str().ok()?.split(',').next());
    let age = first.and_then(|age| age.trim().parse().ok());
    let said = Duration::from_secs(age.unwrap_or(0)).saturating_add(arrived.delay);
    // Clocks that differ by less than a second do not make an answer old.
    let apparent = date(arrived.fields, &header::DATE)
        .and_then(|date| arrived.now.duration_since(date).ok())
        .filter(|apparent| apparent.as_secs() > 0);
    said.max(apparent.unwrap_or_default())
}

/// The lifetime by `Expires`. An invalid date counts as past (RFC 9111 §5.3).
fn expires(arrived: &Arrived<'_>) -> Option<Duration> {
    let lines = arrived.fields.get_all(header::EXPIRES);
    let from = date(arrived.fields, &header::DATE).unwrap_or(arrived.now);
    let lifetimes = lines.map(|line| {
        let date = line.to_str().ok().and_then(parse_date);
        date.and_then(|date| date.duration_since(from).ok())
            .unwrap_or_default()
    });
    lifetimes.min()
}

pub(super) fn date(fields: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    fields.get(name)?.to_str().ok().and_then(parse_date)
}

pub(super) fn parse_date(text: &str) -> Option<SystemTime> {
    text.parse::<HttpDate>().ok().map(SystemTime::from)
}

/// Checks that the row names each field that the answer depends on. Two do not count: the gateway
/// itself handles `Origin`, and an answer without an encoding suits every `Accept-Encoding`.
fn varies(fields: &HeaderMap, policy: &CachePolicy) -> Result<(), Unfit> {
    let lines = fields.get_all(header::VARY);
    let names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    for name in names
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
    {
        let Ok(name) = HeaderName::from_bytes(name) else {
            return Err(Unfit::Unreadable(header::VARY));
        };
        let is_settled = name == header::ORIGIN || name == header::ACCEPT_ENCODING;
        if !is_settled && !policy.vary.contains(&name) {
            return Err(Unfit::Varies(name.to_string()));
        }
    }
    Ok(())
}

fn is_encoded(fields: &HeaderMap) -> bool {
    let mut lines = fields.get_all(header::CONTENT_ENCODING);
    lines.any(|line| {
        !line
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    })
}

#[cfg(test)]
mod tests;
