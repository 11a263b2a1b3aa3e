//! `Via` (RFC 9110 §7.6.3): the way that a message has taken. The gateway appends a line in each
//! direction. Too many of its lines show a request that goes round in circles.

use actix_web::http::Version;
use actix_web::http::header::{HeaderMap, HeaderValue, VIA};

/// The gateway's pseudonym. Its host's name is nobody's business outside.
const RECEIVED_BY: &[u8] = b"passe-plat";

/// How often a request may pass here. A gateway before another one, or a service that calls back
/// in, has a reason; more than five passages have none, and each costs every gateway on the way a
/// connection.
pub(crate) const MAX_PASSAGES: usize = 5;

const BY_HTTP_1_0: &str = "1.0 passe-plat";
const BY_HTTP_1_1: &str = "1.1 passe-plat";
const BY_HTTP_2: &str = "2.0 passe-plat";

/// The line for a request that was received by this version.
pub(crate) fn of_request(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 | Version::HTTP_10 => BY_HTTP_1_0,
        Version::HTTP_2 => BY_HTTP_2,
        _ => BY_HTTP_1_1,
    }
}

/// The line for an answer that was received by HTTP/1.1, or else by HTTP/1.0.
pub(in crate::upstream) fn of_answer(is_1_1: bool) -> HeaderValue {
    HeaderValue::from_static(if is_1_1 { BY_HTTP_1_1 } else { BY_HTTP_1_0 })
}

/// The lines for a request whose answer is to be stored, after this many passages. Other members
/// are left out: they belong to one client.
pub(in crate::upstream) fn of_stored(passages: usize) -> String {
    vec![BY_HTTP_1_1; passages + 1].join(", ")
}

/// How often the request has passed a gateway of this name. Counts to one above the limit.
pub(crate) fn passages_of(fields: &HeaderMap) -> usize {
    let lines = fields.get_all(VIA);
    let passages = lines.map(|line| passages(line.as_bytes()));
    passages.sum::<usize>().min(MAX_PASSAGES + 1)
}

/// Whether the request keeps coming back to this gateway.
pub(crate) fn is_loop(fields: &HeaderMap) -> bool {
    passages_of(fields) > MAX_PASSAGES
}

/// Counts this gateway's members in a line. A comment counts as a member: nobody else has a reason
/// to write the gateway's name there.
fn passages(line: &[u8]) -> usize {
    line.split(|byte| *byte == b',')
        .filter(|member| {
            let words = member.split(u8::is_ascii_whitespace);
            let mut words = words.filter(|word| !word.is_empty());
            let received_by = words.nth(1);
            received_by.is_some_and(|name| name.eq_ignore_ascii_case(RECEIVED_BY))
        })
        .count()
}

#[cfg(test)]
mod tests {
    use actix_web::http::Version;
    use actix_web::http::header::{HeaderMap, HeaderValue, VIA};

    use super::{RECEIVED_BY, is_loop, of_answer, of_request, passages};

    #[test]
    fn the_line_names_the_received_protocol() {
        for (version, expected) in [
            (Version::HTTP_10, "1.0 passe-plat"),
            (Version::HTTP_11, "1.1 passe-plat"),
            (Version::HTTP_2, "2.0 passe-plat"),
        ] {
            let via = of_request(version);
            assert_eq!(via, expected);
            assert_eq!(passages(via.as_bytes()), 1);
            assert!(via.as_bytes().ends_with(RECEIVED_BY));
        }
        assert_eq!(of_answer(false), "1.0 passe-plat");
        assert_eq!(of_answer(true), "1.1 passe-plat");
    }

    #[test]
    fn only_the_gateways_own_name_is_a_passage() {
        for (line, expected) in [
            ("", 0),
            ("1.0 fred, 1.1 p.example.com", 0),
            ("passe-plat", 0),
            ("1.1 passe-plat-2, 1.1 not-passe-plat", 0),
            ("1.0 fred, HTTP/1.1\tPasse-Plat (x),2.0  passe-plat", 2),
        ] {
            assert_eq!(passages(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_request_may_pass_five_times() {
        let mut fields = HeaderMap::new();
        fields.append(
            VIA,
            HeaderValue::from_static("1.1 passe-plat, 1.1 passe-plat"),
        );
        for _ in 0..3 {
            fields.append(VIA, HeaderValue::from_static("1.1 passe-plat"));
        }
        assert!(!is_loop(&fields));
        fields.append(VIA, HeaderValue::from_static("2 other, 1.1 passe-plat"));
        assert!(is_loop(&fields));
    }
}
