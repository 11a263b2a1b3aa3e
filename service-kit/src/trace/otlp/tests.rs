//! Compares the messages with bytes that the official library has written (opentelemetry-proto 1.45
//! for Python).

use std::time::{Duration, UNIX_EPOCH};

use prost::Message as _;

use super::{
    ExportRequest, ExportResponse, KeyValue, Resource, Value, answer, bytes, read, request,
};
use crate::trace::span::{Kind, Span, Value as Attribute};

/// A request with two spans: an answer, and a failed request within it.
const REQUEST: &str = "\
    0ab0020a210a1f0a0c736572766963652e6e616d65120f0a0d6f726465722d73657276696365128a020a130a\
    0a70617373652d706c61741205302e312e301285010a104bf92f3577b34da6a3ce929d0e0e4736120800f067\
    aa0ba902b72a0f504f5354202f636f6d6d616e64657330023900002a36fe9c971741001be136fe9c97174a1a\
    0a0a687474702e726f757465120c0a0a2f636f6d6d616e6465734a200a19687474702e726573706f6e73652e\
    7374617475735f636f6465120318c901850103000000126b0a104bf92f3577b34da6a3ce929d0e0e47361208\
    0000000000000bad220800f067aa0ba902b72a0c504f5354206b69746368656e30033980844836fe9c971741\
    c0c65736fe9c97174a170a0a6572726f722e7479706512090a0774696d656f75747a021802850103000000";

/// Seven spans are rejected.
const RESPONSE: &str = "0a06080712026e6f";

const SECONDS: u64 = 1_700_000_000;

fn span(id: u64, millis: (u64, u64)) -> Span {
    Span {
        trace_id: *b"4bf92f3577b34da6a3ce929d0e0e4736",
        id: crate::trace::traceparent::hex(id.into()),
        flags: 3,
        parent: None,
        kind: Kind::Server,
        name: "POST /commandes".into(),
        started: UNIX_EPOCH + Duration::from_secs(SECONDS) + Duration::from_millis(millis.0),
        took: Duration::from_millis(millis.1),
        attributes: vec![
            ("http.route", "/commandes".into()),
            ("http.response.status_code", Attribute::Number(201)),
        ],
        is_error: false,
    }
}

#[test]
fn the_bytes_are_those_of_the_official_library() {
    let server = span(0x00f0_67aa_0ba9_02b7, (0, 12));
    let client = Span {
        parent: Some(server.id),
        kind: Kind::Client,
        name: "POST kitchen".into(),
        attributes: vec![("error.type", "timeout".into())],
        is_error: true,
        ..span(0xbad, (2, 1))
    };
    let name = Value::Text("order-service".to_owned());
    let resource = Resource {
        attributes: vec![KeyValue::of("service.name", name)],
    };
    let written = request(&resource, &[server, client]);
    let expected = bytes(REQUEST.as_bytes());
    assert_eq!(written.encode_to_vec(), expected);
    assert_eq!(ExportRequest::decode(&*expected).unwrap(), written);
}

#[test]
fn an_answer_of_the_official_library_is_read() {
    let answer = ExportResponse::decode(&*bytes(RESPONSE.as_bytes())).unwrap();
    let partial = answer.partial_success.unwrap();
    assert_eq!((partial.rejected_spans, &*partial.error_message), (7, "no"));
    assert_eq!(
        ExportResponse::decode(&b""[..]).unwrap().partial_success,
        None
    );
}

#[test]
fn an_export_of_the_official_library_is_read_span_by_span() {
    let whole = bytes(REQUEST.as_bytes());
    let mut taken = Vec::new();
    let take = |service: &str, span: super::Span| taken.push((service.to_owned(), span));
    read(whole.clone().into(), take).unwrap();
    let request = ExportRequest::decode(&*whole).unwrap();
    let expected = request.resource_spans[0].scope_spans[0].spans.iter();
    let expected = expected.map(|span| ("order-service".to_owned(), span.clone()));
    assert_eq!(taken, Vec::from_iter(expected));
    assert_eq!(taken.len(), 2);
    // Cut anywhere but at its ends, it is malformed.
    for end in 1..whole.len() {
        let part = whole[..end].to_vec();
        assert!(read(part.into(), |_, _| ()).is_err(), "{end}");
    }
    read(Vec::new().into(), |_, _| unreachable!()).unwrap();
}

#[test]
fn a_service_without_a_name_has_the_standard_s_word_for_it() {
    let mut request = request(&Resource::default(), &[span(1, (0, 1))]);
    request.resource_spans[0].resource = None;
    let take = |service: &str, _| assert_eq!(service, "unknown_service");
    read(request.encode_to_vec().into(), take).unwrap();
}

#[test]
fn an_answer_tells_what_was_rejected() {
    assert_eq!(answer(7, "no"), bytes(RESPONSE.as_bytes()));
    assert!(answer(0, "no").is_empty());
}
