//! Decides whether a client has the stored answer already (RFC 9110 §13.1, RFC 9111 §4.3.2). Does
//! no I/O.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

use super::Copy;
use super::storing::{date, parse_date};
use crate::http::entity_tag;

/// Judges `If-None-Match` if it is present, and `If-Modified-Since` only without it (RFC 9110
/// §13.2.2). A malformed condition matches no answer.
pub(super) fn has_it_already(fields: &HeaderMap, copy: &Copy) -> bool {
    if fields.contains_key(header::IF_NONE_MATCH) {
        let tag = copy.field(&header::ETAG).map(HeaderValue::as_bytes);
        return entity_tag::is_none_match(fields, tag);
    }
    let Some(since) = date(fields, &header::IF_MODIFIED_SINCE) else {
        return false;
    };
    let changed = copy.field(&header::LAST_MODIFIED);
    let changed = changed.or_else(|| copy.field(&header::DATE));
    let changed = changed.and_then(|value| parse_date(value.to_str().ok()?));
    changed.is_some_and(|changed| changed <= since)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::has_it_already;
    use crate::answer::cache::tests::copy;

    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn has(stored: &[(&'static str, &str)], sent: &[(&'static str, &str)]) -> bool {
        let mut fields = HeaderMap::new();
        for (name, value) in sent {
            let value = HeaderValue::from_str(value).unwrap();
            fields.append(HeaderName::from_static(name), value);
        }
        has_it_already(&fields, &copy(stored))
    }

    #[test]
    fn a_tag_is_found_in_any_line_and_strength() {
        let stored = [("etag", "\"7,8\"")];
        for (tag, expected) in [
            ("\"7,8\"", true),
            ("W/\"7,8\"", true),
            ("\"6\", W/\"7,8\"", true),
            ("*", true),
            ("\"7\"", false),
            ("7,8", false),
            ("", false),
        ] {
            assert_eq!(has(&stored, &[("if-none-match", tag)]), expected, "{tag}");
        }
        let lines = [("if-none-match", "\"6\""), ("if-none-match", "\"7,8\"")];
        assert!(has(&stored, &lines));
        assert!(has(&[("etag", "W/\"1\"")], &[("if-none-match", "\"1\"")]));
        assert!(!has(&[], &[("if-none-match", "\"1\"")]));
    }

    #[test]
    fn without_a_tag_the_modification_date_counts() {
        for (since, expected) in [
            (EARLIER, false),
            (THEN, true),
            (LATER, true),
            ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("yesterday", false),
        ] {
            for stored in [("last-modified", THEN), ("date", THEN)] {
                let sent = [("if-modified-since", since)];
                assert_eq!(has(&[stored], &sent), expected, "{stored:?} {since}");
            }
        }
        let stored = [("last-modified", LATER), ("date", EARLIER)];
        assert!(!has(&stored, &[("if-modified-since", THEN)]));
        assert!(!has(&[], &[("if-modified-since", THEN)]));
    }

    #[test]
    fn a_tag_takes_precedence_over_a_date() {
        let stored = [("etag", "\"7\""), ("last-modified", THEN)];
        let sent = [("if-none-match", "\"6\""), ("if-modified-since", LATER)];
        assert!(!has(&stored, &sent));
    }
}
