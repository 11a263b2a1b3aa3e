//! The coding that a client wants, by the examples of RFC 9110 and for any field.

use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, VARY};
use proptest::prelude::*;

use super::{Coding, vary};

fn fields(lines: &[&[u8]]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines {
        fields.append(ACCEPT_ENCODING, HeaderValue::from_bytes(line).unwrap());
    }
    fields
}

fn wanted(line: &str) -> Option<Coding> {
    Coding::wanted(&fields(&[line.as_bytes()]))
}

#[test]
fn the_examples_of_the_standard_are_understood() {
    const GZIP: Option<Coding> = Some(Coding::Gzip);
    const BROTLI: Option<Coding> = Some(Coding::Brotli);
    for (line, expected) in [
        ("compress, gzip", GZIP),
        ("", None),
        ("*", BROTLI),
        ("compress;q=0.5, gzip;q=1.0", GZIP),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", GZIP),
        // What browsers send.
        ("gzip, deflate, br, zstd", BROTLI),
        ("gzip, deflate", GZIP),
        // Weights.
        ("br;q=0.9, gzip", GZIP),
        ("br;q=0.9, gzip;q=0.9", BROTLI),
        ("br;q=0.001, gzip;q=0", BROTLI),
        ("br;q=0, *", GZIP),
        ("gzip;q=0, br;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", GZIP),
        ("identity;q=0", None),
        ("identity;q=0, *;q=0.1", BROTLI),
        // Spelling.
        ("GZIP", GZIP),
        ("x-gzip", GZIP),
        ("gzip ; Q=0.5", GZIP),
        ("deflate,,  ,br", BROTLI),
        ("gzip, x-gzip;q=0", None),
        // A malformed member counts for nothing.
        ("gzip;q=2", None),
        ("gzip;q=1.001", None),
        ("gzip;q=0.1234", None),
        ("gzip;q=-1", None),
        ("gzip;q=", None),
        ("gzip;level=9", None),
        ("gzip;q=0.5;level=9", None),
        ("gzip;q=x, br", BROTLI),
    ] {
        assert_eq!(wanted(line), expected, "{line}");
    }
    assert_eq!(Coding::wanted(&HeaderMap::new()), None);
}

#[test]
fn several_lines_are_one_list() {
    let of = |lines: &[&[u8]]| Coding::wanted(&fields(lines));
    assert_eq!(of(&[b"deflate", b"gzip"]), Some(Coding::Gzip));
    assert_eq!(of(&[b"gzip", b"br;q=0.2"]), Some(Coding::Gzip));
    assert_eq!(of(&[b"caf\xe9", b"gzip"]), Some(Coding::Gzip));
}

#[test]
fn vary_names_the_field_once() {
    for (lines, expected) in [
        (&[][..], &["accept-encoding"][..]),
        (
            &["accept-language"],
            &["accept-language", "accept-encoding"],
        ),
        (&["origin, Accept-Encoding"], &["origin, Accept-Encoding"]),
        (&["*"], &["*"]),
    ] {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(VARY, HeaderValue::from_static(line));
        }
        vary(&mut fields);
        vary(&mut fields);
        assert!(fields.get_all(VARY).eq(expected), "{lines:?}");
    }
}

/// A weight as it may be written, and in thousandths.
fn weight() -> impl Strategy<Value = (String, u16)> {
    prop_oneof![
        Just((String::new(), 1000)),
        (0..=1000_u16)
            .prop_map(|weight| (format!(";q={}.{:03}", weight / 1000, weight % 1000), weight)),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(lines in prop::collection::vec("[ -~]{0,40}", 0..4)) {
        let lines: Vec<_> = lines.iter().map(String::as_bytes).collect();
        let _ = Coding::wanted(&fields(&lines));
    }

    /// What is chosen is accepted, nothing that the client likes better is passed over, and Brotli
    /// is chosen among equals.
    #[test]
    fn the_client_gets_what_it_likes_best(
        br in prop::option::of(weight()),
        gzip in prop::option::of(weight()),
        identity in prop::option::of(weight()),
        others in prop::option::of(weight()),
    ) {
        let named = [("br", &br), ("gzip", &gzip), ("identity", &identity), ("*", &others)];
        let named = named.iter().filter_map(|(name, weight)| {
            weight.as_ref().map(|(text, _)| format!("{name}{text}"))
        });
        let line = named.collect::<Vec<_>>().join(", ");
        let of = |weight: &Option<(String, u16)>| weight.as_ref().map(|(_, weight)| *weight);
        let coding = |weight| of(weight).or(of(&others)).unwrap_or(0);
        let (br, gzip) = (coding(&br), coding(&gzip));
        let plain = of(&identity).unwrap_or(0);
        match wanted(&line) {
            Some(Coding::Brotli) => prop_assert!(br > 0 && br >= gzip && br >= plain, "{}", line),
            Some(Coding::Gzip) => prop_assert!(gzip > br && gzip >= plain, "{}", line),
            None => prop_assert!(br.max(gzip) == 0 || plain > br.max(gzip), "{}", line),
        }
    }
}
