//! The invariants of the parts that read hostile bytes. Each function takes bytes, such as a fuzzer
//! finds (`gateway/fuzz`), and panics if its invariant does not hold.
//!
//! The invariants of private parts are stated beside them, so that nothing needs to be made public.
//! The tests compile them too and run them on the fuzzer's seeds, so they stay up to date.

mod request_id;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::http::trace;
use crate::routing::{client_address, route};
use crate::{downstream, upstream};

pub fn screen(bytes: &[u8]) {
    downstream::screen_holds(bytes);
}

pub fn answer(bytes: &[u8]) {
    upstream::answer_holds(bytes);
}

pub fn headers(bytes: &[u8]) {
    upstream::headers_hold(bytes);
}

pub fn forwarded(bytes: &[u8]) {
    client_address::invariants::hold(bytes);
}

pub fn target(bytes: &[u8]) {
    route::target_holds(bytes);
}

pub fn request_id(bytes: &[u8]) {
    request_id::holds(bytes);
}

pub fn trace(bytes: &[u8]) {
    trace::invariants::hold(bytes);
}

/// Any head that the server could have read: one field on each line; malformed lines are skipped.
pub(crate) fn fields(text: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            continue;
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.trim_ascii()),
        ) {
            fields.append(name, value);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{answer, forwarded, headers, request_id, screen, target, trace};

    #[test]
    fn the_invariants_hold_on_every_seed() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
        for (name, hold) in [
            ("screen", screen as fn(&[u8])),
            ("answer", answer),
            ("headers", headers),
            ("forwarded", forwarded),
            ("target", target),
            ("request_id", request_id),
            ("trace", trace),
        ] {
            let seeds: Vec<_> = fs::read_dir(seeds.join(name)).unwrap().collect();
            assert!(!seeds.is_empty(), "{name}");
            for seed in seeds {
                hold(&fs::read(seed.unwrap().path()).unwrap());
            }
            hold(b"");
        }
    }
}
