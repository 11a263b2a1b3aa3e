//! The grammar of `tracestate` (W3C Trace Context §3.3). The gateway adds no member of its own, so
//! a well-formed list is sent on byte for byte. A malformed list is dropped: its members cannot be
//! told apart.

/// A longer list is malformed. With the length of a key and a value, this bounds the list far above
/// the 512 characters that must be passed on.
const MAX_MEMBERS: usize = 32;

const MAX_LENGTH: usize = 256; // of a key, and of a value

/// `lines` are the field's lines in one head, which make one list.
pub(super) fn is_well_formed<'a>(lines: impl Iterator<Item = &'a [u8]>) -> bool {
    let members = lines.flat_map(|line| line.split(|byte| *byte == b','));
    // Empty members are allowed and mean nothing.
    let mut members = members
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty());
    members.by_ref().take(MAX_MEMBERS).all(is_member) && members.next().is_none()
}

fn is_member(member: &[u8]) -> bool {
    let mut parts = member.splitn(2, |byte| *byte == b'=');
    let (Some(key), Some(value)) = (parts.next(), parts.next()) else {
        return false;
    };
    is_key(key) && is_value(value)
}

/// The grammar of level 2, which takes every key of level 1.
fn is_key(key: &[u8]) -> bool {
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.first().is_some_and(is_first)
        && key.len() <= MAX_LENGTH
        && key
            .iter()
            .all(|byte| is_first(byte) || b"_-*/@".contains(byte))
}

/// Visible ASCII and spaces, but no `,` (it has separated already), no `=` and no space at the end.
fn is_value(value: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&value.len())
        && value
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && *byte != b'=')
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    fn accepts(lines: &[&str]) -> bool {
        is_well_formed(lines.iter().map(|line| line.as_bytes()))
    }

    fn members(count: usize) -> String {
        let members: Vec<_> = (0..count).map(|number| format!("k{number}=v")).collect();
        members.join(",")
    }

    #[test]
    fn lists_of_the_specification_are_well_formed() {
        for lines in [
            &["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"][..],
            &["foo=1 \t , \t bar=2", "", "baz=3"],
            &["tenant@system=1,0a_-*/@=x"],
            &["key= !\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"],
            &["", ","],
            &[],
        ] {
            assert!(accepts(lines), "{lines:?}");
        }
    }

    #[test]
    fn lists_outside_the_grammar_are_malformed() {
        for line in [
            "foo",
            "=1",
            "foo=",
            "foo =1",
            "FOO=1",
            "_foo=1",
            "foo.bar=1",
            "foo=1=2",
            "foo=é",
            "ok=1,foo@=1,bad",
        ] {
            assert!(!accepts(&[line]), "{line}");
        }
    }

    #[test]
    fn the_limits_are_32_members_and_256_characters() {
        let long = "k".repeat(256);
        assert!(accepts(&[&members(32), "", ","]));
        assert!(!accepts(&[&members(33)]));
        assert!(!accepts(&[&members(32), "one=more"]));
        assert!(accepts(&[&format!("{long}={long}")]));
        assert!(!accepts(&[&format!("{long}k=v")]));
        assert!(!accepts(&[&format!("k={long}v")]));
    }
}
