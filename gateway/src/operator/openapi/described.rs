//! The document that an upstream publishes of its own routes.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::routing::route::Target;
use crate::settings::METHODS;

/// The document of one upstream.
#[derive(Clone, Debug)]
pub struct Described {
    /// The upstream's name.
    pub name: String,
    pub document: Arc<Value>,
}

/// One method of one path of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation<'d> {
    /// The path, with the document's own names of parameters.
    pub(super) path: &'d str,
    pub(super) fields: &'d Map<String, Value>,
    /// The parameters of all methods of the path.
    pub(super) shared: Option<&'d Vec<Value>>,
}

impl Described {
    pub(super) fn component(&self, (kind, name): &(String, String)) -> Option<&Value> {
        self.document.get("components")?.get(kind)?.get(name)
    }

    /// The target of a reference, or the value itself.
    pub(super) fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        let reference = value.get("$ref").and_then(Value::as_str);
        let found = reference.and_then(|reference| {
            let pointer = reference.strip_prefix('#')?;
            self.document.pointer(pointer)
        });
        found.unwrap_or(value)
    }

    /// Whether it has any method of a path that requests for the target reach.
    pub(super) fn has(&self, target: &Target) -> bool {
        METHODS
            .iter()
            .any(|method| self.at(method, target).next().is_some())
    }

    /// The operations that requests for the target reach: one, or with `{*rest}` many.
    pub(super) fn at<'d>(
        &'d self,
        method: &'d str,
        target: &Target,
    ) -> impl Iterator<Item = Operation<'d>> {
        let target = target.to_string();
        let paths = self.document.get("paths").and_then(Value::as_object);
        let paths = paths.into_iter().flatten();
        paths.filter_map(move |(path, item)| {
            let item = self.resolve(item);
            let fields = item.get(method.to_ascii_lowercase())?.as_object()?;
            is_reached(path, &target).then(|| Operation {
                path,
                fields,
                shared: item.get("parameters").and_then(Value::as_array),
            })
        })
    }
}

/// Whether requests for `target` can reach `path`.
pub(super) fn is_reached(path: &str, target: &str) -> bool {
    let (mut path, mut target) = (path.split('/'), target.split('/'));
    loop {
        match (path.next(), target.next()) {
            (Some(_), Some(segment)) if segment.starts_with("{*") => return true,
            (Some(one), Some(other)) => {
                let are_parameters = one.starts_with('{') && other.starts_with('{');
                if one != other && !are_parameters {
                    return false;
                }
            }
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// The public path of an operation, and the new name of each of its parameters.
pub(super) fn public_path(
    route: &str,
    target: &Target,
    path: &str,
) -> (String, Vec<(String, String)>) {
    let target = target.to_string();
    let named = |segment: &str| Some(segment.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    let Some((before, _)) = target.split_once("{*") else {
        let pairs = path.split('/').zip(target.split('/'));
        let names = pairs.filter_map(|(one, other)| Some((named(one)?, named(other)?)));
        return (route.to_owned(), names.collect());
    };
    let kept = before.matches('/').count();
    let rest: Vec<_> = path.split('/').skip(kept).collect();
    let public = route.split("{*").next().unwrap_or_default();
    let pairs = path.split('/').zip(before.split('/'));
    let names = pairs.filter_map(|(one, other)| Some((named(one)?, named(other)?)));
    (format!("{public}{}", rest.join("/")), names.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::{Described, is_reached, public_path};
    use crate::routing::route::Target;

    fn target(to: &str, path: &str) -> Target {
        Target::parse(to, path).unwrap()
    }

    #[test]
    fn a_target_reaches_the_path_of_its_form_whatever_its_parameters_are_called() {
        for (path, target, expected) in [
            ("/orders", "/orders", true),
            ("/orders/{orderId}", "/orders/{id}", true),
            ("/orders/{orderId}", "/orders", false),
            ("/orders/latest", "/orders/{id}", false),
            ("/items/{a}/parts/{b}", "/{*rest}", true),
            ("/v1/items", "/v1/{*rest}", true),
            ("/v2/items", "/v1/{*rest}", false),
            ("/v1", "/v1/{*rest}", false),
        ] {
            assert_eq!(is_reached(path, target), expected, "{path} {target}");
        }
    }

    #[test]
    fn a_public_path_has_the_routes_names() {
        let (path, names) = public_path(
            "/order-api/{id}/lines/{line}",
            &target("/orders/{id}/lines/{line}", "/order-api/{id}/lines/{line}"),
            "/orders/{orderId}/lines/{number}",
        );
        assert_eq!(path, "/order-api/{id}/lines/{line}");
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(names, [pair("orderId", "id"), pair("number", "line")]);
        let (path, names) = public_path(
            "/stock/{*rest}",
            &target("/v1/{*rest}", "/stock/{*rest}"),
            "/v1/items/{item}",
        );
        assert_eq!((path.as_str(), names.len()), ("/stock/items/{item}", 0));
    }

    #[test]
    fn an_operation_is_found_by_method_and_target() {
        let described = Described {
            name: "orders".to_owned(),
            document: Arc::new(json!({ "paths": {
                "/orders/{orderId}": { "parameters": [{}], "get": { "summary": "One" } },
                "/orders": { "get": {} },
            } })),
        };
        let to = target("/orders/{id}", "/o/{id}");
        let found: Vec<_> = described.at("GET", &to).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].fields["summary"], "One");
        assert_eq!(found[0].shared.unwrap().len(), 1);
        assert_eq!(described.at("POST", &to).count(), 0);
    }
}
