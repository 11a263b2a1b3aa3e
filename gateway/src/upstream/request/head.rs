//! Writes the head of a request to an upstream (RFC 9112 §3).

use bytes::{Bytes, BytesMut};

/// The size of a usual head.
const USUAL: usize = 1024;

pub(in crate::upstream) struct Head(BytesMut);

impl Head {
    /// The arguments have been parsed before, so they hold no line ends.
    pub(in crate::upstream) fn new(method: &str, target: &str, host: &[u8]) -> Self {
        let mut head = Self(BytesMut::with_capacity(USUAL));
        for text in [method, " ", target, " HTTP/1.1\r\n"] {
            head.0.extend_from_slice(text.as_bytes());
        }
        head.field("host", host);
        head
    }

    pub(in crate::upstream) fn field(&mut self, name: &str, value: &[u8]) {
        for bytes in [name.as_bytes(), b": ", value, b"\r\n"] {
            self.0.extend_from_slice(bytes);
        }
    }

    /// Writes a field whose value `write` appends.
    pub(in crate::upstream) fn field_of(&mut self, name: &str, write: impl FnOnce(&mut BytesMut)) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        write(&mut self.0);
        self.0.extend_from_slice(b"\r\n");
    }

    pub(in crate::upstream) fn end(mut self) -> Bytes {
        self.0.extend_from_slice(b"\r\n");
        self.0.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn a_head_is_its_request_line_its_host_and_its_fields() {
        let mut head = Head::new("GET", "/menu?x=1", b"orders:8002");
        head.field("accept", b"*/*");
        head.field_of("via", |value| value.extend_from_slice(b"1.1 fred"));
        let expected =
            "GET /menu?x=1 HTTP/1.1\r\nhost: orders:8002\r\naccept: */*\r\nvia: 1.1 fred\r\n\r\n";
        assert_eq!(&head.end()[..], expected.as_bytes());
    }
}
