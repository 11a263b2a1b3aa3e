//! Decides by its head whether an answer may be compressed.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName,
};

use crate::http::cache_control::has_directive;

/// The longest body that is left alone: one network packet holds most of it anyway.
const SMALL: u64 = 1024;

/// Checksums of the bytes as the upstream sent them (RFC 9530, RFC 3230). They would no longer be
/// true.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Types that are text, although their names do not say so.
const TEXTS: [&str; 9] = [
    "application/json",
    "application/json-seq",
    "application/x-ndjson",
    "application/javascript",
    "application/x-javascript",
    "application/xml",
    "application/yaml",
    "application/toml",
    "application/sql",
];

/// Whether the answer may be compressed: it is a long text, as a whole, not yet encoded, and nobody
/// forbids it (RFC 9110 §7.7). `length` is `None` if it is not known.
pub(in crate::answer) fn fits(status: StatusCode, fields: &HeaderMap, length: Option<u64>) -> bool {
    is_whole(status, fields)
        && length.is_none_or(|length| length > SMALL)
        && is_text(fields)
        && !fields.contains_key(CONTENT_ENCODING)
        && !DIGESTS.iter().any(|digest| fields.contains_key(digest))
        && !has_directive(fields, "no-transform")
}

/// Whether it has the whole content. A range counts bytes of the content as it was.
fn is_whole(status: StatusCode, fields: &HeaderMap) -> bool {
    const WITHOUT: [StatusCode; 4] = [
        StatusCode::NO_CONTENT,
        StatusCode::RESET_CONTENT,
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_MODIFIED,
    ];
    !status.is_informational() && !WITHOUT.contains(&status) && !fields.contains_key(CONTENT_RANGE)
}

/// Events are texts too, but small, and each must go out when it happens.
fn is_text(fields: &HeaderMap) -> bool {
    let field = fields
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let Some(media_type) = field.and_then(|value| value.split(';').next()) else {
        return false;
    };
    let media_type = media_type.trim().to_ascii_lowercase();
    match media_type.split_once('/') {
        Some(("text", subtype)) => subtype != "event-stream",
        Some((_, subtype)) => {
            TEXTS.contains(&&*media_type) || subtype.ends_with("+json") || subtype.ends_with("+xml")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::fits;

    fn of(status: u16, more: &[(&'static str, &'static str)], length: Option<u64>) -> bool {
        let mut fields = HeaderMap::new();
        for (name, value) in more {
            fields.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        fits(StatusCode::from_u16(status).unwrap(), &fields, length)
    }

    #[test]
    fn a_long_text_is_compressed() {
        for (media_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("application/x-ndjson", true),
            ("text/html;charset=utf-8", true),
            ("image/svg+xml", true),
            ("text/event-stream", false),
            ("TEXT/Event-Stream; charset=utf-8", false),
            ("image/png", false),
            ("application/zip", false),
            ("application/octet-stream", false),
            ("json", false),
            ("", false),
        ] {
            let fields = [("content-type", media_type)];
            assert_eq!(of(200, &fields, Some(1025)), expected, "{media_type}");
            assert_eq!(of(200, &fields, None), expected, "{media_type}");
            assert!(!of(200, &fields, Some(1024)), "{media_type}");
        }
        assert!(!of(200, &[], None), "without a type, it may be anything");
    }

    #[test]
    fn an_answer_that_is_not_the_whole_content_is_left_alone() {
        for (status, expected) in [
            (200, true),
            (201, true),
            (404, true),
            (500, true),
            (100, false),
            (204, false),
            (205, false),
            (206, false),
            (304, false),
        ] {
            let fields = [("content-type", "text/plain")];
            assert_eq!(of(status, &fields, None), expected, "{status}");
        }
    }

    #[test]
    fn an_answer_that_must_keep_its_bytes_is_left_alone() {
        for (name, value) in [
            ("content-encoding", "gzip"),
            ("content-encoding", "identity"),
            ("content-range", "bytes */2000"),
            ("cache-control", "max-age=60, No-Transform"),
            ("content-digest", "sha-256=:AAAA:"),
            ("repr-digest", "sha-256=:AAAA:"),
            ("digest", "sha-256=AAAA"),
            ("content-md5", "AAAA"),
        ] {
            let fields = [("content-type", "text/plain"), (name, value)];
            assert!(!of(200, &fields, Some(5000)), "{name}: {value}");
        }
        let other = [("content-type", "text/plain"), ("cache-control", "private")];
        assert!(of(200, &other, Some(5000)));
    }
}
