//! The syntax of `Forwarded` (RFC 7239 §4, §6), and of the addresses that it shares with
//! `X-Forwarded-For`.
//!
//! A client writes the beginning of a line and a proxy appends to it. A quoted string that the
//! client leaves open would swallow the proxy's part, so a line that ends within one is not read at
//! all.

use std::net::{IpAddr, Ipv6Addr};

use super::Scheme;
use crate::http::grammar::{is_authority, is_token};

/// One hop's description of the request that it received.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// `for`, if it is an address and not `unknown` or an obfuscated name (§6).
    pub(super) address: Option<IpAddr>,
    pub(super) host: Option<&'a str>,
    pub(super) scheme: Option<Scheme>,
}

/// The elements of one line, without the empty ones. `None` stands for a malformed one.
pub(super) fn elements(line: &[u8]) -> impl Iterator<Item = Option<Element<'_>>> {
    unquoted_split(line, b',')
        .filter(|element| element.is_none_or(|element| !element.trim_ascii().is_empty()))
        .map(|element| parse(element?))
}

fn parse(element: &[u8]) -> Option<Element<'_>> {
    let (mut node, mut host, mut proto) = (None, None, None);
    for pair in unquoted_split(element, b';') {
        let pair = std::str::from_utf8(pair?.trim_ascii()).ok()?;
        if pair.is_empty() {
            continue;
        }
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| is_token(name.as_bytes()))?;
        let value = value_of(value)?;
        let parameter = match name {
            _ if name.eq_ignore_ascii_case("for") => &mut node,
            _ if name.eq_ignore_ascii_case("host") => &mut host,
            _ if name.eq_ignore_ascii_case("proto") => &mut proto,
            _ => continue,
        };
        // Each parameter may occur once in an element (§4).
        if parameter.replace(value).is_some() {
            return None;
        }
    }
    Some(Element {
        address: node.and_then(address),
        host: host.filter(|host| is_authority(host.as_bytes())),
        scheme: proto.and_then(Scheme::parse),
    })
}

/// Splits at separators outside of quotes. Ends with `None` if a quote is left open.
fn unquoted_split(text: &[u8], separator: u8) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.iter().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = quoted,
                b'"' => quoted = !quoted,
                _ => return !quoted && *byte == separator,
            }
            false
        });
        match end.and_then(|end| text.split_at_checked(end)) {
            Some((item, separated)) => {
                rest = separated.get(1..);
                Some(Some(item))
            }
            None => Some((!quoted).then_some(text)),
        }
    })
}

/// A token, or a quoted string without its quotes. Escapes stay: no useful value has one.
fn value_of(text: &str) -> Option<&str> {
    let Some(opened) = text.strip_prefix('"') else {
        return is_token(text.as_bytes()).then_some(text);
    };
    let value = opened.strip_suffix('"')?;
    let mut escaped = false;
    let is_one_string = value.bytes().all(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        !ends
    });
    is_one_string.then_some(value)
}

/// The address of a node (§6): `192.0.2.7`, `192.0.2.7:4711`, `[2001:db8::7]`,
/// `[2001:db8::7]:4711`. IPv6 without brackets is accepted too, as `X-Forwarded-For` writes it.
pub(super) fn address(node: &str) -> Option<IpAddr> {
    if let Ok(address) = node.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = match node.strip_prefix('[') {
        Some(opened) => {
            let (address, port) = opened.split_once(']')?;
            let address = address.parse::<Ipv6Addr>().ok()?;
            (IpAddr::V6(address).to_canonical(), port)
        }
        None => {
            let colon = node.find(':')?;
            let (address, port) = node.split_at_checked(colon)?;
            (IpAddr::V4(address.parse().ok()?), port)
        }
    };
    let has_port = port.strip_prefix(':').is_some_and(is_port);
    (has_port || port.is_empty()).then_some(address)
}

/// A number of at most five digits, or an obfuscated one (§6.2, §6.3).
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty() && is_token(name.as_bytes()),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Element, Scheme, address, elements};

    fn read(line: &str) -> Vec<Option<Element<'_>>> {
        elements(line.as_bytes()).collect()
    }

    #[test]
    fn an_address_is_read_in_every_form_with_its_port_or_without() {
        for (node, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("192.0.2.7:_port", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ] {
            assert_eq!(address(node), expected.parse().ok(), "{node}");
        }
    }

    #[test]
    fn other_text_is_not_an_address() {
        for node in [
            "",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2.7:",
            "192.0.2.7:123456",
            "192.0.2.7:_",
            "192.0.2",
            "[192.0.2.7]",
            "[2001:db8::7",
            "[2001:db8::7]x",
            "fe80::1%eth0",
        ] {
            assert_eq!(address(node), None, "{node}");
        }
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let element = |address: &str, scheme| {
            Some(Element {
                address: address.parse().ok(),
                scheme,
                ..Element::default()
            })
        };
        assert_eq!(read("for=\"_gazonk\""), [element("", None)]);
        assert_eq!(
            read("For=\"[2001:db8:cafe::17]:4711\""),
            [element("2001:db8:cafe::17", None)]
        );
        assert_eq!(
            read("for=192.0.2.60;proto=http;by=203.0.113.43"),
            [element("192.0.2.60", Some(Scheme::Http))]
        );
        assert_eq!(
            read("for=192.0.2.43, for=198.51.100.17"),
            [element("192.0.2.43", None), element("198.51.100.17", None)]
        );
    }

    #[test]
    fn a_separator_within_quotes_does_not_separate() {
        let elements = read(r#"for=192.0.2.7;x="a,b;c\"d,";HOST="a.example:8443";proto=HTTPS,,"#);
        let expected = Element {
            address: "192.0.2.7".parse().ok(),
            host: Some("a.example:8443"),
            scheme: Some(Scheme::Https),
        };
        assert_eq!(elements, [Some(expected)]);
    }

    #[test]
    fn a_malformed_element_does_not_affect_the_others() {
        for bad in [
            "for",
            "for=",
            "for=a b",
            "for=\"a\"b",
            "=x",
            "for=192.0.2.1;for=192.0.2.2",
        ] {
            let line = format!("{bad}, for=192.0.2.7");
            let elements = read(&line);
            assert_eq!(elements.len(), 2, "{bad}");
            assert_eq!(elements[0], None, "{bad}");
            assert!(elements[1].is_some(), "{bad}");
        }
    }

    #[test]
    fn a_line_with_an_open_quote_is_not_believed() {
        for open in ["for=192.0.2.1;x=\"", "for=\"192.0.2.1", "x=\"\\"] {
            let line = format!("{open}, for=192.0.2.7");
            assert_eq!(read(&line).pop(), Some(None), "{open}");
        }
    }
}
