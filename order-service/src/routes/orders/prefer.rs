//! The preference `count=exact` of a request (RFC 7240 §2).

use actix_web::http::header::{HeaderMap, HeaderName};

pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
pub(super) const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");
pub(super) const EXACT_COUNT: &str = "count=exact";

/// Whether the client wants to know how many orders there are. An unknown preference is ignored
/// (§2).
pub(super) fn wants_exact_count(headers: &HeaderMap) -> bool {
    let lines = headers.get_all("prefer");
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(is_exact_count)
}

fn is_exact_count(preference: &str) -> bool {
    let preference = preference.split(';').next().unwrap_or_default();
    let Some((name, value)) = preference.split_once('=') else {
        return false;
    };
    name.trim().eq_ignore_ascii_case("count") && value.trim().trim_matches('"') == "exact"
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::wants_exact_count;

    #[test]
    fn the_preference_may_stand_among_others() {
        for (lines, wanted) in [
            (&["count=exact"][..], true),
            (&["return=minimal, Count = \"exact\"; x=1"], true),
            (&["wait=10", "count=exact"], true),
            (&["count=planned"], false),
            (&["count"], false),
            (&["x-count=exact"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let prefer = HeaderName::from_static("prefer");
                headers.append(prefer, HeaderValue::from_static(line));
            }
            assert_eq!(wants_exact_count(&headers), wanted, "{lines:?}");
        }
    }
}
