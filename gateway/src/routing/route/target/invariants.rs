//! For any path and query, the gateway sends the upstream's prefix and the target with the
//! parameters in their places, byte for byte, then the same query. An upstream that decodes the
//! path once and resolves it finds the same number of segments, and each literal in its place.

use actix_web::http::Uri;
use percent_encoding::percent_decode_str;

use super::Target;

/// A path and its target.
const ROUTES: [(&str, &str); 6] = [
    ("/a/{one}", "/x/{one}"),
    ("/a/{one}/status", "/x/{one}/status"),
    ("/b/{one}/{two}", "/y/{two}/z/{one}"),
    ("/c/menu", "/menu"),
    ("/d/{*rest}", "/x/{*rest}"),
    ("/e/{*rest}", "/{*rest}"),
];

const PREFIXES: [&str; 2] = ["", "/orders/v1"];

/// `bytes` are two parameters, which together are a rest too, and a query, a line each.
pub(crate) fn hold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.splitn(3, '\n');
    let [one, two] = [(); 2].map(|()| lines.next().unwrap_or_default());
    let query = lines.next();
    for (path, to) in ROUTES {
        let mut asked = put(path, one, two, &format!("{one}/{two}"));
        if let Some(query) = query {
            asked = format!("{asked}?{query}");
        }
        if let Ok(uri) = asked.parse::<Uri>() {
            for prefix in PREFIXES {
                leads_where_it_should(&uri, path, to, prefix);
            }
        }
    }
}

fn put(path: &str, one: &str, two: &str, rest: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{one}" => one,
        "{two}" => two,
        "{*rest}" => rest,
        literal => literal,
    });
    segments.collect::<Vec<_>>().join("/")
}

fn leads_where_it_should(uri: &Uri, path: &str, to: &str, prefix: &str) {
    let mut tree = matchit::Router::new();
    let (Ok(()), Ok(target)) = (tree.insert(path, ()), Target::parse(to, path)) else {
        panic!("{path} to {to}");
    };
    let Ok(matched) = tree.at(uri.path()) else {
        return;
    };
    let parameter = |name| matched.params.get(name).unwrap_or_default();
    let [one, two, rest] = ["one", "two", "rest"].map(parameter);
    let expected = format!("{prefix}{}", put(to, one, two, rest));
    let Ok(sent) = target.fill(prefix, &matched.params, uri.query()) else {
        return;
    };
    assert_eq!(sent.path(), expected);
    assert_eq!(sent.query(), uri.query());
    for cuts_first in [true, false] {
        let Some(found) = understood(sent.path(), cuts_first) else {
            panic!("{sent} is no text");
        };
        let parts = vec!["{rest}"; rest.split('/').count()].join("/");
        let meant = format!("{prefix}{}", to.replace("{*rest}", &parts));
        let meant: Vec<_> = meant.split('/').skip(1).collect();
        assert_eq!(found.len(), meant.len(), "{sent} is {found:?}");
        for (found, meant) in found.iter().zip(meant) {
            assert!(found == meant || meant.starts_with('{'), "{sent}: {found}");
        }
    }
}

/// The path as a credulous upstream understands it: it decodes once, takes `\` for `/`, cuts each
/// segment at a `;` before or after that, resolves dots, and drops empty segments.
pub(super) fn understood(path: &str, cuts_first: bool) -> Option<Vec<String>> {
    let cut = |path: &str| {
        let segments = path.split('/');
        let segments = segments.map(|segment| segment.split(';').next().unwrap_or_default());
        segments.collect::<Vec<_>>().join("/")
    };
    let path = if cuts_first {
        cut(path)
    } else {
        path.to_owned()
    };
    let decoded = percent_decode_str(&path).decode_utf8().ok()?;
    let mut segments = Vec::new();
    for segment in cut(&decoded.replace('\\', "/")).split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment.to_owned()),
        }
    }
    Some(segments)
}
