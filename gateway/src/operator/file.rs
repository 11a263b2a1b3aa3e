//! One of the gateway's own files: compressed once, and with a tag by which a browser recognises
//! it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;

use crate::http::content_coding::{self, Coding, Encoded};
use crate::http::entity_tag;
use crate::http::protection::own;

/// Browsers ask each time whether the file is still the same.
pub(super) const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Browsers do not ask for an hour. The file stays the same until the next release.
pub(super) const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(Debug)]
pub(super) struct OwnFile {
    media_type: &'static str,
    plain: Bytes,
    encoded: Encoded,
    /// Distinguishes contents. No secret depends on it.
    hash: u64,
}

/// A file in `OUT_DIR`, where the build script has put it with its compressed forms.
macro_rules! built {
    ($path:expr, $media_type:expr) => {
        $crate::operator::file::OwnFile::built(
            $media_type,
            include_bytes!(concat!(env!("OUT_DIR"), "/", $path)),
            include_bytes!(concat!(env!("OUT_DIR"), "/", $path, ".br")),
            include_bytes!(concat!(env!("OUT_DIR"), "/", $path, ".gz")),
        )
    };
}
pub(super) use built;

impl OwnFile {
    /// A file that is compressed when it is first asked for.
    pub(super) fn made(media_type: &'static str, content: impl Into<Bytes>) -> Self {
        Self::new(media_type, content.into(), Encoded::default())
    }

    /// A file that was compressed beforehand.
    pub(super) fn built(
        media_type: &'static str,
        content: &'static [u8],
        brotli: &'static [u8],
        gzip: &'static [u8],
    ) -> Self {
        let smaller = |form: &'static [u8]| (form.len() < content.len()).then_some(form);
        let encoded = Encoded::built(smaller(brotli), smaller(gzip));
        Self::new(media_type, Bytes::from_static(content), encoded)
    }

    fn new(media_type: &'static str, plain: Bytes, encoded: Encoded) -> Self {
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        Self {
            media_type,
            plain,
            encoded,
            hash: hasher.finish(),
        }
    }

    #[cfg(test)]
    pub(super) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The file in the coding that the client wants, or a 304 if it has that already. `fields` are
    /// further ones of both.
    pub(super) fn answer<const N: usize>(
        &self,
        request: &HttpRequest,
        fields: [(HeaderName, HeaderValue); N],
    ) -> HttpResponse {
        let asked = request.headers();
        let smaller = self.plain.len().saturating_sub(1);
        let form = |coding| {
            let form = self.encoded.form(coding, &self.plain, smaller);
            form.map(|form| (Some(coding), form))
        };
        let form = Coding::wanted(asked).and_then(form);
        let (coding, body) = form.unwrap_or_else(|| (None, self.plain.clone()));
        let mut response = own(self.media_type, body);
        let headers = response.headers_mut();
        content_coding::vary(headers);
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
        }
        let tag = self.tag(coding);
        let has_it_already = entity_tag::is_none_match(asked, Some(tag.as_bytes()));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(ETAG, tag);
        }
        headers.insert(CACHE_CONTROL, ASKED_AGAIN);
        for (name, value) in fields {
            headers.insert(name, value);
        }
        if !has_it_already {
            return response;
        }
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_ENCODING);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.drop_body().map_into_boxed_body()
    }

    /// A strong tag: each coding has its own, since its bytes are others (RFC 9110 §8.8.3.3).
    fn tag(&self, coding: Option<Coding>) -> String {
        match coding {
            Some(coding) => format!("\"{:016x}-{}\"", self.hash, coding.as_str()),
            None => format!("\"{:016x}\"", self.hash),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap, IF_NONE_MATCH};
    use actix_web::test::TestRequest;

    use super::OwnFile;

    fn fields(
        file: &OwnFile,
        sent: &[(actix_web::http::header::HeaderName, &str)],
    ) -> (u16, HeaderMap) {
        let request = sent
            .iter()
            .fold(TestRequest::get(), |request, (name, value)| {
                request.insert_header((name.clone(), *value))
            });
        let answer = file.answer(&request.to_http_request(), []);
        (answer.status().as_u16(), answer.headers().clone())
    }

    #[test]
    fn each_coding_has_a_tag_of_its_own_that_stays_the_same() {
        let file = || OwnFile::made("text/plain", "text ".repeat(100));
        let tag = |accepted| {
            let (status, fields) = fields(&file(), &[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(
                (status, fields.get("vary").unwrap().as_bytes()),
                (200, &b"accept-encoding"[..])
            );
            fields.get("etag").unwrap().to_str().unwrap().to_owned()
        };
        let tags = ["", "gzip", "br"].map(tag);
        assert!(
            tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2],
            "{tags:?}"
        );
        for (accepted, held) in ["", "gzip", "br"].into_iter().zip(&tags) {
            let sent = [(ACCEPT_ENCODING, accepted), (IF_NONE_MATCH, &**held)];
            let (status, fields) = fields(&file(), &sent);
            assert_eq!(
                (status, fields.get("etag").unwrap().to_str().unwrap()),
                (304, &**held)
            );
            assert!(!fields.contains_key("content-encoding"));
        }
        let other = OwnFile::made("text/plain", "another");
        let (status, _) = fields(&other, &[(IF_NONE_MATCH, &tags[0])]);
        assert_eq!(status, 200);
    }

    #[test]
    fn a_file_that_compression_makes_no_smaller_is_sent_as_it_is() {
        let png = OwnFile::built(
            "image/png",
            b"\x89PNG",
            b"longer than it",
            b"longer than it",
        );
        let (_, fields) = fields(&png, &[(ACCEPT_ENCODING, "br")]);
        assert!(!fields.contains_key("content-encoding"));
    }
}
