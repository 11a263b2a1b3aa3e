//! HTTP/1.1 and HTTP/2 refuse the same heads: one table of heads, each sent by both.

use actix_http::RequestHead;
use shared_types::problem::Code;

use super::head;
use super::http2::take_over;
use crate::settings::limits::{Limits, MOST_FIELDS};

struct Case {
    method: &'static str,
    target: String,
    fields: Vec<(String, String)>,
    refused: Option<Code>,
}

fn case(method: &'static str, target: &str, refused: Option<Code>) -> Case {
    Case {
        method,
        target: target.to_owned(),
        fields: Vec::new(),
        refused,
    }
}

fn with(fields: &[(&str, &str)], refused: Option<Code>) -> Case {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Case {
        fields: fields.iter().map(own).collect(),
        ..case("GET", "/things", refused)
    }
}

fn cases(limits: &Limits) -> Vec<Case> {
    let bad = Some(Code::BadRequest);
    let size = |limit: u64| usize::try_from(limit).unwrap();
    let path = |length: usize| format!("/{}", "p".repeat(length - 1));
    // `Host` counts as one of the fields in both.
    let many = |count: usize| vec![("x-m", "1"); count - 1];
    let longest = "v".repeat(size(limits.head) - "host: a.example\r\nx-m: \r\n\r\n".len());
    let longer = format!(
        "{longest}{}",
        "v".repeat("host: a.example\r\n\r\n".len() + 1)
    );
    vec![
        case("GET", "/things?a=1", None),
        case("GET", "/%2e%2e//x;y", None),
        case("OPTIONS", "*", None),
        case("GET", "*", bad),
        case("GET", "/{id}", bad),
        case("GET", "/\"x\"", bad),
        case("GET", &path(size(limits.uri)), None),
        case("GET", &path(size(limits.uri) + 1), Some(Code::UriTooLong)),
        case("MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM", "/", None),
        case("MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM", "/", bad),
        with(&[("x-m", "a b"), ("x-m", ""), ("x-m", "\u{e9}")], None),
        with(&[("expect", "100-continue")], None),
        with(&[("expect", "200-ok")], Some(Code::ExpectationFailed)),
        with(&[("x-m", &longest)], None),
        with(&[("x-m", &longer)], Some(Code::HeadersTooLarge)),
        with(&many(limits.fields), None),
        with(&many(limits.fields + 1), Some(Code::HeadersTooLarge)),
    ]
}

fn by_http_1(case: &Case, limits: &Limits) -> Option<Code> {
    let lines = case.fields.iter();
    let lines: String = lines
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let (method, target) = (case.method, &case.target);
    let head = format!("{method} {target} HTTP/1.1\r\nhost: a.example\r\n{lines}\r\n");
    let ended = super::lines::Lines::default().end(head.as_bytes(), limits);
    let judged = ended.and_then(|_end| head::judge(head.as_bytes(), limits));
    judged.err().map(|refusal| refusal.code())
}

fn by_http_2(case: &Case, limits: &Limits) -> Option<Code> {
    let mut request = http::Request::builder().method(case.method);
    for (name, value) in &case.fields {
        let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request = request.header(name, value);
    }
    let uri = http::Uri::builder().scheme("https").authority("a.example");
    let uri = uri.path_and_query(case.target.as_str()).build().unwrap();
    let (parts, ()) = request.uri(uri).body(()).unwrap().into_parts();
    let taken = take_over(&parts, false, limits, &mut RequestHead::default());
    taken.err().map(|refusal| refusal.code())
}

#[test]
fn both_protocols_refuse_the_same_heads() {
    for fields in [12, MOST_FIELDS] {
        let limits = Limits {
            head: 4096,
            fields,
            ..Limits::SMALL
        };
        for case in cases(&limits) {
            let what = format!("{} {:.40} {:.80?}", case.method, case.target, case.fields);
            assert_eq!(by_http_1(&case, &limits), case.refused, "HTTP/1.1: {what}");
            assert_eq!(by_http_2(&case, &limits), case.refused, "HTTP/2: {what}");
        }
    }
}
