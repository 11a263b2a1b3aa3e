//! HTTP/1.1 messages as a strict recipient reads them. It forgives nothing, although RFC 9112 lets
//! a recipient forgive some things, so that every loose spelling of a product is noticed.

use std::fmt;

/// A head, with its fields as they were sent.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    fields: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
    /// The head does not say.
    Unsaid,
}

/// The reason for which a strict recipient stops.
pub(crate) type Malformed = String;

/// A message with its length in bytes; `None` while it is incomplete.
type Taken<T> = Result<Option<(T, usize)>, Malformed>;

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.first_line)?;
        for (name, value) in &self.fields {
            write!(f, "[{name}: {}]", value.escape_ascii())?;
        }
        Ok(())
    }
}

impl Head {
    pub(crate) fn take(bytes: &[u8]) -> Taken<Self> {
        let Some(end) = find(bytes, b"\r\n\r\n") else {
            return Ok(None);
        };
        let mut lines = split_lines(&bytes[..end])?.into_iter();
        // A reason phrase may have bytes beyond ASCII (RFC 9112 §4).
        let first_line = lines.next().map(String::from_utf8_lossy);
        let first_line = first_line.unwrap_or_default().into_owned();
        let fields = lines.map(field).collect::<Result<_, _>>()?;
        Ok(Some((Self { first_line, fields }, end + 4)))
    }

    /// The values of a field, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&[u8]> {
        let named = self.fields.iter();
        let named = named.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice()).collect()
    }

    /// The values of a field as one text, as a recipient may join them (RFC 9110 §5.3).
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let values = self.all(name);
        let text = String::from_utf8_lossy(&values.join(&b", "[..])).into_owned();
        (!values.is_empty()).then_some(text)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    pub(crate) fn framing(&self) -> Result<Framing, Malformed> {
        let (lengths, codings) = (self.all("content-length"), self.all("transfer-encoding"));
        match (&lengths[..], &codings[..]) {
            ([], []) => Ok(Framing::Unsaid),
            ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            ([length], []) => decimal(length).map(Framing::Length),
            _ => Err(format!("framing: {lengths:?}, {codings:?}")),
        }
    }
}

/// A chunked body, without its framing.
pub(crate) fn take_chunked(bytes: &[u8]) -> Taken<Vec<u8>> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(end) = find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&bytes[at..at + end]).unwrap_or("?");
        let is_hex = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parsed = usize::from_str_radix(size, 16).ok().filter(|_| is_hex);
        let size = parsed.ok_or_else(|| format!("chunk size {size:?}"))?;
        at += end + 2;
        if size == 0 {
            break;
        }
        let Some(chunk) = bytes.get(at..at + size + 2) else {
            return Ok(None);
        };
        let data = chunk.strip_suffix(b"\r\n");
        body.extend_from_slice(data.ok_or("no CRLF after a chunk")?);
        at += size + 2;
    }
    loop {
        match find(&bytes[at..], b"\r\n") {
            None => return Ok(None),
            Some(0) => return Ok(Some((body, at + 2))),
            Some(end) => {
                field(&bytes[at..at + end])?;
                at += end + 2;
            }
        }
    }
}

pub(crate) fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes
        .windows(sought.len())
        .position(|window| window == sought)
}

fn split_lines(bytes: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let (mut lines, mut rest) = (Vec::new(), bytes);
    loop {
        let end = find(rest, b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        if let Some(byte) = line.iter().find(|byte| b"\r\n\0".contains(byte)) {
            return Err(format!("byte {byte} in a line"));
        }
        lines.push(line);
        match end {
            Some(end) => rest = &rest[end + 2..],
            None => return Ok(lines),
        }
    }
}

fn field(line: &[u8]) -> Result<(String, Vec<u8>), Malformed> {
    let shown = || format!("field {:?}", String::from_utf8_lossy(line));
    let colon = find(line, b":").ok_or_else(shown)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(is_token) {
        return Err(shown());
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_space(byte));
    let end = value.iter().rposition(|byte| !is_space(byte));
    let value = match (start, end) {
        (Some(start), Some(end)) => &value[start..=end],
        _ => b"",
    };
    Ok((String::from_utf8_lossy(name).into_owned(), value.to_vec()))
}

fn decimal(text: &[u8]) -> Result<usize, Malformed> {
    let parsed = std::str::from_utf8(text).ok();
    let digits = parsed.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("length {text:?}"))
}
