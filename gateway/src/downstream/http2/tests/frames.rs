//! Requests that no proper client sends, frame by frame.

use actix_web::{HttpRequest, HttpResponse, web};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::{LIMITS, SOON, nothing, serve};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `PROTOCOL_ERROR` of RFC 9113 §7.
const PROTOCOL_ERROR: [u8; 4] = [0, 0, 0, 1];

const USUAL: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "a.example"),
    (":path", "/"),
];

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![0, length[0], length[1], kind, flags, 0, 0, 0, stream];
    frame.extend_from_slice(payload);
    frame
}

/// Literals without indexing and without Huffman coding (RFC 7541 §6.2.2).
fn head(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// The kind and payload of the next frame of the stream. `None` if the connection ends first.
async fn next(connection: &mut DuplexStream) -> Option<(u8, Vec<u8>)> {
    loop {
        let mut start = [0; 9];
        connection.read_exact(&mut start).await.ok()?;
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        connection.read_exact(&mut payload).await.ok()?;
        if start[8] == 1 {
            return Some((start[3], payload));
        }
    }
}

/// The kind and content of the first frame that answers a request with these fields.
async fn comes_of(fields: &[(&str, &str)]) -> Option<(u8, Vec<u8>)> {
    let (mut ours, theirs) = duplex(1 << 16);
    let (_served, _draining) = serve(theirs, LIMITS, nothing()).await;
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, &[]));
    sent.extend(frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(fields)));
    ours.write_all(&sent).await.unwrap();
    timeout(SOON, next(&mut ours)).await.unwrap()
}

/// The same for a request with a body and these trailers, whose service reads the body.
async fn comes_of_trailers(trailers: &[(&str, &str)]) -> Option<(u8, Vec<u8>)> {
    let (mut ours, theirs) = duplex(1 << 16);
    let judge = web::resource("/").to(|body: web::Payload| async {
        match body.to_bytes().await {
            Ok(body) if body == "body" => HttpResponse::Ok().finish(),
            _ => HttpResponse::BadRequest().finish(),
        }
    });
    let (_served, _draining) = serve(theirs, LIMITS, judge).await;
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, &[]));
    sent.extend(frame(HEADERS, END_HEADERS, 1, &head(&USUAL)));
    sent.extend(frame(DATA, 0, 1, b"body"));
    sent.extend(frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(trailers)));
    ours.write_all(&sent).await.unwrap();
    timeout(SOON, next(&mut ours)).await.unwrap()
}

/// Asserts a head whose first field is this status (RFC 7541, appendix A).
#[track_caller]
fn assert_answered(came: Option<(u8, Vec<u8>)>, status: u16, what: &str) {
    let (kind, block) = came.unwrap();
    let index = match status {
        200 => 0x88,
        _ => 0x8c,
    };
    assert_eq!((kind, block[0]), (HEADERS, index), "{what}");
}

/// RFC 9113 §8.2.1.
#[actix_web::test]
async fn a_value_with_blanks_at_an_end_is_refused() {
    for (value, status) in [
        ("a b", 200),
        (" 1", 400),
        ("1 ", 400),
        ("\t", 400),
        ("", 200),
    ] {
        let fields: Vec<_> = USUAL.into_iter().chain([("x-mine", value)]).collect();
        assert_answered(comes_of(&fields).await, status, value);
        let trailers = [("x-mine", value)];
        assert_answered(comes_of_trailers(&trailers).await, status, value);
    }
}

/// h2 removes both before the gateway can see them: a fragment, which is no part of a target (RFC
/// 9112 §3.2.1), and pseudo-fields in trailers (RFC 9113 §8.1). HTTP/1.1 refuses the first. Neither
/// is passed on.
#[actix_web::test]
async fn a_fragment_and_the_pseudo_fields_of_trailers_go_no_further() {
    let (mut ours, theirs) = duplex(1 << 16);
    let path = web::resource("/things").to(|request: HttpRequest| async move {
        match request.uri().to_string().as_str() {
            "/things" => HttpResponse::Ok().finish(),
            _ => HttpResponse::BadRequest().finish(),
        }
    });
    let (_served, _draining) = serve(theirs, LIMITS, path).await;
    let mut fields = USUAL;
    fields[3].1 = "/things#more";
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, &[]));
    sent.extend(frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(&fields)));
    ours.write_all(&sent).await.unwrap();
    assert_answered(
        timeout(SOON, next(&mut ours)).await.unwrap(),
        200,
        "a fragment",
    );
    assert_answered(comes_of_trailers(&USUAL).await, 200, "a second head");
}

#[track_caller]
fn assert_refused(came: Option<(u8, Vec<u8>)>, what: &str) {
    assert_eq!(came, Some((RST_STREAM, PROTOCOL_ERROR.to_vec())), "{what}");
}

#[actix_web::test]
async fn a_usual_request_is_answered() {
    let (kind, _) = comes_of(&USUAL).await.unwrap();
    assert_eq!(kind, HEADERS);
}

#[actix_web::test]
async fn a_field_of_http_1_framing_or_connections_is_a_protocol_error() {
    for field in [
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("upgrade", "h2c"),
        ("keep-alive", "1"),
        ("te", "gzip"),
        ("content-length", "3"),
    ] {
        let fields: Vec<_> = USUAL.into_iter().chain([field]).collect();
        assert_refused(comes_of(&fields).await, field.0);
    }
}

#[actix_web::test]
async fn an_impossible_field_ends_the_connection() {
    for field in [("Upper", "1"), ("x-mine", "1\r\nhost: b"), ("", "1")] {
        let fields: Vec<_> = USUAL.into_iter().chain([field]).collect();
        assert_eq!(comes_of(&fields).await, None, "{field:?}");
    }
}

#[actix_web::test]
async fn a_target_that_is_not_a_path_is_refused() {
    for path in ["evil.example", "", "https://evil.example/", "/a b"] {
        let mut fields = USUAL;
        fields[3].1 = path;
        assert_refused(comes_of(&fields).await, path);
    }
}

#[actix_web::test]
async fn a_request_without_a_path_is_answered() {
    let (kind, _) = comes_of(&[USUAL[0], USUAL[1]]).await.unwrap();
    assert_eq!(kind, HEADERS);
}
