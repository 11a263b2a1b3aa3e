//! The page's files, embedded.

use std::sync::LazyLock;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, web};
use service_kit::serve::resource;

use crate::http::protection::OWN_FILES;
use crate::operator::file::{OwnFile, built};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($path:literal = $file:literal, $kind:ident;)+) => {
        static FILES: LazyLock<Vec<(&str, OwnFile)>> = LazyLock::new(|| {
            vec![$(($path, built!(concat!("console/", $file), $kind))),+]
        });
    };
}

files! {
    "/" = "index.html", HTML;
    "/base.css" = "base.css", CSS;
    "/console.css" = "console.css", CSS;
    "/tables.css" = "tables.css", CSS;
    "/waterfall.css" = "waterfall.css", CSS;
    "/api.js" = "api.js", SCRIPT;
    "/closures.js" = "closures.js", SCRIPT;
    "/config.js" = "config.js", SCRIPT;
    "/dom.js" = "dom.js", SCRIPT;
    "/drills.js" = "drills.js", SCRIPT;
    "/features.js" = "features.js", SCRIPT;
    "/journey.js" = "journey.js", SCRIPT;
    "/main.js" = "main.js", SCRIPT;
    "/names.js" = "names.js", SCRIPT;
    "/path.js" = "path.js", SCRIPT;
    "/picture.js" = "picture.js", SCRIPT;
    "/plot.js" = "plot.js", SCRIPT;
    "/requests.js" = "requests.js", SCRIPT;
    "/steps.js" = "steps.js", SCRIPT;
    "/stream.js" = "stream.js", SCRIPT;
    "/text.js" = "text.js", SCRIPT;
    "/traffic.js" = "traffic.js", SCRIPT;
    "/verdict.js" = "verdict.js", SCRIPT;
    "/waterfall.js" = "waterfall.js", SCRIPT;
    "/words.js" = "words.js", SCRIPT;
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    for (path, file) in &*FILES {
        let answer = move |request: HttpRequest| async move {
            file.answer(&request, [(CONTENT_SECURITY_POLICY, OWN_FILES)])
        };
        config.service(resource(path, "GET").route(web::get().to(answer)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;

    use shared_types::text::Lang;

    use super::FILES;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/console");

    /// The page's words by key.
    fn words(lang: Lang) -> BTreeMap<String, String> {
        let file = format!("{FOLDER}/words/{}.json", lang.tag());
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    /// The places in words, such as `{0}`.
    fn places(words: &str) -> BTreeSet<String> {
        let places = words.split('{').skip(1);
        let places = places.filter_map(|rest| rest.split('}').next());
        places.map(str::to_owned).collect()
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        // The folder `words` is served as one script.
        let there = fs::read_dir(FOLDER).unwrap().count();
        assert_eq!(FILES.len(), there);
        let there = fs::read_dir(format!("{FOLDER}/words")).unwrap().count();
        assert_eq!(Lang::ALL.len(), there);
    }

    #[test]
    fn every_language_has_the_same_words_with_the_same_places() {
        let shape = |lang: Lang| {
            let words = words(lang).into_iter();
            let shape = words.map(|(key, words)| (key, places(&words)));
            shape.collect::<BTreeMap<_, _>>()
        };
        for lang in Lang::ALL {
            assert_eq!(shape(*lang), shape(Lang::default()), "{lang:?}");
        }
    }

    #[test]
    fn the_page_uses_only_keys_that_have_words() {
        let known = words(Lang::default());
        for (path, file) in FILES.iter().filter(|(path, _)| *path != "/words.js") {
            let text = str::from_utf8(file.plain()).unwrap();
            for before in [" t(\"", "(t(\"", "{t(\"", "data-text=\"", "data-label=\""] {
                let used = text.split(before).skip(1);
                for key in used.filter_map(|rest| rest.split('"').next()) {
                    assert!(known.contains_key(key), "{path}: {key}");
                }
            }
        }
    }

    #[test]
    fn the_page_asks_for_all_its_files_at_once() {
        let (_, page) = FILES.iter().find(|(path, _)| *path == "/").unwrap();
        let page = str::from_utf8(page.plain()).unwrap();
        for (path, _) in FILES.iter().filter(|(path, _)| *path != "/") {
            let is_asked_for = |link: &str| page.contains(&format!("{link}=\"{path}\""));
            assert!(is_asked_for("href") || is_asked_for("src"), "{path}");
        }
    }

    #[test]
    fn no_file_refers_to_another_origin() {
        for (path, file) in &*FILES {
            let text = str::from_utf8(file.plain()).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("://"), "{path}");
        }
    }
}
