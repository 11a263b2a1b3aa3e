//! Where a request goes at its upstream: the path there, with the parameters carried over and the query string
//! untouched.

use http::uri::PathAndQuery;
use matchit::Params;

/// `/commandes/{id}/status`, taken apart once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Parameter(String),
}

/// A parameter is a dot segment (RFC 3986 §3.3), written out or escaped: an upstream that resolves it would be
/// led to another path than the route says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DotSegment;

impl Target {
    /// Takes `to` apart; each parameter must stand in `path` too.
    pub(crate) fn parse(to: &str, path: &str) -> Result<Self, String> {
        if !to.starts_with('/') || to.contains(['?', '#']) {
            return Err("must be a path that begins with /".to_owned());
        }
        let mut pieces = Vec::new();
        let mut rest = to;
        while let Some((literal, tail)) = rest.split_once('{') {
            let (name, tail) = tail.split_once('}').ok_or("a { without its }")?;
            if !path.contains(&format!("{{{name}}}")) {
                return Err(format!("{{{name}}} does not stand in the path"));
            }
            pieces.push(Piece::Literal(literal.to_owned()));
            pieces.push(Piece::Parameter(name.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// What the upstream is asked for; `prefix` is its URL's path. `None` where the parts make no path, which a
    /// parsed request line cannot cause.
    pub(crate) fn fill(
        &self,
        prefix: &str,
        parameters: &Params<'_, '_>,
        query: Option<&str>,
    ) -> Result<Option<PathAndQuery>, DotSegment> {
        let mut path = String::with_capacity(128);
        path.push_str(prefix);
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => path.push_str(literal),
                Piece::Parameter(name) => {
                    let value = parameters.get(name).unwrap_or_default();
                    if is_dot_segment(value) {
                        return Err(DotSegment);
                    }
                    path.push_str(value);
                }
            }
        }
        if let Some(query) = query {
            path.push('?');
            path.push_str(query);
        }
        Ok(PathAndQuery::try_from(path).ok())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => f.write_str(literal)?,
                Piece::Parameter(name) => write!(f, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

fn is_dot_segment(segment: &str) -> bool {
    // None is longer than two escaped dots, and most parameters are: they need no copy.
    segment.len() <= "%2e%2e".len()
        && matches!(
            segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
}

#[cfg(test)]
mod tests {
    use super::{DotSegment, Target};

    fn fill(prefix: &str, path: &str, query: Option<&str>) -> Result<String, DotSegment> {
        let route = "/order-api/commandes/{id}/status";
        let mut tree = matchit::Router::new();
        tree.insert(route, ()).unwrap();
        let matched = tree.at(path).unwrap();
        let target = Target::parse("/commandes/{id}/status", route).unwrap();
        target
            .fill(prefix, &matched.params, query)
            .map(|filled| filled.unwrap().to_string())
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
    fn an_empty_query_stays_one() {
        let filled = fill("", "/order-api/commandes/1/status", Some(""));
        assert_eq!(filled.unwrap(), "/commandes/1/status?");
    }

    #[test]
    fn the_upstreams_prefix_comes_first() {
        let filled = fill("/orders/v1", "/order-api/commandes/1/status", None);
        assert_eq!(filled.unwrap(), "/orders/v1/commandes/1/status");
    }

    #[test]
    fn a_dot_segment_climbs_nowhere() {
        for dots in ["..", ".", "%2e%2E", ".%2e", "%2E"] {
            let path = format!("/order-api/commandes/{dots}/status");
            assert_eq!(fill("", &path, None), Err(DotSegment), "{dots}");
        }
    }

    #[test]
    fn an_unknown_parameter_or_a_query_in_a_target_is_refused() {
        for bad in ["commandes", "/a?b", "/a/{who}", "/a/{id"] {
            assert!(Target::parse(bad, "/a/{id}").is_err(), "{bad}");
        }
    }
}
