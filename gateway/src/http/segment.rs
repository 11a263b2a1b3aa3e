//! Decides which segments of a path may go to an upstream. A parameter is copied byte for byte or
//! refused, and the paths of the configuration meet the same rule. A segment is refused if an
//! upstream could take it for another place in its paths: with a separator, as a dot segment
//! (RFC 3986 §3.3), or empty.
//!
//! It is judged as an upstream sees it that decodes once. Servlet containers cut a segment at its
//! first `;` before they resolve dots, some before they decode and some after: `..;x` climbs there,
//! and `;x` leaves nothing, so that `/clients/;x` and `/clients` are the same. So the part before a
//! `;`, escaped or not, is judged too. An upstream that decodes twice is not guarded: it cannot
//! tell `%252e` from `%2e` anyway.

use percent_encoding::percent_decode_str;

pub(crate) fn is_one_segment(parameter: &str) -> bool {
    // Borrowed unless something is escaped, which is rare.
    let Ok(decoded) = percent_decode_str(parameter).decode_utf8() else {
        return false;
    };
    let (name, _matrix) = decoded.split_once(';').unwrap_or((&decoded, ""));
    has_whole_escapes(parameter)
        && !decoded.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
        && !matches!(name, "" | "." | "..")
}

/// Checks the segments of a path of the configuration. Only the last may be empty.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let segments = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() || segments.split('/').all(is_one_segment) {
        Ok(())
    } else {
        Err("may have no empty segment, no . or .., no escaped / and no broken escape")
    }
}

/// Whether two hexadecimal digits follow each `%`. The decoder leaves any other `%` as it is, and
/// upstreams differ.
fn has_whole_escapes(parameter: &str) -> bool {
    let mut behind = parameter.split('%').skip(1).map(str::as_bytes);
    behind
        .all(|bytes| matches!(bytes, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::{check_path, is_one_segment};

    #[track_caller]
    fn are(fit: bool, parameters: &[&str]) {
        for parameter in parameters {
            assert_eq!(is_one_segment(parameter), fit, "{parameter}");
        }
    }

    #[test]
    fn only_the_last_segment_of_a_configured_path_may_be_empty() {
        for path in [
            "",
            "/",
            "/a",
            "/a/",
            "/a/{id}/b",
            "/a/{*rest}",
            "/caf%C3%A9",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in [
            "//",
            "//a",
            "/a//",
            "/a//b",
            "/../a",
            "/a/%2e%2E",
            "/b%zz",
            "/a%2fb",
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn an_id_of_any_kind_is_one_segment() {
        are(
            true,
            &[
                "42",
                "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e",
                "a%20b",
                "caf%C3%A9",
                "...",
                "..a",
                ".well-known",
                "a;v=1",
                "a%3Bb",
                "100%25",
                "%252e%252e",
                "a%3Fb%23c",
                "x@y:z,(1)!$&'*+=~_",
            ],
        );
    }

    #[test]
    fn a_separator_is_refused_however_it_is_written() {
        are(
            false,
            &["a%2fb", "a%2Fb", "%2f", "a\\b", "a%5cb", "..%5C.."],
        );
    }

    #[test]
    fn a_dot_segment_is_refused_however_it_is_written() {
        are(false, &[".", "..", "%2e", "%2E%2e", ".%2e", "%2e."]);
    }

    #[test]
    fn a_dot_segment_or_nothing_before_a_semicolon_is_refused() {
        are(
            false,
            &["..;x", ".;", "%2e%2e;x=1", "..%3bx", ";", ";x", "%3Bx"],
        );
    }

    #[test]
    fn invalid_utf_8_is_refused_such_as_an_overlong_slash_or_dot() {
        are(
            false,
            &[
                "%ff",
                "%c3",
                "%c0%af",
                "%c0%ae%c0%ae",
                "%e0%80%af",
                "%ed%a0%80",
            ],
        );
    }

    #[test]
    fn a_control_character_is_refused() {
        are(
            false,
            &["%00", "a%00.png", "%0d%0aX: y", "%09", "%7f", "%c2%85"],
        );
    }

    #[test]
    fn a_malformed_escape_is_refused() {
        are(
            false,
            &["%", "%2", "%zz", "a%2", "%%32e", "%u002e", "%2 e", "%+1"],
        );
    }
}
