//! The parts of HTTP's grammar that several modules check.

/// `tchar`: methods, field names and many values consist of it (RFC 9110 §5.6.2).
pub(crate) fn is_token_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'
            | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
    )
}

pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

/// `host [ ":" port ]` (RFC 3986 §3.2) without user information. Stricter than RFC 3986: characters
/// that no real host name uses, such as a comma, are refused.
pub(crate) fn is_authority(text: &[u8]) -> bool {
    let (host_ends, is_host) = if let [b'[', rest @ ..] = text {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let (address, _) = rest.split_at(end);
        (
            end + 2,
            !address.is_empty() && address.iter().all(|byte| is_address(*byte)),
        )
    } else {
        let end = text
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(text.len());
        let (name, _) = text.split_at(end);
        (
            end,
            !name.is_empty() && name.iter().all(|byte| is_name(*byte)),
        )
    };
    is_host
        && match text.split_at_checked(host_ends) {
            Some((_, [])) => true,
            Some((_, [b':', port @ ..])) => is_port(port),
            _ => false,
        }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_address(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

/// An empty port is valid (RFC 3986 §3.2.3).
fn is_port(text: &[u8]) -> bool {
    text.is_empty() || number(text).is_some_and(|port| port <= u64::from(u16::MAX))
}

/// A number in digits alone (`1*DIGIT`): `parse` would also accept a sign.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0, |number: u64, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// A value must begin and end with a visible character (RFC 9113 §8.2.1). HTTP/1 strips blanks, and
/// a later reader may strip them differently.
pub(crate) fn has_blank_ends(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_blank(value.first()) || is_blank(value.last())
}

#[cfg(test)]
mod tests {
    use super::{is_authority, number};

    #[test]
    fn a_number_is_digits_alone() {
        for (text, expected) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("1a", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn an_authority_is_one_host_with_at_most_a_port() {
        for good in [
            "a",
            "a.example",
            "a_b.example:8000",
            "127.0.0.1:",
            "[::1]",
            "[2001:db8::1]:443",
        ] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in [
            "", ":80", "a b", "a/b", "a@b", "a,b", "a:b", "a:80:80", "a:65536", "a:+80", "[::1",
            "[]", "[::1]x", "[g]", "a?b", "a#b", "a\\b", "é",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }
}
