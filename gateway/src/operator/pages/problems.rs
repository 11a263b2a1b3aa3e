//! The pages behind each problem's `type` (RFC 9457 §3.1.1): its meaning and what to do, in the
//! reader's language; and the page that lists them. They are made once, from each language's troubleshooting document.

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

pub(in crate::operator) const STYLE: &str = include_str!("problems.css");

/// A policy names the one style of a page by its hash (CSP Level 3 §2.3.1); a test checks it.
macro_rules! style_hash {
    () => {
        "'sha256-iEHA8/7L+MIN0eZs2lT+PciCT9ND3OzWJO3g2lkPVZ0='"
    };
}
pub(in crate::operator) use style_hash;

const POLICY: &str = concat!(
    "default-src 'none'; style-src ",
    style_hash!(),
    "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

/// By language and the last segment of `type`.
static PAGES: LazyLock<HashMap<(Lang, String), OwnFile>> = LazyLock::new(|| {
    let of = |lang: &Lang| {
        let lang = *lang;
        let sections = sections(lang.sentences().troubleshooting);
        Code::ALL.iter().filter_map(move |code| {
            let advice = sections.get(code.as_str())?;
            let page = OwnFile::made(HTML, page(*code, lang, advice));
            Some(((lang, code.page()), page))
        })
    };
    Lang::ALL.iter().flat_map(of).collect()
});

/// The page that lists all problems, by language.
static LISTS: LazyLock<HashMap<Lang, OwnFile>> = LazyLock::new(|| {
    let of = |lang: &Lang| (*lang, OwnFile::made(HTML, list_page(*lang)));
    Lang::ALL.iter().map(of).collect()
});

const HTML: &str = "text/html; charset=utf-8";

pub(crate) fn prepare() {
    LazyLock::force(&PAGES);
    LazyLock::force(&LISTS);
}

pub(crate) fn list(request: &HttpRequest) -> Option<HttpResponse> {
    let lang = lang_of(request);
    Some(answer_with(request, lang, LISTS.get(&lang)?))
}

/// `None` if there is no such problem.
pub(crate) fn answer(request: &HttpRequest, segment: &str) -> Option<HttpResponse> {
    let lang = lang_of(request);
    let page = PAGES.get(&(lang, segment.to_owned()))?;
    Some(answer_with(request, lang, page))
}

fn answer_with(request: &HttpRequest, lang: Lang, page: &OwnFile) -> HttpResponse {
    let fields = [
        (CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag())),
        (
            VARY,
            HeaderValue::from_static("accept-language, accept-encoding"),
        ),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, FOR_AN_HOUR),
    ];
    page.answer(request, fields)
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
    let (status, all) = (code.status(), lang.sentences().all_problems);
    let main = format!(
        "<p class=\"code\">{status} <code>{code}</code></p><h1>{title}</h1>\
         <p class=\"detail\">{detail}</p>\n{advised}<p><a href=\"../problems\">{all}</a></p>",
        code = code.as_str(),
    );
    document(lang, &format!("{status} {title}"), &main)
}

/// Every problem with its status, by status.
fn list_page(lang: Lang) -> String {
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| (code.status(), code.as_str()));
    let row = |code: &Code| {
        format!(
            "<tr><td>{status}</td><td><a href=\"problems/{page}\">{title}</a><br><code>{code}</code></td></tr>\n",
            status = code.status(),
            page = code.page(),
            title = code.title(lang),
            code = code.as_str(),
        )
    };
    let rows: String = codes.iter().map(row).collect();
    let title = lang.sentences().all_problems;
    document(
        lang,
        title,
        &format!("<h1>{title}</h1>\n<table>\n{rows}</table>"),
    )
}

fn document(lang: Lang, title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\n\
         <body><main>{main}</main></body>\n</html>\n",
        lang = lang.tag(),
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};
    use shared_types::problem::Code;

    use super::{Lang, STYLE, list_page, page, sections};

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
    fn the_list_leads_to_the_page_of_each_problem_and_back() {
        for lang in Lang::ALL {
            let list = list_page(*lang);
            for code in Code::ALL {
                assert!(list.contains(&format!("href=\"problems/{}\"", code.page())));
                assert!(page(*code, *lang, "").contains("href=\"../problems\""));
            }
        }
    }

    #[test]
    fn the_policy_allows_the_style() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert_eq!(style_hash!(), format!("'sha256-{hash}'"));
    }
}
