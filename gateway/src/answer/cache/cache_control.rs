//! `Cache-Control` (RFC 9111 §5.2), read as bytes, so that a value that is not text counts too.
//!
//! A malformed directive is reported, so that the caller can take the safe side. An unknown
//! directive is ignored, as §5.2.3 requires.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderMap};

use crate::http::cache_control::{Directive, Malformed, directives, has_directive};

/// A longer lifetime counts as this one (RFC 9111 §1.2.2).
const LONGEST: Duration = Duration::from_secs(1 << 31);

/// The directives about an answer's reuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CacheControl {
    pub(super) no_store: bool,
    /// With or without field names: an answer is stored as a whole or not at all.
    pub(super) private: bool,
    /// With or without field names.
    pub(super) no_cache: bool,
    /// `must-revalidate` or `proxy-revalidate`: the answer is not used once it is stale.
    pub(super) must_revalidate: bool,
    /// The shortest, if given more than once; zero if it is not a number.
    pub(super) max_age: Option<Duration>,
    pub(super) s_maxage: Option<Duration>,
    /// Whether some directive is malformed.
    pub(super) is_malformed: bool,
}

impl CacheControl {
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let mut control = Self::default();
        for line in fields.get_all(CACHE_CONTROL) {
            for directive in directives(line.as_bytes()) {
                match directive {
                    Ok(directive) => control.add(directive),
                    Err(Malformed) => control.is_malformed = true,
                }
            }
        }
        control
    }

    fn add(&mut self, Directive { name, argument }: Directive<'_>) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("no-store") {
            self.no_store = true;
        } else if is("private") {
            self.private = true;
        } else if is("no-cache") {
            self.no_cache = true;
        } else if is("must-revalidate") || is("proxy-revalidate") {
            self.must_revalidate = true;
        } else if is("max-age") {
            shorten(&mut self.max_age, seconds(argument));
        } else if is("s-maxage") {
            shorten(&mut self.s_maxage, seconds(argument));
        }
    }
}

/// Whether the client wants only a stored answer (RFC 9111 §5.2.1.7).
pub(super) fn is_only_if_cached(fields: &HeaderMap) -> bool {
    has_directive(fields, "only-if-cached")
}

/// Parses `delta-seconds` (RFC 9111 §1.2.2). Anything but a number makes the answer stale.
fn seconds(argument: &[u8]) -> Duration {
    if argument.is_empty() || !argument.iter().all(u8::is_ascii_digit) {
        return Duration::ZERO;
    }
    let text = str::from_utf8(argument).ok();
    let seconds = text.and_then(|text| text.parse().ok());
    seconds.map_or(LONGEST, Duration::from_secs).min(LONGEST)
}

fn shorten(lifetime: &mut Option<Duration>, other: Duration) {
    *lifetime = Some(lifetime.map_or(other, |known| known.min(other)));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::{CacheControl, LONGEST, is_only_if_cached};

    fn fields(lines: &[&[u8]]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(CACHE_CONTROL, HeaderValue::from_bytes(line).unwrap());
        }
        fields
    }

    fn of(lines: &[&[u8]]) -> CacheControl {
        CacheControl::of(&fields(lines))
    }

    #[test]
    fn directives_are_recognised_in_any_case_and_on_any_line() {
        let control = of(&[b"No-Store,PRIVATE", b" , no-cache", b"Proxy-Revalidate"]);
        assert!(control.no_store && control.private && control.no_cache);
        assert!(control.must_revalidate && !control.is_malformed);
        assert!(of(&[b"must-revalidate"]).must_revalidate);
    }

    #[test]
    fn a_directive_with_field_names_counts_as_one_without() {
        assert!(of(&[br#"private="set-cookie, x""#]).private);
        assert!(of(&[br#"no-cache="a", max-age=5"#]).no_cache);
    }

    #[test]
    fn a_comma_within_quotes_does_not_separate() {
        let control = of(&[br#"x="a\", no-store, b", max-age=7"#]);
        assert!(!control.no_store && !control.is_malformed);
        assert_eq!(control.max_age, Some(Duration::from_secs(7)));
    }

    #[test]
    fn bytes_that_are_not_text_hide_no_other_directive() {
        let control = of(&[b"x=\xe9t\xe9, no-store, s-maxage=3"]);
        assert!(control.no_store);
        assert_eq!(control.s_maxage, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_malformed_directive_is_reported() {
        for line in [
            &b"n\xf6-store"[..],
            b"x=\"a, no-store",
            b"=5",
            b"max-age=\"5",
            b"x=\"a\"b\", no-store, y=\"",
            b"x=\"a\\\"",
            b"a b",
        ] {
            assert!(of(&[line]).is_malformed, "{line:?}");
        }
    }

    #[test]
    fn a_lifetime_is_the_shortest_given_and_zero_if_it_is_not_a_number() {
        for (line, expected) in [
            ("max-age=5", 5),
            ("max-age=\"5\"", 5),
            ("max-age=9, max-age=5", 5),
            ("max-age=5, max-age=x", 0),
            ("max-age=-1", 0),
            ("max-age=1.5", 0),
            ("max-age", 0),
            ("max-age=", 0),
            ("max-age=99999999999999999999999", LONGEST.as_secs()),
        ] {
            let lifetime = of(&[line.as_bytes()]).max_age;
            assert_eq!(lifetime, Some(Duration::from_secs(expected)), "{line}");
        }
        assert_eq!(of(&[b"max-stale=5"]).max_age, None);
    }

    #[test]
    fn only_if_cached_is_found_among_others() {
        assert!(is_only_if_cached(&fields(&[
            b"x=\xe9, Only-If-Cached, max-stale"
        ])));
        assert!(!is_only_if_cached(&fields(&[b"x=\"only-if-cached\""])));
    }

    proptest! {
        /// This holds for any text before or after the directive.
        #[test]
        fn a_whole_directive_is_never_overlooked(
            before in prop::collection::vec("[ -!#-+--~]{0,8}", 0..3),
            after in prop::collection::vec("[ -~]{0,8}", 0..3),
        ) {
            let line = [before, vec!["no-store".to_owned()], after].concat().join(",");
            prop_assert!(of(&[line.as_bytes()]).no_store, "{}", line);
        }

        #[test]
        fn any_bytes_are_read(line in prop::collection::vec(any::<u8>(), 0..64)) {
            if HeaderValue::from_bytes(&line).is_ok() {
                let _ = of(&[&line]);
            }
        }
    }
}
