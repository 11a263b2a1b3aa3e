//! The page that shows the OpenAPI document and lets readers try it: Swagger UI, compiled in.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};

use crate::http::protection::{OWN_FILES, own};

const PAGE: &str = include_str!("docs/page.html");

/// The files stay the same until the next release.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

struct File {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

/// A file that the build script took from Swagger UI's archive.
macro_rules! taken {
    ($name:literal, $media_type:literal) => {
        File {
            name: $name,
            media_type: $media_type,
            content: include_bytes!(concat!(env!("OUT_DIR"), "/", $name)),
        }
    };
}

const FILES: [File; 5] = [
    taken!("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    taken!("swagger-ui.css", "text/css; charset=utf-8"),
    taken!("favicon-32x32.png", "image/png"),
    taken!("LICENSE", "text/plain; charset=utf-8"),
    File {
        name: "start.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("docs/start.js"),
    },
];

pub(crate) fn file_names() -> [&'static str; FILES.len()] {
    FILES.map(|file| file.name)
}

pub(crate) fn page() -> HttpResponse {
    let mut response = own("text/html; charset=utf-8", PAGE);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, OWN_FILES);
    response
}

/// `None` if there is no such file.
pub(crate) fn file(name: &str) -> Option<HttpResponse> {
    let file = FILES.into_iter().find(|file| file.name == name)?;
    let mut response = own(file.media_type, file.content);
    response.headers_mut().insert(CACHE_CONTROL, KEPT);
    Some(response)
}
