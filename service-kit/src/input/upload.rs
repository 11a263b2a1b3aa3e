//! Reads a whole body of any media type, for routes that take files.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};

use super::whole_body;
use crate::failure::Failure;

/// A body of at most `MAX` bytes, and how its sender announces it.
pub struct Upload<const MAX: usize> {
    pub bytes: web::Bytes,
    /// In lower case and without parameters; empty if the sender says nothing.
    pub media_type: String,
    pub charset: Option<String>,
}

impl<const MAX: usize> FromRequest for Upload<MAX> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let announced = request.headers().get(CONTENT_TYPE);
        let announced = announced.and_then(|value| value.to_str().ok());
        let (media_type, charset) = media_type(announced.unwrap_or_default());
        let bytes = whole_body(request, payload, MAX);
        Box::pin(async move {
            let bytes = bytes.await?;
            Ok(Self {
                bytes,
                media_type,
                charset,
            })
        })
    }
}

/// The media type and its `charset` (RFC 9110 §8.3).
fn media_type(value: &str) -> (String, Option<String>) {
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim_matches('"').to_owned())
    });
    (media_type, charset)
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn a_media_type_is_read_with_its_charset() {
        let read = media_type("Text/CSV; header=present; charset=\"windows-1252\"");
        assert_eq!(
            read,
            ("text/csv".to_owned(), Some("windows-1252".to_owned()))
        );
        assert_eq!(media_type(""), (String::new(), None));
    }
}
