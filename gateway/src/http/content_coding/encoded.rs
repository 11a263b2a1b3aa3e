//! The compressed forms of a body that is sent many times. Each is made once, when it is first
//! asked for.

use std::sync::OnceLock;

use bytes::Bytes;

use super::Coding;

#[derive(Debug, Default)]
pub(crate) struct Encoded {
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

impl Encoded {
    /// Forms that were made beforehand, as far as they are worth it.
    pub(crate) fn built(brotli: Option<&'static [u8]>, gzip: Option<&'static [u8]>) -> Self {
        let form = |bytes: Option<_>| OnceLock::from(bytes.map(Bytes::from_static));
        Self {
            brotli: form(brotli),
            gzip: form(gzip),
        }
    }

    /// The form of `plain` in this coding. `None` if it would take more than `most` bytes.
    pub(crate) fn form(&self, coding: Coding, plain: &[u8], most: usize) -> Option<Bytes> {
        let form = match coding {
            Coding::Brotli => &self.brotli,
            Coding::Gzip => &self.gzip,
        };
        let encode = || {
            let form = coding.encode(plain).ok();
            let form = form.filter(|form| form.len() <= most);
            // Without spare memory.
            form.map(|form| Bytes::copy_from_slice(&form))
        };
        form.get_or_init(encode).clone()
    }
}
