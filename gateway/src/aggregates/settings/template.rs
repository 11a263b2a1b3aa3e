//! The path and query of a part at its upstream, with parameters of the aggregate's path in them.

use std::fmt;

use http::uri::PathAndQuery;

use crate::aggregates::key::Parameter;
use crate::http::segment::check_path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The name, and the index among the parameters of the aggregate's path.
    Parameter(String, usize),
}

impl Template {
    /// `names` are the parameters of the aggregate's path.
    pub(super) fn parse(text: &str, names: &[String]) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_graphic() && !"#\\".contains(c);
        if !text.starts_with('/') || !text.chars().all(plain) {
            return Err("must begin with / and hold no fragment or space".to_owned());
        }
        check_path(text.split('?').next().unwrap_or_default())?;
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}').ok_or("has a { without its }")?;
            let index = position(name, names)?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Parameter(name.to_owned(), index));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// Whether one answer is for all values of the parameters.
    pub(crate) fn is_for_all(&self) -> bool {
        let mut pieces = self.0.iter();
        pieces.all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// The path and query for the upstream; `prefix` is the path of its URL.
    pub(crate) fn fill(&self, prefix: &str, parameters: &[Parameter]) -> Option<PathAndQuery> {
        let mut target = prefix.to_owned();
        for piece in &self.0 {
            target.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Parameter(_, index) => parameters.get(*index)?.encoded(),
            });
        }
        // A valid path stays valid with some escapes in it.
        PathAndQuery::try_from(target).ok()
    }
}

/// The index of a parameter of the aggregate's path.
pub(super) fn position(name: &str, names: &[String]) -> Result<usize, String> {
    let found = names.iter().position(|one| one == name);
    found.ok_or_else(|| match names {
        [] => format!("{{{name}}} is not in the aggregate's path, which has no parameter"),
        [first, ..] => {
            format!("{{{name}}} is not in the aggregate's path, which has {{{first}}}")
        }
    })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Parameter(name, _) => write!(f, "{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameter, Template};

    fn parse(text: &str) -> Result<Template, String> {
        Template::parse(text, &["shop".to_owned(), "id".to_owned()])
    }

    #[test]
    fn a_value_is_escaped_in_the_path_and_in_the_query() {
        let values = ["s", "a&b=%20c;d"].map(|value| Parameter::parse(value).unwrap());
        for (text, target) in [
            ("/items?id={id}", "/v1/items?id=a%26b%3D%20c%3Bd"),
            ("/{shop}/items/{id}/x", "/v1/s/items/a%26b%3D%20c%3Bd/x"),
            ("/items", "/v1/items"),
        ] {
            let template = parse(text).unwrap();
            assert_eq!(template.fill("/v1", &values).unwrap(), target);
            assert_eq!(template.to_string(), text);
            assert_eq!(template.is_for_all(), !text.contains('{'));
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_or_an_unknown_parameter_is_refused() {
        for text in [
            "items",
            "/a b",
            "/a#b",
            "/../a",
            "//a",
            "/a/%2e%2e",
            "/{who}",
            "/{id",
            "/{}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
