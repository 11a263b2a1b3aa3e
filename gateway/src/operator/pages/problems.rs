//! The pages behind each problem's `type` (RFC 9457 §3.1.1): its meaning and what to do, in the
//! reader's language. They are made once, from each language's troubleshooting document.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderValue, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use pulldown_cmark::{Parser, html};
use service_kit::observe::lang_of;
use shared_types::problem::Code;
use shared_types::text::Lang;

use crate::operator::file::{FOR_AN_HOUR, OwnFile};

/// The policy names the page's one style by its hash (CSP Level 3 §2.3.1); a test checks it.
pub(in crate::operator) const STYLE: &str = include_str!("problems.css");
const POLICY: &str = "default-src 'none'; style-src 'sha256-toPpKLJ1AEUMwYq85kR1tOG9gKQQjEyYGLUvp8fouVY='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// By language and the last segment of `type`.
static PAGES: LazyLock<HashMap<(Lang, String), OwnFile>> = LazyLock::new(|| {
    let of = |lang: &Lang| {
        let lang = *lang;
        let sections = sections(lang.sentences().troubleshooting);
        Code::ALL.iter().filter_map(move |code| {
            let advice = sections.get(code.as_str())?;
            let page = OwnFile::made("text/html; charset=utf-8", page(*code, lang, advice));
            Some(((lang, code.page()), page))
        })
    };
    Lang::ALL.iter().flat_map(of).collect()
});

pub(crate) fn prepare() {
    LazyLock::force(&PAGES);
}

/// `None` if there is no such problem.
pub(crate) fn answer(request: &HttpRequest, segment: &str) -> Option<HttpResponse> {
    let lang = lang_of(request);
    let page = PAGES.get(&(lang, segment.to_owned()))?;
    let fields = [
        (CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag())),
        (
            VARY,
            HeaderValue::from_static("accept-language, accept-encoding"),
        ),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, FOR_AN_HOUR),
    ];
    Some(page.answer(request, fields))
}

/// The text under each `## code`.
fn sections(document: &str) -> HashMap<&str, &str> {
    let sections = document.split("\n## ").skip(1);
    sections
        .filter_map(|section| section.split_once('\n'))
        .collect()
}

fn page(code: Code, lang: Lang, advice: &str) -> String {
    let (title, detail) = (code.title(lang), code.detail(lang));
    let mut advised = String::new();
    html::push_html(&mut advised, Parser::new(advice));
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{status} {title}</title><style>{STYLE}</style></head>\n\
         <body><main><p class=\"code\">{status} <code>{code}</code></p><h1>{title}</h1>\
         <p class=\"detail\">{detail}</p>\n{advised}</main></body>\n</html>\n",
        lang = lang.tag(),
        status = code.status(),
        code = code.as_str(),
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};
    use shared_types::problem::Code;

    use super::{Lang, POLICY, STYLE, sections};

    #[test]
    fn every_document_has_a_section_for_each_code_in_its_order() {
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        for lang in Lang::ALL {
            let document = lang.sentences().troubleshooting;
            let titles = document.lines().filter_map(|line| line.strip_prefix("## "));
            assert_eq!(titles.collect::<Vec<_>>(), codes);
            assert!(
                sections(document)
                    .values()
                    .all(|advice| advice.trim().len() > 20)
            );
        }
    }

    #[test]
    fn the_policy_allows_the_style_and_nothing_else() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert!(
            POLICY.contains(&format!("style-src 'sha256-{hash}'")),
            "{hash}"
        );
    }
}
