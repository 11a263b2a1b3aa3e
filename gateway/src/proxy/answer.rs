//! What hyper takes in an answer's head that is not passed on. hyper itself refuses what it cannot delimit: lengths
//! that differ, folded lines, a space before a colon. It lets through what it can read in one way though others
//! could read it in another, and it looks at no length where the answer has no body.

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsound {
    #[error("an answer that nobody asked for: {0}")]
    Switch(StatusCode),
    #[error("a status that means nothing: {0}")]
    Status(StatusCode),
    #[error("an answer with both Content-Length and Transfer-Encoding")]
    TwoFramings,
    #[error("an answer in a transfer coding that nobody asked for")]
    Coding,
    #[error("an answer with lengths that differ or are none")]
    Length,
}

/// Refuses a head that must not reach the client.
pub(super) fn judge(status: StatusCode, fields: &HeaderMap) -> Result<(), Unsound> {
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Unsound::Switch(status));
    }
    // No class beyond the fifth exists (RFC 9110 §15).
    if status.as_u16() > 599 {
        return Err(Unsound::Status(status));
    }
    let mut codings = fields.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else {
        return Ok(());
    };
    // One of the two lies, and whoever made the answer may mean the other one (RFC 9112 §6.3).
    if fields.contains_key(CONTENT_LENGTH) {
        return Err(Unsound::TwoFramings);
    }
    // Any other coding would go to the client undecoded and unnamed: the field is hop-by-hop. No `TE` asks for one.
    if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(Unsound::Coding);
    }
    Ok(())
}

/// The length that an answer without a body tells of.
pub(super) fn told_length(fields: &HeaderMap) -> Result<Option<u64>, Unsound> {
    let mut told = None;
    for value in fields.get_all(CONTENT_LENGTH) {
        let text = value.to_str().ok().ok_or(Unsound::Length)?;
        for item in text.split(',').map(str::trim) {
            // `parse` alone would take a sign.
            let is_number = item.bytes().all(|byte| byte.is_ascii_digit());
            let length = item.parse().ok().filter(|_| is_number);
            let length: u64 = length.ok_or(Unsound::Length)?;
            // Said twice it still counts, said in two ways it does not (RFC 9110 §8.6).
            if told.replace(length).is_some_and(|before| before != length) {
                return Err(Unsound::Length);
            }
        }
    }
    Ok(told)
}

/// Whether the head promises a body that the status forbids, so that more may follow than hyper reads.
pub(super) fn promises_a_forbidden_body(status: StatusCode, fields: &HeaderMap) -> bool {
    let promises = || {
        fields.contains_key(TRANSFER_ENCODING) || !matches!(told_length(fields), Ok(None | Some(0)))
    };
    status == StatusCode::NO_CONTENT && promises()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    use super::{Unsound, judge, promises_a_forbidden_body, told_length};

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        lines.iter().map(pair).collect()
    }

    const LENGTH: &str = "content-length";
    const CODING: &str = "transfer-encoding";

    #[test]
    fn a_status_outside_the_five_classes_is_refused() {
        for (status, fine) in [(200, true), (599, true), (600, false), (999, false)] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(judge(status, &HeaderMap::new()).is_ok(), fine, "{status}");
        }
        let switch = judge(StatusCode::SWITCHING_PROTOCOLS, &HeaderMap::new());
        assert!(matches!(switch, Err(Unsound::Switch(_))));
    }

    #[test]
    fn one_framing_is_enough() {
        for (lines, judged) in [
            (&[][..], Ok(())),
            (&[(LENGTH, "1")], Ok(())),
            (&[(CODING, "chunked")], Ok(())),
            (&[(CODING, "Chunked")], Ok(())),
            (
                &[(CODING, "chunked"), (LENGTH, "1")],
                Err(Unsound::TwoFramings),
            ),
            (&[(CODING, "gzip")], Err(Unsound::Coding)),
            (&[(CODING, "gzip, chunked")], Err(Unsound::Coding)),
            (&[(CODING, "identity")], Err(Unsound::Coding)),
            (
                &[(CODING, "chunked"), (CODING, "chunked")],
                Err(Unsound::Coding),
            ),
        ] {
            assert_eq!(judge(StatusCode::OK, &fields(lines)), judged, "{lines:?}");
        }
    }

    #[test]
    fn lengths_that_agree_are_one() {
        for (lines, length) in [
            (&[][..], Ok(None)),
            (&[(LENGTH, "5")], Ok(Some(5))),
            (&[(LENGTH, "5"), (LENGTH, "5")], Ok(Some(5))),
            (&[(LENGTH, "5, 5")], Ok(Some(5))),
            (&[(LENGTH, "5"), (LENGTH, "6")], Err(Unsound::Length)),
            (&[(LENGTH, "5, 6")], Err(Unsound::Length)),
            (&[(LENGTH, "+5")], Err(Unsound::Length)),
            (&[(LENGTH, "5,")], Err(Unsound::Length)),
            (&[(LENGTH, "five")], Err(Unsound::Length)),
        ] {
            assert_eq!(told_length(&fields(lines)), length, "{lines:?}");
        }
    }

    #[test]
    fn only_a_204_promises_what_it_may_not() {
        for (status, lines, promises) in [
            (204, &[][..], false),
            (204, &[(LENGTH, "0")], false),
            (204, &[(LENGTH, "5")], true),
            (204, &[(CODING, "chunked")], true),
            // The length of what a GET without a condition would have been answered.
            (304, &[(LENGTH, "5")], false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let promised = promises_a_forbidden_body(status, &fields(lines));
            assert_eq!(promised, promises, "{status} {lines:?}");
        }
    }
}
