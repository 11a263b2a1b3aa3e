//! Which answers are stored, and for how long.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Arrived, Reuse, Unfit, judge};
use crate::answer::cache::tests::policy_with;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: u64 = 784_111_777;

const FRESH: &str = "fresh = \"1m\", stale_if_error = \"1h\"";
const AS_SAID: &str = "stale_if_error = \"1h\"";

fn judged(keys: &str, status: u16, lines: &[(&'static str, &[u8])]) -> Result<Reuse, Unfit> {
    let mut fields = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value).unwrap();
        fields.append(HeaderName::from_static(name), value);
    }
    let arrived = Arrived {
        status: StatusCode::from_u16(status).unwrap(),
        fields: &fields,
        now: UNIX_EPOCH + Duration::from_secs(NOW),
        delay: Duration::ZERO,
    };
    judge(&arrived, &policy_with(keys))
}

/// The seconds for which an answer with this `Cache-Control` is fresh, and may then be used stale.
fn times(keys: &str, control: &str) -> Result<(u64, u64), Unfit> {
    let reuse = judged(keys, 200, &[("cache-control", control.as_bytes())])?;
    Ok((reuse.fresh.as_secs(), reuse.stale_if_error.as_secs()))
}

#[test]
fn a_row_overrides_the_upstreams_times() {
    for control in [
        "",
        "max-age=0",
        "max-age=5",
        "max-age=7200",
        "public, stale-if-error=1",
        "immutable",
        "x-unknown=1",
    ] {
        assert_eq!(times(FRESH, control), Ok((60, 3600)), "{control}");
    }
    let expired = [("expires", &b"0"[..])];
    assert_eq!(judged(FRESH, 200, &expired).unwrap().fresh.as_secs(), 60);
}

#[test]
fn a_row_overrides_no_prohibition() {
    for (control, expected) in [
        ("no-store", Err(Unfit::NoStore)),
        ("max-age=5, No-Store", Err(Unfit::NoStore)),
        ("private", Err(Unfit::Private)),
        ("private=\"set-cookie\"", Err(Unfit::Private)),
        ("no-cache", Err(Unfit::NoCache)),
        ("no-cache=\"set-cookie\", max-age=5", Err(Unfit::NoCache)),
        ("s-maxage=0", Err(Unfit::NeverFresh)),
        ("max-age=60, s-maxage=0", Err(Unfit::NeverFresh)),
        ("max-age=0, must-revalidate", Err(Unfit::NeverFresh)),
        ("max-age=0, proxy-revalidate", Err(Unfit::NeverFresh)),
        ("must-revalidate", Ok((60, 0))),
        ("proxy-revalidate", Ok((60, 0))),
        ("max-age=5, must-revalidate", Ok((5, 0))),
        ("max-age=500, must-revalidate", Ok((60, 0))),
        ("s-maxage=5", Ok((5, 0))),
        ("s-maxage=500, max-age=5", Ok((60, 0))),
    ] {
        assert_eq!(times(FRESH, control), expected, "{control}");
    }
}

#[test]
fn a_row_without_fresh_uses_the_upstreams_times() {
    for (control, expected) in [
        ("", Ok((0, 3600))),
        ("public", Ok((0, 3600))),
        ("max-age=0", Ok((0, 3600))),
        ("max-age=90", Ok((90, 3600))),
        ("max-age=90, s-maxage=30", Ok((30, 0))),
        ("max-age=90, must-revalidate", Ok((90, 0))),
        ("must-revalidate", Err(Unfit::NeverFresh)),
    ] {
        assert_eq!(times(AS_SAID, control), expected, "{control}");
    }
}

#[test]
fn an_age_shortens_the_upstreams_time_and_not_the_rows() {
    let aged = |keys, age: &'static [u8]| {
        let lines = [("cache-control", &b"max-age=90"[..]), ("age", age)];
        let reuse = judged(keys, 200, &lines).unwrap();
        (reuse.age.as_secs(), reuse.fresh.as_secs())
    };
    assert_eq!(aged(AS_SAID, b"30"), (30, 60));
    assert_eq!(aged(AS_SAID, b"300"), (300, 0));
    assert_eq!(aged(FRESH, b"300"), (300, 60));
    assert_eq!(aged(AS_SAID, b"x"), (0, 90));
    assert_eq!(aged(AS_SAID, b"30, 7200"), (30, 60));
    assert_eq!(aged(AS_SAID, b"x, 30"), (0, 90));
}

