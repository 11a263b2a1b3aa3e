//! The grammar of `Cache-Control` (RFC 9111 §5.2), read as bytes, so that a value that is not text
//! counts too.

use actix_web::http::header::{CACHE_CONTROL, HeaderMap};

use crate::http::grammar::is_token;

/// Whether some line has the directive, with or without an argument.
pub(crate) fn has_directive(fields: &HeaderMap, name: &str) -> bool {
    let lines = fields.get_all(CACHE_CONTROL);
    let mut directives = lines.flat_map(|line| directives(line.as_bytes())).flatten();
    directives.any(|directive| directive.name.eq_ignore_ascii_case(name.as_bytes()))
}

pub(crate) struct Directive<'a> {
    pub(crate) name: &'a [u8],
    /// Without its quotes.
    pub(crate) argument: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

/// The directives of one line. A comma within quotes does not separate.
pub(crate) fn directives(line: &[u8]) -> impl Iterator<Item = Result<Directive<'_>, Malformed>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let pieces = line.split(move |byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        *byte == b',' && !is_quoted
    });
    let pieces = pieces.map(<[u8]>::trim_ascii);
    pieces
        .filter(|piece| !piece.is_empty())
        .map(|piece| directive(piece).ok_or(Malformed))
}

fn directive(piece: &[u8]) -> Option<Directive<'_>> {
    let mut parts = piece.splitn(2, |byte| *byte == b'=');
    let name = parts.next()?.trim_ascii();
    let argument = parts.next().map(<[u8]>::trim_ascii);
    let argument = match argument {
        None => b"",
        Some([b'"', quoted @ .., b'"']) if is_one_string(quoted) => quoted,
        Some(text) if text.contains(&b'"') => return None,
        Some(text) => text,
    };
    is_token(name).then_some(Directive { name, argument })
}

/// Whether no quote inside ends the string early (RFC 9110 §5.6.4).
fn is_one_string(quoted: &[u8]) -> bool {
    let mut is_escaped = false;
    for byte in quoted {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return false,
            _ => {}
        }
    }
    !is_escaped
}
