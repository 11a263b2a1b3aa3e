//! Reduces a query string to the part that a row's answer depends on.

use percent_encoding::percent_decode_str;

/// The parameters with these names, in the order of `names`; repeated ones stay in their own order.
/// Added parameters, another order and escapes in a name make no difference. Values stay as they
/// are written.
pub(super) fn canonical(names: &[String], query: &str) -> String {
    let mut canonical = String::new();
    for wanted in names {
        for parameter in query.split('&') {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (parameter, None),
            };
            if !is_name(wanted, name) {
                continue;
            }
            if !canonical.is_empty() {
                canonical.push('&');
            }
            canonical.push_str(wanted);
            if let Some(value) = value {
                canonical.push('=');
                canonical.push_str(value);
            }
        }
    }
    canonical
}

fn is_name(wanted: &str, written: &str) -> bool {
    written == wanted || (written.contains('%') && percent_decode_str(written).eq(wanted.bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::canonical;

    fn of(names: &[&str], query: &str) -> String {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        canonical(&names, query)
    }

    #[test]
    fn parameters_that_do_not_count_are_left_out() {
        for (query, expected) in [
            ("", ""),
            ("x=1", ""),
            ("categorie=A", "categorie=A"),
            ("x=1&categorie=A&&y", "categorie=A"),
            ("categorie", "categorie"),
            ("categorie=", "categorie="),
            ("Categorie=A", ""),
            ("categorie=A%20b+c", "categorie=A%20b+c"),
            ("xcategorie=A&categoriex=B", ""),
        ] {
            assert_eq!(of(&["categorie"], query), expected, "{query}");
        }
        assert_eq!(of(&[], "categorie=A&x=1"), "");
    }

    #[test]
    fn parameters_follow_the_rows_order_and_repetitions_keep_theirs() {
        let names = ["tag", "page"];
        assert_eq!(of(&names, "page=2&tag=b&x=1&tag=a"), "tag=b&tag=a&page=2");
    }

    #[test]
    fn an_escaped_name_is_the_same_name() {
        assert_eq!(of(&["categorie"], "%63ategorie=A"), "categorie=A");
        assert_eq!(of(&["ids[]"], "ids%5B%5D=1&ids[]=2"), "ids[]=1&ids[]=2");
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_stable(query in "[ab=&%612]{0,24}") {
            let once = of(&["a", "b"], &query);
            prop_assert_eq!(of(&["a", "b"], &once), once);
        }
    }
}
