//! The grammar of a request's target (RFC 9112 §3.2), no wider than that of the later parsers.

use crate::http::grammar::is_authority;

/// Whether a target has one of its method's forms (RFC 9112 §3.2): a path or a URI, `*` for
/// OPTIONS, and only a host and port for CONNECT.
pub(super) fn is_target(method: &str, target: &[u8]) -> bool {
    if method == "CONNECT" {
        return is_authority(target);
    }
    match target {
        [b'/', ..] => is_path_and_query(target),
        b"*" => method == "OPTIONS",
        _ => is_absolute(target),
    }
}

fn is_absolute(target: &[u8]) -> bool {
    let after = |scheme: &[u8]| {
        let (begin, rest) = target.split_at_checked(scheme.len())?;
        begin.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let Some(rest) = after(b"http://").or_else(|| after(b"https://")) else {
        return false;
    };
    let authority_ends = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
    let (authority, rest) = rest.split_at(authority_ends.unwrap_or(rest.len()));
    is_authority(authority) && is_path_and_query(rest)
}

fn is_path_and_query(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    for byte in bytes.by_ref() {
        match byte {
            b'?' => return bytes.all(|byte| is_query(*byte)),
            byte if is_path(*byte) => {}
            _ => return false,
        }
    }
    true
}

/// `pchar` and `/` (RFC 3986 §3.3), and three more that browsers send unescaped.
fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@|[]".contains(&byte)
}

/// Any visible character except the four that end or quote a URI: browsers send all others
/// unescaped.
fn is_query(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::is_target;

    #[test]
    fn a_target_has_a_form_that_its_method_may_have() {
        for (method, target, expected) in [
            ("GET", "/", true),
            ("GET", "/a/b;c?x=%2F&y=[1]|'{}\\`^", true),
            ("GET", "http://a.example:80/x?y", true),
            ("GET", "HTTPS://[::1]:8443", true),
            ("GET", "http://a.example?x", true),
            ("OPTIONS", "*", true),
            ("CONNECT", "a.example:443", true),
            ("CONNECT", "/", false),
            ("GET", "*", false),
            ("GET", "a.example:443", false),
            ("GET", "ftp://a.example/", false),
            ("GET", "http:///x", false),
            ("GET", "http://user@a.example/", false),
            ("GET", "", false),
            ("GET", "x/y", false),
        ] {
            assert_eq!(
                is_target(method, target.as_bytes()),
                expected,
                "{method} {target}"
            );
        }
    }

    #[test]
    fn a_byte_that_no_uri_has_is_refused() {
        for bad in [b'#', b'"', b'<', b'>', b' ', 0, 0x7f, 0x80, 0xff] {
            for mut target in [b"/a_b".to_vec(), b"/a?b_c".to_vec()] {
                let at = target.iter().position(|byte| *byte == b'_').unwrap();
                target[at] = bad;
                assert!(!is_target("GET", &target), "{bad:#x}");
            }
        }
        // Browsers send these unescaped in a query, but never in a path.
        for bad in *b"\\^`{}" {
            assert!(!is_target("GET", &[b'/', bad]), "{bad:#x}");
        }
    }
}