#[test]
fn a_date_in_the_past_makes_an_answer_as_old() {
    let lines = [
        ("date", &b"Sun, 06 Nov 1994 08:49:07 GMT"[..]),
        ("expires", b"Sun, 06 Nov 1994 08:50:07 GMT"),
    ];
    let reuse = judged(AS_SAID, 200, &lines).unwrap();
    assert_eq!((reuse.age.as_secs(), reuse.fresh.as_secs()), (30, 30));
    let ahead = [("date", &b"Sun, 06 Nov 1994 09:49:37 GMT"[..])];
    assert_eq!(judged(AS_SAID, 200, &ahead).unwrap().age, Duration::ZERO);
}

#[test]
fn an_answer_with_an_invalid_expiry_date_has_expired() {
    for value in ["0", "-1", "tomorrow", "Sun, 06 Nov 1994 08:49:36 GMT"] {
        let lines = [("expires", value.as_bytes())];
        let reuse = judged(AS_SAID, 200, &lines).unwrap();
        assert_eq!(reuse.fresh, Duration::ZERO, "{value}");
    }
    let later = [("expires", &b"Sunday, 06-Nov-94 08:50:37 GMT"[..])];
    assert_eq!(judged(AS_SAID, 200, &later).unwrap().fresh.as_secs(), 60);
}

#[test]
fn an_answer_with_malformed_fields_is_not_stored() {
    let control = [("cache-control", &b"n\xf6-store"[..])];
    let name = actix_web::http::header::CACHE_CONTROL;
    assert_eq!(judged(FRESH, 200, &control), Err(Unfit::Unreadable(name)));
    let vary = [("vary", &b"\xe9, accept-language"[..])];
    let name = actix_web::http::header::VARY;
    assert_eq!(judged(FRESH, 200, &vary), Err(Unfit::Unreadable(name)));
    // The readable directives beside it still count.
    let both = [
        ("cache-control", &b"x=\xe9"[..]),
        ("cache-control", b"no-store"),
    ];
    assert_eq!(judged(FRESH, 200, &both), Err(Unfit::NoStore));
}

#[test]
fn an_answer_that_varies_by_an_unnamed_field_is_not_stored() {
    let row = "stale_if_error = \"1h\", vary = [\"accept-language\"]";
    let varying = |value: &'static str| judged(row, 200, &[("vary", value.as_bytes())]);
    for value in [
        "Accept-Language",
        "accept-language, Origin",
        "Accept-Encoding",
        ",",
    ] {
        assert!(varying(value).is_ok(), "{value}");
    }
    for (value, name) in [
        ("*", "*"),
        ("Accept-Language, Cookie", "cookie"),
        ("User-Agent", "user-agent"),
    ] {
        assert_eq!(varying(value), Err(Unfit::Varies(name.to_owned())));
    }
}

#[test]
fn an_encoding_that_was_not_asked_for_is_not_stored() {
    let encoded = [("content-encoding", &b"gzip"[..])];
    assert_eq!(judged(FRESH, 200, &encoded), Err(Unfit::Encoded));
    let row = "stale_if_error = \"1h\", vary = [\"accept-encoding\"]";
    assert!(judged(row, 200, &encoded).is_ok());
    let identity = [("content-encoding", &b"Identity"[..])];
    assert!(judged(FRESH, 200, &identity).is_ok());
}

#[test]
fn a_cookie_and_any_status_but_200_are_not_stored() {
    let cookie = [("set-cookie", &b"a=b"[..])];
    assert_eq!(judged(FRESH, 200, &cookie), Err(Unfit::SetsCookie));
    for status in [204, 206, 301, 304, 404, 429] {
        assert_eq!(judged(FRESH, status, &[]), Err(Unfit::Status(status)));
    }
}

#[test]
fn the_time_that_an_answer_took_counts_as_its_age() {
    let arrived = Arrived {
        status: StatusCode::OK,
        fields: &HeaderMap::new(),
        now: SystemTime::now(),
        delay: Duration::from_secs(3),
    };
    let reuse = judge(&arrived, &policy_with(FRESH)).unwrap();
    assert_eq!(reuse.age.as_secs(), 3);
}
