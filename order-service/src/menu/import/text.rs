//! Decodes a file. Spreadsheets on Windows still write Windows-1252, and UTF-16 as `Unicode text`.
//!
//! A byte-order mark decides, then the encoding that the sender names. A file without either is
//! UTF-8 if it is valid UTF-8: a French text in Windows-1252 is not.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text without its byte-order mark, and the name of its encoding.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> (String, &'static str) {
    let named = charset.and_then(|name| Encoding::for_label(name.as_bytes()));
    let encoding = match (Encoding::for_bom(bytes), named) {
        (Some((marked, _length)), _) => marked,
        (None, Some(named)) if named != UTF_8 => named,
        (None, _) if std::str::from_utf8(bytes).is_ok() => UTF_8,
        (None, _) => WINDOWS_1252,
    };
    let (text, used, _had_errors) = encoding.decode(bytes);
    (text.into_owned(), used.name())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_encoding_of_a_spreadsheet_is_read() {
        let crepe = "crêpe 3 €";
        let utf_16: Vec<u8> = [0xfeff_u16]
            .into_iter()
            .chain(crepe.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, encoding) in [
            (crepe.as_bytes(), "UTF-8"),
            (&[b"\xef\xbb\xbf", crepe.as_bytes()].concat(), "UTF-8"),
            (b"cr\xeape 3 \x80".as_slice(), "windows-1252"),
            (&utf_16, "UTF-16LE"),
        ] {
            assert_eq!(decode(bytes, None), (crepe.to_owned(), encoding));
        }
        let latin = decode(b"cr\xeape 3 \x80", Some("iso-8859-1"));
        assert_eq!(latin.0, crepe);
    }
}
