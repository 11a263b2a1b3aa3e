//! The page that shows the OpenAPI document and lets readers try it: Swagger UI, compiled in.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::protection::OWN_FILES;
use crate::operator::file::{FOR_AN_HOUR, OwnFile, built};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

static PAGE: LazyLock<OwnFile> =
    LazyLock::new(|| built!("docs/page.html", "text/html; charset=utf-8"));

/// The files that the page loads. All but the last are Swagger UI's.
const NAMES: [&str; 5] = [
    "swagger-ui-bundle.js",
    "swagger-ui.css",
    "favicon-32x32.png",
    "LICENSE",
    "start.js",
];

/// In the order of [`NAMES`].
static FILES: LazyLock<[OwnFile; NAMES.len()]> = LazyLock::new(|| {
    [
        built!("docs/swagger-ui-bundle.js", SCRIPT),
        built!("docs/swagger-ui.css", CSS),
        built!("docs/favicon-32x32.png", "image/png"),
        built!("docs/LICENSE", TEXT),
        built!("docs/start.js", SCRIPT),
    ]
});

pub(crate) fn file_names() -> [&'static str; NAMES.len()] {
    NAMES
}

pub(crate) fn page(request: &HttpRequest) -> HttpResponse {
    PAGE.answer(request, [(CONTENT_SECURITY_POLICY, OWN_FILES)])
}

/// `None` if there is no such file.
pub(crate) fn file(request: &HttpRequest, name: &str) -> Option<HttpResponse> {
    let mut files = NAMES.into_iter().zip(&*FILES);
    let (_, file) = files.find(|(known, _)| *known == name)?;
    Some(file.answer(request, [(CACHE_CONTROL, FOR_AN_HOUR)]))
}
