//! The page's files, embedded.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpResponse, web};
use service_kit::serve::resource;

use crate::http::protection::{OWN_FILES, own};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($path:literal = $file:literal, $kind:ident;)+) => {
        const FILES: &[File] = &[$(File {
            path: $path,
            kind: $kind,
            text: include_str!(concat!("../../../console/", $file)),
        }),+];
    };
}

struct File {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

files! {
    "/" = "index.html", HTML;
    "/console.css" = "console.css", CSS;
    "/api.js" = "api.js", SCRIPT;
    "/config.js" = "config.js", SCRIPT;
    "/dom.js" = "dom.js", SCRIPT;
    "/drills.js" = "drills.js", SCRIPT;
    "/features.js" = "features.js", SCRIPT;
    "/journey.js" = "journey.js", SCRIPT;
    "/main.js" = "main.js", SCRIPT;
    "/picture.js" = "picture.js", SCRIPT;
    "/plot.js" = "plot.js", SCRIPT;
    "/requests.js" = "requests.js", SCRIPT;
    "/steps.js" = "steps.js", SCRIPT;
    "/stream.js" = "stream.js", SCRIPT;
    "/text.js" = "text.js", SCRIPT;
    "/traffic.js" = "traffic.js", SCRIPT;
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    for file in FILES {
        config.service(
            resource(file.path, "GET").route(web::get().to(move || async { answer(file) })),
        );
    }
}

fn answer(file: &'static File) -> HttpResponse {
    let mut response = own(file.kind, file.text);
    let fields = response.headers_mut();
    fields.insert(CONTENT_SECURITY_POLICY, OWN_FILES);
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::FILES;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/console");

    #[test]
    fn every_file_of_the_page_is_served() {
        let there = fs::read_dir(FOLDER).unwrap().count();
        assert_eq!(FILES.len(), there);
    }

    #[test]
    fn no_file_refers_to_another_origin() {
        for file in FILES {
            let text = file.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("://"), "{}", file.path);
        }
    }
}
