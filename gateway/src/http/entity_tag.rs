//! Entity tags (RFC 9110 §8.8.3), read as bytes.

use actix_web::http::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};

/// Whether `If-None-Match` names the tag, in either strength (RFC 9110 §13.1.2): the client has the
/// answer already. `*` stands for every tag, and for an answer without one.
pub(crate) fn is_none_match(fields: &HeaderMap, tag: Option<&[u8]>) -> bool {
    let tag = tag.map(opaque);
    fields.get_all(IF_NONE_MATCH).any(|line| {
        let line = line.as_bytes().trim_ascii();
        line == b"*" || tag.is_some_and(|tag| tags(line).any(|one| opaque(one) == tag))
    })
}

/// Whether `If-None-Match` names the tag only as a weak one.
pub(crate) fn is_held_as_weak(fields: &HeaderMap, tag: &[u8]) -> bool {
    let lines = || fields.get_all(IF_NONE_MATCH);
    let has =
        |wanted: &dyn Fn(&[u8]) -> bool| lines().any(|line| tags(line.as_bytes()).any(wanted));
    has(&|one| is_weak(one) && opaque(one) == opaque(tag)) && !has(&|one| one == tag)
}

/// Makes the answer's tag a weak one: the same content in another coding has other bytes (RFC 9110
/// §8.8.1).
pub(crate) fn weaken(fields: &mut HeaderMap) {
    let weak = match fields.get(ETAG) {
        Some(tag) if !is_weak(tag.as_bytes()) => {
            HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
        }
        _ => return,
    };
    if let Ok(weak) = weak {
        fields.insert(ETAG, weak);
    }
}

fn is_weak(tag: &[u8]) -> bool {
    tag.starts_with(b"W/")
}

/// The tag without its strength, for a weak comparison (RFC 9110 §8.8.3.2).
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// The tags of a list. A comma within quotes does not separate.
fn tags(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let tags = line.split(move |byte| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    });
    tags.map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};

    use super::{is_held_as_weak, weaken};

    #[test]
    fn a_strong_tag_becomes_weak_and_a_weak_one_stays() {
        for (tag, weak) in [("\"7\"", "W/\"7\""), ("W/\"7\"", "W/\"7\"")] {
            let mut fields = HeaderMap::new();
            fields.insert(ETAG, HeaderValue::from_static(tag));
            weaken(&mut fields);
            assert_eq!(fields.get(ETAG).unwrap(), weak);
        }
        let mut none = HeaderMap::new();
        weaken(&mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn a_client_that_names_the_tag_only_as_weak_holds_the_compressed_answer() {
        for (sent, expected) in [
            ("W/\"7\"", true),
            ("\"6\", W/\"7\"", true),
            ("W/\"7\", \"7\"", false),
            ("\"7\"", false),
            ("W/\"6\"", false),
            ("*", false),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert(IF_NONE_MATCH, HeaderValue::from_static(sent));
            assert_eq!(is_held_as_weak(&fields, b"\"7\""), expected, "{sent}");
        }
    }
}
