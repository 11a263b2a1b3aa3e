//! The bytes of saved answers. Does no I/O of its own.
//!
//! 1. A line with the format's name and version.
//! 2. The time since 1970 at which the answers were saved.
//! 3. The answers, one after the other. Numbers have eight bytes, the least significant first; times
//!    are in milliseconds; texts follow their length.
//! 4. The SHA-256 of everything before it. It is last, so that the answers are written one by one
//!    and are never in memory twice.
//!
//! JSON was rejected: bodies are bytes. The hash tells a damaged file from a whole one. It is no
//! signature, so each number is checked all the same before it is believed.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Bytes;
use sha2::{Digest as _, Sha256};

use super::{RowId, Saved};
use crate::answer::cache::key::Key;

/// The first words of the file, in every version.
pub(crate) const NAME: &str = "passe-plat last good answers ";

/// Another form of the answers, or of their keys, needs another number.
const MAGIC: &[u8] = b"passe-plat last good answers 1\n";

/// The bytes of a SHA-256.
const HASH: usize = 32;

/// The saved answers.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    /// The time since 1970.
    pub(super) written: Duration,
    pub(super) answers: Vec<Saved>,
}

/// Why saved answers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Something else, or another version of the format.
    Foreign,
    /// Bytes are missing or different.
    Damaged,
    /// The hash is right, and yet no gateway of this version writes such bytes.
    Malformed,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it holds something else, or is of another version of the gateway",
            Self::Damaged => "it is cut off or damaged",
            Self::Malformed => "it is malformed",
        })
    }
}

/// Writes answers one by one.
pub(super) struct Writer<W> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(to: W, written: Duration) -> io::Result<Self> {
        let digest = Sha256::new();
        let mut writer = Self { to, digest };
        writer.raw(MAGIC)?;
        writer.time(written)?;
        Ok(writer)
    }

    pub(super) fn add(&mut self, saved: &Saved) -> io::Result<()> {
        let (key, path) = saved.key.parts();
        self.raw(&saved.row.0)?;
        self.text(key)?;
        self.number(path as u64)?;
        self.number(saved.status.as_u16().into())?;
        self.number(saved.has_age.into())?;
        self.time(saved.age)?;
        self.time(saved.fresh)?;
        self.time(saved.held)?;
        self.number(saved.fields.len() as u64)?;
        for (name, value) in &saved.fields {
            self.text(name.as_str().as_bytes())?;
            self.text(value.as_bytes())?;
        }
        self.text(&saved.body)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let hash = self.digest.finalize();
        self.to.write_all(&hash)
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.to.write_all(bytes)
    }

    fn number(&mut self, number: u64) -> io::Result<()> {
        self.raw(&number.to_le_bytes())
    }

    fn time(&mut self, time: Duration) -> io::Result<()> {
        self.number(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    fn text(&mut self, text: &[u8]) -> io::Result<()> {
        self.number(text.len() as u64)?;
        self.raw(text)
    }
}

/// Reads everything, or nothing.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Broken> {
    if !bytes.starts_with(MAGIC) {
        return Err(Broken::Foreign);
    }
    let (content, hash) = bytes
        .len()
        .checked_sub(HASH)
        .and_then(|end| bytes.split_at_checked(end))
        .ok_or(Broken::Damaged)?;
    if *Sha256::digest(content) != *hash {
        return Err(Broken::Damaged);
    }
    let content = content.strip_prefix(MAGIC).ok_or(Broken::Damaged)?;
    document(Reader(content)).ok_or(Broken::Malformed)
}

fn document(mut reader: Reader<'_>) -> Option<Document> {
    let written = reader.time()?;
    let mut answers = Vec::new();
    while !reader.0.is_empty() {
        answers.push(reader.saved()?);
    }
    Some(Document { written, answers })
}

/// The bytes that are not read yet.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn saved(&mut self) -> Option<Saved> {
        let row = self.raw(HASH)?.try_into().ok()?;
        let key = self.text()?;
        let key = Key::of_parts(key, usize::try_from(self.number()?).ok()?)?;
        let status = u16::try_from(self.number()?).ok()?;
        let status = StatusCode::from_u16(status).ok()?;
        let has_age = match self.number()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let (age, fresh, held) = (self.time()?, self.time()?, self.time()?);
        let mut fields = Vec::new();
        for _ in 0..self.number()? {
            let name = HeaderName::from_bytes(self.text()?).ok()?;
            let value = HeaderValue::from_bytes(self.text()?).ok()?;
            fields.push((name, value));
        }
        Some(Saved {
            row: RowId(row),
            key,
            status,
            has_age,
            age,
            fresh,
            held,
            fields,
            body: Bytes::copy_from_slice(self.text()?),
        })
    }

    fn raw(&mut self, length: usize) -> Option<&'b [u8]> {
        let (read, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(read)
    }

    fn number(&mut self) -> Option<u64> {
        let bytes = self.raw(size_of::<u64>())?.try_into().ok()?;
        Some(u64::from_le_bytes(bytes))
    }

    fn time(&mut self) -> Option<Duration> {
        Some(Duration::from_millis(self.number()?))
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.raw(length)
    }
}

#[cfg(test)]
mod tests;
