//! Compresses a body as it comes.
//!
//! Both codings are set to take little memory and time, since a slow client may hold one for each
//! of its answers. Their tables and windows are of fixed size, and what has been read is flushed
//! after [`FLUSHED_AFTER`] bytes at the latest: Brotli would otherwise gather megabytes.

use std::io::{self, Write as _};

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Coding;

/// At level 6, a third more time makes a text smaller by less than 1 %.
const GZIP_LEVEL: u32 = 5;

/// From 5 on, Brotli takes 1 MiB more and twice the time, for a tenth less.
const BROTLI_QUALITY: i32 = 4;

/// A window of 128 KiB. Twice that takes 256 KiB more and gains next to nothing.
const BROTLI_WINDOW: i32 = 17;

/// The size of Brotli's own buffer for its output.
const BROTLI_OUTPUT: usize = 4 * 1024;

/// How much is read before what has been read is flushed. Less would cost some of the gain.
const FLUSHED_AFTER: usize = 32 * 1024;

pub(crate) struct Encoder {
    kind: Kind,
    /// The number of bytes read since the last flush.
    unflushed: usize,
}

enum Kind {
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

impl Coding {
    /// The most bytes that an encoder takes: 1349 KiB and 403 KiB, rounded up.
    pub(crate) fn memory(self) -> usize {
        match self {
            Self::Brotli => 1536 * 1024,
            Self::Gzip => 448 * 1024,
        }
    }

    /// The whole body, compressed.
    ///
    /// # Errors
    /// The encoder failed.
    pub(crate) fn encode(self, whole: &[u8]) -> io::Result<Bytes> {
        let mut encoder = Encoder::new(self);
        for piece in whole.chunks(FLUSHED_AFTER) {
            encoder.write(piece)?;
        }
        encoder.finish()
    }
}

impl Encoder {
    pub(crate) fn new(coding: Coding) -> Self {
        let kind = match coding {
            Coding::Brotli => {
                let params = BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    ..BrotliEncoderParams::default()
                };
                let writer = CompressorWriter::with_params(Vec::new(), BROTLI_OUTPUT, &params);
                Kind::Brotli(Box::new(writer))
            }
            Coding::Gzip => {
                let level = Compression::new(GZIP_LEVEL);
                Kind::Gzip(Box::new(GzEncoder::new(Vec::new(), level)))
            }
        };
        Self { kind, unflushed: 0 }
    }

    /// Reads the next piece of the body.
    ///
    /// # Errors
    /// The encoder failed.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.kind {
            Kind::Brotli(writer) => writer.write_all(piece)?,
            Kind::Gzip(writer) => writer.write_all(piece)?,
        }
        self.unflushed += piece.len();
        if self.unflushed >= FLUSHED_AFTER {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes [`Self::take`] return all that has been read.
    ///
    /// # Errors
    /// The encoder failed.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.unflushed == 0 {
            return Ok(());
        }
        self.unflushed = 0;
        match &mut self.kind {
            Kind::Brotli(writer) => writer.flush(),
            Kind::Gzip(writer) => writer.flush(),
        }
    }

    /// The bytes that it has made since the last call.
    pub(crate) fn take(&mut self) -> Bytes {
        let made = match &mut self.kind {
            Kind::Brotli(writer) => writer.get_mut(),
            Kind::Gzip(writer) => writer.get_mut(),
        };
        std::mem::take(made).into()
    }

    /// The last bytes, with the end of the body.
    ///
    /// # Errors
    /// The encoder failed.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        let made = match self.kind {
            Kind::Brotli(writer) => writer.into_inner(),
            Kind::Gzip(writer) => writer.finish()?,
        };
        Ok(made.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::{Coding, Encoder, FLUSHED_AFTER};

    /// What a client reads that has got only these bytes, and whether it knows the end.
    fn decoded(coding: Coding, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut plain = Vec::new();
        let read = match coding {
            Coding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
            Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        };
        (plain, read.is_ok())
    }

    #[test]
    fn what_is_flushed_can_be_read_and_is_not_the_end() {
        for coding in Coding::ALL {
            let mut encoder = Encoder::new(coding);
            encoder.write(b"{\"id\":1}\n").unwrap();
            encoder.flush().unwrap();
            let mut sent = encoder.take().to_vec();
            assert_eq!(decoded(coding, &sent), (b"{\"id\":1}\n".to_vec(), false));
            assert!(encoder.take().is_empty());
            encoder.flush().unwrap();
            assert!(encoder.take().is_empty(), "nothing new is nothing to send");
            sent.extend(encoder.finish().unwrap());
            assert_eq!(decoded(coding, &sent), (b"{\"id\":1}\n".to_vec(), true));
        }
    }

    #[test]
    fn something_comes_out_however_well_a_body_compresses() {
        for coding in Coding::ALL {
            let mut encoder = Encoder::new(coding);
            for _ in 0..4 {
                encoder.write(&[b'x'; FLUSHED_AFTER / 4]).unwrap();
            }
            assert!(!encoder.take().is_empty(), "{coding:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pieces_and_flushes_make_no_difference_to_the_body(
            pieces in prop::collection::vec(("[a-f]{0,60}", 1..2_000_usize, any::<bool>()), 0..12),
        ) {
            for coding in Coding::ALL {
                let (mut encoder, mut sent, mut whole) = (Encoder::new(coding), Vec::new(), Vec::new());
                for (text, times, flushes) in &pieces {
                    let piece = text.repeat(*times);
                    encoder.write(piece.as_bytes()).unwrap();
                    whole.extend_from_slice(piece.as_bytes());
                    if *flushes {
                        encoder.flush().unwrap();
                        sent.extend(encoder.take());
                        prop_assert_eq!(&decoded(coding, &sent).0, &whole);
                    }
                }
                sent.extend(encoder.finish().unwrap());
                prop_assert_eq!(decoded(coding, &sent), (whole.clone(), true));
                prop_assert_eq!(decoded(coding, &coding.encode(&whole).unwrap()), (whole, true));
            }
        }
    }
}
