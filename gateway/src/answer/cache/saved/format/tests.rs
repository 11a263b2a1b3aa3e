//! Everything that is written is read again, and nothing else is read.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{Broken, Document, HASH, MAGIC, Writer, read};
use crate::answer::cache::key::Key;
use crate::answer::cache::saved::{RowId, Saved};

fn written(document: &Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, document.written).unwrap();
    for answer in &document.answers {
        writer.add(answer).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

fn field() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let value = vec(prop_oneof![32..=126_u8, 128..=255_u8], 0..20);
    ("[a-z][a-z0-9-]{0,20}", value).prop_map(|(name, value)| {
        let value = HeaderValue::from_bytes(&value).unwrap();
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), value)
    })
}

fn key() -> impl Strategy<Value = Key> {
    (vec(any::<u8>(), 0..50), 0..50_usize)
        .prop_map(|(bytes, path)| Key::of_parts(&bytes, path.min(bytes.len())).unwrap())
}

fn times() -> impl Strategy<Value = [Duration; 3]> {
    any::<[u64; 3]>().prop_map(|times| times.map(Duration::from_millis))
}

fn answer() -> impl Strategy<Value = Saved> {
    let head = (100..=999_u16, any::<bool>(), vec(field(), 0..5));
    let body = vec(any::<u8>(), 0..100);
    (any::<[u8; 32]>(), key(), times(), head, body).prop_map(
        |(row, key, [age, fresh, held], (status, has_age, fields), body)| Saved {
            row: RowId(row),
            key,
            status: StatusCode::from_u16(status).unwrap(),
            has_age,
            age,
            fresh,
            held,
            fields,
            body: body.into(),
        },
    )
}

fn document() -> impl Strategy<Value = Document> {
    (any::<u64>(), vec(answer(), 0..4)).prop_map(|(written, answers)| Document {
        written: Duration::from_millis(written),
        answers,
    })
}

/// Two small answers.
fn small() -> Document {
    let answer = |body: &'static str| Saved {
        row: RowId([7; 32]),
        key: Key::of_parts(b"/menu\n", 5).unwrap(),
        status: StatusCode::OK,
        has_age: false,
        age: Duration::from_secs(1),
        fresh: Duration::from_secs(2),
        held: Duration::from_secs(3),
        fields: vec![(
            HeaderName::from_static("etag"),
            HeaderValue::from_static("\"7\""),
        )],
        body: Bytes::from_static(body.as_bytes()),
    };
    Document {
        written: Duration::from_secs(1_800_000_000),
        answers: vec![answer("[1]"), answer("[2]")],
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(document in document()) {
        prop_assert_eq!(read(&written(&document)), Ok(document));
    }

    /// Whoever can write the file can make the hash right, too.
    #[test]
    fn any_bytes_with_the_right_hash_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        let _ = read(&hashed(&bytes));
    }

    #[test]
    fn a_changed_answer_with_the_right_hash_is_read_or_refused(
        document in document(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let bytes = written(&document);
        let mut content = bytes[MAGIC.len()..bytes.len() - HASH].to_vec();
        let at = at.index(content.len());
        content[at] = byte;
        let _ = read(&hashed(&content));
    }
}

/// The content with the right name and hash.
fn hashed(content: &[u8]) -> Vec<u8> {
    let mut bytes = [MAGIC, content].concat();
    let hash = Sha256::digest(&bytes);
    bytes.extend_from_slice(&hash);
    bytes
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    let whole = written(&small());
    assert_eq!(read(&whole), Ok(small()));
    for length in 0..whole.len() {
        let broken = read(&whole[..length]).unwrap_err();
        let expected = if length < MAGIC.len() {
            Broken::Foreign
        } else {
            Broken::Damaged
        };
        assert_eq!(broken, expected, "{length}");
    }
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "{bit}");
    }
    let longer = [&whole[..], b"\0"].concat();
    assert_eq!(read(&longer), Err(Broken::Damaged));
}

#[test]
fn bytes_that_no_gateway_writes_are_refused_even_with_the_right_hash() {
    let whole = written(&small());
    let content = &whole[MAGIC.len()..whole.len() - HASH];
    assert!(read(&hashed(content)).is_ok());
    // A text that is longer than the file.
    let mut endless = content.to_vec();
    endless[8 + 32..][..8].copy_from_slice(&u64::MAX.to_le_bytes());
    for content in [&content[..content.len() - 1], &endless, b"", b"1234567"] {
        assert_eq!(read(&hashed(content)), Err(Broken::Malformed));
    }
}

#[test]
fn a_file_of_something_else_is_called_that() {
    for bytes in [
        &b""[..],
        b"[limits]\n",
        b"passe-plat last good answers 2\n",
        b"SQLite format 3\0",
    ] {
        assert_eq!(read(bytes), Err(Broken::Foreign));
    }
}
