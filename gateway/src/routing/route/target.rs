//! The path of a request at its upstream: the parameters are copied and the query string is
//! unchanged. The rest of a prefix is judged segment by segment, each like a parameter.

use http::uri::PathAndQuery;
use matchit::Params;

use crate::http::segment::{check_path, is_one_segment};

/// A target such as `/commandes/{id}/status`, split into pieces once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pieces: Vec<Piece>,
    /// The target itself, if it has no parameter. Most have none, and need no work for a request.
    fixed: Option<PathAndQuery>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Parameter(String),
    /// The parameter at the end of a prefix: one segment or more.
    Rest(String),
}

/// Checks that a path or a target has `{*rest}` as its whole last segment, or not at all.
fn check_rest(path: &str) -> Result<(), String> {
    let Some((before, rest)) = path.split_once("{*") else {
        return Ok(());
    };
    let name = rest.strip_suffix('}').unwrap_or_default();
    if before.ends_with('/') && !name.is_empty() && name.chars().all(is_name) {
        Ok(())
    } else {
        Err("{*rest} must be the whole last segment".to_owned())
    }
}

/// Checks that no segment has another gateway's notation of a parameter, which would be literal.
fn check_notation(path: &str) -> Result<(), String> {
    for segment in path.split('/') {
        match segment.strip_prefix(':') {
            _ if segment.starts_with('*') => {
                return Err(format!("write {{*rest}} instead of {segment}"));
            }
            Some(name) if !name.is_empty() && name.chars().all(is_name) => {
                return Err(format!("write {{{name}}} instead of {segment}"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks that no two parameters of a path have the same name: one of the values would be lost.
pub(super) fn check_names(path: &str) -> Result<(), String> {
    let parameters = path.split('{').skip(1);
    let mut names: Vec<_> = parameters
        .filter_map(|rest| rest.split('}').next())
        .collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        Some([name, ..]) => Err(format!("{{{name}}} stands twice")),
        _ => Ok(()),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The error for a parameter that could lead an upstream to another path than the route's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnfitParameter;

impl Target {
    /// Splits `to` into pieces; each of its parameters must be in `path` too.
    pub(crate) fn parse(to: &str, path: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_graphic() && !"?#\\".contains(c);
        if !to.starts_with('/') || !to.chars().all(plain) {
            return Err("must begin with / and hold no query or space".to_owned());
        }
        check_rest(to)?;
        check_notation(to)?;
        check_path(to)?;
        if path.contains("{*") && !to.contains("{*") {
            let name = path.rsplit('/').next().unwrap_or_default();
            return Err(format!("must end with {name}, as the path does"));
        }
        let mut pieces = Vec::new();
        let mut rest = to;
        while let Some((literal, tail)) = rest.split_once('{') {
            let (name, tail) = tail.split_once('}').ok_or("has a { without its }")?;
            let (word, piece): (_, fn(String) -> Piece) = match name.strip_prefix('*') {
                Some(word) => (word, Piece::Rest),
                None => (name, Piece::Parameter),
            };
            if word.is_empty() || !word.chars().all(is_name) {
                return Err(format!("{{{name}}} is not the name of one segment"));
            }
            if !path.contains(&format!("{{{name}}}")) {
                return Err(format!("{{{name}}} is not in the path"));
            }
            pieces.push(Piece::Literal(literal.to_owned()));
            pieces.push(piece(word.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        let fixed = match pieces.as_slice() {
            [Piece::Literal(path)] => PathAndQuery::try_from(path.as_str()).ok(),
            _ => None,
        };
        Ok(Self { pieces, fixed })
    }

    /// The path and query for the upstream; `prefix` is the path of its URL.
    pub(crate) fn fill(
        &self,
        prefix: &str,
        parameters: &Params<'_, '_>,
        query: Option<&str>,
    ) -> Result<PathAndQuery, UnfitParameter> {
        if let (Some(fixed), "", None) = (&self.fixed, prefix, query) {
            return Ok(fixed.clone());
        }
        let mut path = String::with_capacity(128);
        path.push_str(prefix);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => path.push_str(literal),
                Piece::Parameter(name) => {
                    let value = parameters.get(name).unwrap_or_default();
                    if !is_one_segment(value) {
                        return Err(UnfitParameter);
                    }
                    path.push_str(value);
                }
                Piece::Rest(name) => {
                    let value = parameters.get(name).unwrap_or_default();
                    if !value.split('/').all(is_one_segment) {
                        return Err(UnfitParameter);
                    }
                    path.push_str(value);
                }
            }
        }
        if let Some(query) = query {
            path.push('?');
            path.push_str(query);
        }
        // The parts of a parsed request line always make a path again.
        PathAndQuery::try_from(path).ok().ok_or(UnfitParameter)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => f.write_str(literal)?,
                Piece::Parameter(name) => write!(f, "{{{name}}}")?,
                Piece::Rest(name) => write!(f, "{{*{name}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(any(fuzzing, test))]
pub(super) mod invariants;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::invariants::understood;
    use super::{Target, UnfitParameter};

    const PATH: &str = "/order-api/commandes/{id}/status";
    const TO: &str = "/commandes/{id}/status";

    /// `None` if the path is not the route's.
    fn fill_any(
        (row, to): (&str, &str),
        prefix: &str,
        path: &str,
        query: Option<&str>,
    ) -> Option<Result<String, UnfitParameter>> {
        let mut tree = matchit::Router::new();
        tree.insert(row, ()).unwrap();
        let matched = tree.at(path).ok()?;
        let target = Target::parse(to, row).unwrap();
        let filled = target.fill(prefix, &matched.params, query);
        Some(filled.map(|filled| filled.to_string()))
    }

    fn fill(prefix: &str, path: &str, query: Option<&str>) -> Result<String, UnfitParameter> {
        fill_any((PATH, TO), prefix, path, query).unwrap()
    }

    #[test]
    fn the_parameter_is_carried_over_and_the_query_untouched() {
        let filled = fill(
            "",
            "/order-api/commandes/a%20b/status",
            Some("x=%2F&&y=é".replace('é', "%C3%A9").as_str()),
        );
        assert_eq!(filled.unwrap(), "/commandes/a%20b/status?x=%2F&&y=%C3%A9");
    }

    #[test]
    fn an_empty_query_stays_empty() {
        let filled = fill("", "/order-api/commandes/1/status", Some(""));
        assert_eq!(filled.unwrap(), "/commandes/1/status?");
    }

    #[test]
    fn the_upstreams_prefix_comes_first() {
        let filled = fill("/orders/v1", "/order-api/commandes/1/status", None);
        assert_eq!(filled.unwrap(), "/orders/v1/commandes/1/status");
    }

    #[test]
    fn a_target_without_a_parameter_gets_prefix_and_query_too() {
        for (prefix, query, expected) in [
            ("", None, "/menu"),
            ("", Some("x=1"), "/menu?x=1"),
            ("", Some(""), "/menu?"),
            ("/v1", None, "/v1/menu"),
            ("/v1", Some("x=1"), "/v1/menu?x=1"),
        ] {
            let filled = fill_any(
                ("/order-api/menu", "/menu"),
                prefix,
                "/order-api/menu",
                query,
            );
            assert_eq!(filled.unwrap().unwrap(), expected);
        }
    }

    #[test]
    fn an_unfit_parameter_goes_nowhere() {
        for id in ["..", "%2e%2E", "..;x", "a%2fb", "%00", "%zz"] {
            let path = format!("/order-api/commandes/{id}/status");
            assert_eq!(fill("", &path, None), Err(UnfitParameter), "{id}");
        }
    }

    const PREFIX: (&str, &str) = ("/stock/{*rest}", "/items/{*rest}");

    #[test]
    fn the_rest_of_a_prefix_is_carried_over() {
        for rest in ["7", "7/price", "a%20b/c;v=1/d", "...", "a/..b"] {
            let filled = fill_any(PREFIX, "/v1", &format!("/stock/{rest}"), Some("x=%2F"));
            let filled = filled.unwrap().unwrap();
            assert_eq!(filled, format!("/v1/items/{rest}?x=%2F"));
        }
    }

    #[test]
    fn a_rest_with_an_unfit_segment_goes_nowhere() {
        for unfit in [
            "..", ".", "%2e%2E", "..;x", ";x", "a%2fb", "a\\b", "%00", "%zz", "",
        ] {
            for rest in [
                format!("{unfit}/a"),
                format!("a/{unfit}"),
                format!("a/{unfit}/b"),
            ] {
                let path = format!("/stock/{rest}");
                let filled = fill_any(PREFIX, "", &path, None).unwrap();
                assert_eq!(filled, Err(UnfitParameter), "{rest}");
            }
        }
    }

    #[test]
    fn a_prefix_and_its_target_end_with_the_same_rest() {
        for (to, path) in [
            ("/a/{*rest}", "/b/{*rest}"),
            ("/{id}/{*rest}", "/b/{id}/{*rest}"),
        ] {
            assert!(Target::parse(to, path).is_ok(), "{to}");
        }
        for (to, path) in [
            ("/a", "/b/{*rest}"),
            ("/a/{rest}", "/b/{*rest}"),
            ("/a/{*other}", "/b/{*rest}"),
            ("/a-{*rest}", "/b/{*rest}"),
            ("/{*rest}/a", "/b/{*rest}"),
            ("/a/{*rest}", "/b/{rest}"),
            ("/a/{*}", "/b/{*}"),
        ] {
            assert!(Target::parse(to, path).is_err(), "{to}");
        }
    }

    #[test]
    fn only_a_plain_path_with_known_parameters_is_accepted() {
        for bad in [
            "commandes",
            "/a?b",
            "/a b",
            "/a#b",
            "/a/{who}",
            "/a/{id",
            "/a/{*id}",
        ] {
            assert!(Target::parse(bad, "/a/{id}").is_err(), "{bad}");
        }
    }

    /// Text that a request line can hold, with dangerous pieces more often than harmless ones.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            ".", "..", "%2e", "%2E", "/", "%2f", "%2F", "\\", "%5c", ";", "%3b", "%", "%2", "%zz",
            "%00", "%0a", "%7f", "%c0%af", "%c0%ae", "%ff", "%C3%A9", "%25", "%252e", "%252f", "a",
            "42", "%61", "~", "=", "%3f", "%23",
        ]);
        prop::collection::vec(
            prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => "[!$-;=@-~]"],
            0..6,
        )
        .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_rest_leads_an_upstream_elsewhere(
            segments in prop::collection::vec(hostile(), 1..4),
            query in prop::option::of("[!$-;=?-~]{0,20}"),
        ) {
            let rest = segments.join("/");
            let path = format!("/stock/{rest}");
            if let Some(Ok(sent)) = fill_any(PREFIX, "/orders/v1", &path, query.as_deref()) {
                let (there, asked) = match sent.split_once('?') {
                    Some((there, asked)) => (there, Some(asked)),
                    None => (&*sent, None),
                };
                prop_assert_eq!(asked, query.as_deref());
                prop_assert_eq!(there, format!("/orders/v1/items/{rest}"));
                for cuts_first in [true, false] {
                    let found = understood(there, cuts_first).unwrap();
                    let count = 3 + rest.split('/').count();
                    prop_assert_eq!(found.len(), count, "{} is {:?}", there, found);
                    prop_assert_eq!(&found[..3], ["orders", "v1", "items"]);
                }
            }
        }

        #[test]
        fn no_path_leads_an_upstream_elsewhere(
            id in hostile(),
            query in prop::option::of("[!$-;=?-~]{0,20}"),
        ) {
            let path = format!("/order-api/commandes/{id}/status");
            if let Some(Ok(sent)) = fill_any((PATH, TO), "/orders/v1", &path, query.as_deref()) {
                let (there, asked) = match sent.split_once('?') {
                    Some((there, asked)) => (there, Some(asked)),
                    None => (&*sent, None),
                };
                prop_assert_eq!(asked, query.as_deref());
                prop_assert_eq!(there, format!("/orders/v1/commandes/{id}/status"));
                for cuts_first in [true, false] {
                    let segments = understood(there, cuts_first).unwrap();
                    prop_assert_eq!(segments.len(), 5, "{} is {:?}", there, segments);
                    prop_assert_eq!(&segments[..3], ["orders", "v1", "commandes"]);
                    prop_assert_eq!(&segments[4], "status");
                }
            }
        }
    }
}
