//! For any id that a client sends, the request's id is 1 to 64 characters of `[A-Za-z0-9._-]`, the
//! same in the log as on the wire. It is the client's own if that is valid and came once.

use service_kit::request_id::{HEADER, RequestId};

use super::fields;

/// `bytes` are a head.
pub(super) fn holds(bytes: &[u8]) {
    let fields = fields(bytes);
    let id = RequestId::take_over_or_make(&fields);
    assert!(is_plain(id.as_str().as_bytes()), "{id}");
    assert_eq!(id.header_value(), id.as_str());
    let sent: Vec<&[u8]> = fields.get_all(HEADER).map(AsRef::as_ref).collect();
    let is_taken_over = matches!(*sent, [sent] if sent == id.as_str().as_bytes());
    assert_eq!(is_taken_over, matches!(*sent, [sent] if is_plain(sent)));
}

fn is_plain(id: &[u8]) -> bool {
    let is_plain =
        |byte: &u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    (1..=64).contains(&id.len()) && id.iter().all(is_plain)
}
