//! Takes the operator's session out of a request's cookies. Browsers send a cookie to every port of
//! its host (RFC 6265 §8.5), so to the public one too, and no upstream may have it.

/// The name of the cookie that holds a session of the operator's port.
pub(crate) const OWN_COOKIE: &str = "passe-plat-operator";

/// The other cookies of this field; `None` if there is no other. A field without ours is left as it
/// is.
pub(super) fn without(field: &[u8]) -> Option<Vec<u8>> {
    let others = pairs(field).filter(|pair| !is_ours(pair));
    let others: Vec<_> = others.collect();
    (!others.is_empty()).then(|| others.join(&b"; "[..]))
}

pub(super) fn has(field: &[u8]) -> bool {
    pairs(field).any(is_ours)
}

fn pairs(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let pairs = field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    pairs.filter(|pair| !pair.is_empty())
}

fn is_ours(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    name.trim_ascii() == OWN_COOKIE.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::{has, without};

    #[test]
    fn only_our_cookie_is_taken_out() {
        for (field, rest) in [
            ("passe-plat-operator=1.2", None),
            ("a=1; passe-plat-operator=1.2; b=2", Some("a=1; b=2")),
            ("passe-plat-operator=1;b=2", Some("b=2")),
            ("passe-plat-operator =1; b=2", Some("b=2")),
        ] {
            assert!(has(field.as_bytes()), "{field}");
            let left = without(field.as_bytes());
            assert_eq!(left.as_deref(), rest.map(str::as_bytes), "{field}");
        }
        for field in ["", "a=1", "xpasse-plat-operator=1", "a=passe-plat-operator"] {
            assert!(!has(field.as_bytes()), "{field}");
        }
    }
}
