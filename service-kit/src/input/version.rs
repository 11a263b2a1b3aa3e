//! Versions of what a client changes: `ETag` on what was read, `If-Match` on the change (RFC 9110
//! §8.8.3, §13.1.1). Of two people who change one thing at once, the second is told, and overwrites
//! nothing.
//!
//! A tag is a hash of the JSON that the client saw, so it needs no column and is the same at every
//! replica.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{ETAG, HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use shared_types::field::FieldErrors;
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::failure::Failure;

/// Bytes of the hash in a tag: two versions never share one.
const LENGTH: usize = 16;

/// The request's `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// There is none: any version may be changed.
    Absent,
    /// `*`: any version, but there must be one.
    Any,
    /// These versions only. A weak tag never matches.
    Tags(Vec<String>),
}

/// An answer with the value and its tag.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn tagged(value: &impl Serialize) -> Result<HttpResponse, Failure> {
    let body = serde_json::to_string(value).map_err(Failure::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag_of(&body)))
        .content_type(actix_web::http::header::ContentType::json())
        .body(body))
}

/// Answers a GET with the value: 304 if the client has it already (§13.1.2).
///
/// # Errors
/// The value cannot be written as JSON.
pub fn read(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, Failure> {
    let answer = tagged(value)?;
    let tag = answer.headers().get(ETAG).cloned();
    match tag {
        Some(tag) if is_held(request.headers(), &tag) => Ok(HttpResponse::NotModified()
            .insert_header((ETAG, tag))
            .finish()),
        _ => Ok(answer),
    }
}

/// Compares weakly: whoever compresses an answer weakens its tag. No tag of ours has a comma.
fn is_held(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH);
    let held = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    held.map(<[u8]>::trim_ascii)
        .any(|held| held == b"*" || held.strip_prefix(b"W/").unwrap_or(held) == tag.as_bytes())
}

fn tag_of(json: &str) -> String {
    let hash = Sha256::digest(json.as_bytes());
    let short = hash.get(..LENGTH).unwrap_or(&hash);
    format!("\"{}\"", hex::encode(short))
}

impl IfMatch {
    /// Whether this version of a value may be changed. Decide it under the lock of the change.
    ///
    /// # Errors
    /// The value is another than the client has seen, or cannot be written as JSON.
    pub fn check(&self, current: &impl Serialize) -> Result<(), Failure> {
        let Self::Tags(tags) = self else {
            return Ok(());
        };
        let current = serde_json::to_string(current).map_err(Failure::internal)?;
        if tags.contains(&tag_of(&current)) {
            Ok(())
        } else {
            Err(Failure::new(Code::PreconditionFailed))
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut count = 0;
        let mut rest = text.trim_start_matches([' ', '\t', ',']);
        while !rest.is_empty() {
            // A tag has no quote and no escape (RFC 9110 §8.8.3), but it may have a comma.
            let weak = rest.strip_prefix("W/");
            let quoted = weak.unwrap_or(rest).strip_prefix('"')?;
            let (tag, after) = quoted.split_once('"')?;
            count += 1;
            if weak.is_none() {
                tags.push(format!("\"{tag}\""));
            }
            let next = after.trim_start_matches([' ', '\t']);
            if !next.is_empty() && !next.starts_with(',') {
                return None;
            }
            rest = next.trim_start_matches([' ', '\t', ',']);
        }
        (count > 0).then_some(Self::Tags(tags))
    }
}

impl FromRequest for IfMatch {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let sent: Vec<_> = request.headers().get_all(IF_MATCH).collect();
        if sent.is_empty() {
            return ready(Ok(Self::Absent));
        }
        let texts: Option<Vec<_>> = sent.iter().map(|value| value.to_str().ok()).collect();
        let parsed = texts.and_then(|texts| Self::parse(&texts.join(",")));
        ready(parsed.ok_or_else(|| {
            let text = Text::fixed(|say| say.requests.entity_tags);
            Failure::invalid(FieldErrors::one("If-Match", text))
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{IfMatch, tag_of};

    fn tags(tags: &[&str]) -> Option<IfMatch> {
        let tags = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        Some(IfMatch::Tags(tags))
    }

    #[test]
    fn a_list_of_tags_is_read_and_weak_ones_never_match() {
        assert_eq!(IfMatch::parse(" * "), Some(IfMatch::Any));
        assert_eq!(IfMatch::parse("\"a\""), tags(&["a"]));
        assert_eq!(
            IfMatch::parse("\"a\", W/\"b\" ,\"c,d\","),
            tags(&["a", "c,d"])
        );
        assert_eq!(IfMatch::parse("W/\"a\""), tags(&[]));
        assert_eq!(IfMatch::parse("\"\""), tags(&[""]));
        for bad in [
            "",
            " , ",
            "a",
            "\"a",
            "a\"",
            "\"a\" \"b\"",
            "*, \"a\"",
            "w/\"a\"",
        ] {
            assert_eq!(IfMatch::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_the_version_that_was_seen_may_be_changed() {
        let (seen, changed) = (json!({"a": 1}), json!({"a": 2}));
        let tag = tag_of(&seen.to_string());
        let only_seen = IfMatch::Tags(vec!["\"other\"".to_owned(), tag]);
        assert!(only_seen.check(&seen).is_ok());
        assert!(only_seen.check(&changed).is_err());
        assert!(IfMatch::Tags(Vec::new()).check(&seen).is_err());
        for any in [IfMatch::Absent, IfMatch::Any] {
            assert!(any.check(&changed).is_ok());
        }
    }
}
