//! The rooms of a restaurant, by which a class can play a service: dining room, kitchen, delivery.
//!
//! They are one page, compiled in, whose script shows the rooms that its path asks for. What it has
//! in common with the console, it loads from the console's files.

use std::sync::LazyLock;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::protection::OWN_FILES;
use crate::operator::file::{OwnFile, built};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The last segments of the paths that show one room.
const ROOMS: [&str; 3] = ["salle", "cuisine", "livraison"];

macro_rules! files {
    ($($folder:literal / $file:literal, $kind:ident;)+) => {
        static FILES: LazyLock<Vec<(&str, OwnFile)>> = LazyLock::new(|| {
            vec![$(($file, built!(concat!($folder, "/", $file), $kind))),+]
        });
    };
}

static PAGE: LazyLock<OwnFile> = LazyLock::new(|| built!("demo/index.html", HTML));

files! {
    "console"/"api.js", SCRIPT;
    "console"/"base.css", CSS;
    "console"/"dom.js", SCRIPT;
    "console"/"text.js", SCRIPT;
    "demo"/"basket.js", SCRIPT;
    "demo"/"board.js", SCRIPT;
    "demo"/"call.js", SCRIPT;
    "demo"/"cuisine.js", SCRIPT;
    "demo"/"demo.css", CSS;
    "demo"/"livraison.js", SCRIPT;
    "demo"/"main.js", SCRIPT;
    "demo"/"menu.js", SCRIPT;
    "demo"/"order.js", SCRIPT;
    "demo"/"room.js", SCRIPT;
    "demo"/"salle.js", SCRIPT;
    "demo"/"session.js", SCRIPT;
    "demo"/"show.js", SCRIPT;
    "demo"/"track.js", SCRIPT;
    "demo"/"watch.js", SCRIPT;
    "demo"/"words.js", SCRIPT;
}

pub(super) fn page(request: &HttpRequest) -> HttpResponse {
    answer(&PAGE, request)
}

/// One room, or a file. `None` if there is no such one.
pub(super) fn file(request: &HttpRequest, name: &str) -> Option<HttpResponse> {
    if ROOMS.contains(&name) {
        return Some(page(request));
    }
    let (_, file) = FILES.iter().find(|(known, _)| *known == name)?;
    Some(answer(file, request))
}

fn answer(file: &OwnFile, request: &HttpRequest) -> HttpResponse {
    file.answer(request, [(CONTENT_SECURITY_POLICY, OWN_FILES)])
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;

    use shared_types::text::Lang;

    use super::{FILES, PAGE, ROOMS};

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");

    fn words(lang: Lang) -> BTreeMap<String, String> {
        let file = format!("{FOLDER}/words/{}.json", lang.tag());
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    /// The files that the page has for itself, as text.
    fn own() -> Vec<(&'static str, String)> {
        let shared = ["api.js", "base.css", "dom.js", "text.js", "words.js"];
        let own = FILES.iter().filter(|(name, _)| !shared.contains(name));
        let text = |file: &super::OwnFile| str::from_utf8(file.plain()).unwrap().to_owned();
        let own = own.map(|(name, file)| (*name, text(file)));
        own.chain([("index.html", text(&PAGE))]).collect()
    }

    #[test]
    fn every_file_is_served_and_asked_for_at_once() {
        let in_folder = fs::read_dir(FOLDER).unwrap();
        let there: BTreeSet<_> = in_folder
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "words")
            .collect();
        let served: BTreeSet<_> = own().into_iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(served, there);
        let page = str::from_utf8(PAGE.plain()).unwrap();
        for (name, _) in &*FILES {
            let is_asked_for = |link: &str| page.contains(&format!("{link}=\"/demo/{name}\""));
            assert!(is_asked_for("href") || is_asked_for("src"), "{name}");
        }
    }

    #[test]
    fn every_language_has_the_same_words_with_the_same_places() {
        let shape = |lang: Lang| {
            let words = words(lang).into_iter();
            let shape = words.map(|(key, words)| (key, words.matches('{').count()));
            shape.collect::<BTreeMap<_, _>>()
        };
        for lang in Lang::ALL {
            assert_eq!(shape(*lang), shape(Lang::default()), "{lang:?}");
        }
    }

    #[test]
    fn every_word_is_used_and_every_key_in_use_has_words() {
        let known = words(Lang::default());
        let files = own();
        let all: String = files.iter().map(|(_, text)| text.as_str()).collect();
        for key in known.keys().filter(|key| *key != "language") {
            assert!(
                all.contains(&format!("\"{key}\"")) || ROOMS.contains(&&**key),
                "{key}"
            );
        }
        for (name, text) in &files {
            for before in [
                " t(\"",
                "(t(\"",
                "data-text\": \"",
                "data-text=\"",
                "data-label=\"",
            ] {
                let used = text.split(before).skip(1);
                for key in used.filter_map(|rest| rest.split('"').next()) {
                    assert!(known.contains_key(key), "{name}: {key}");
                }
            }
        }
    }

    #[test]
    fn no_file_refers_to_another_origin_or_reads_data_as_markup() {
        for (name, text) in own() {
            for banned in [
                "://",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "style=",
            ] {
                assert!(!text.contains(banned), "{name}: {banned}");
            }
        }
    }
}
