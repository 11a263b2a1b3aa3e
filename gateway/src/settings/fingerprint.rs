//! The fingerprint of a content: the first digits of its SHA-256, enough to tell two contents apart.

use sha2::{Digest as _, Sha256};

/// How many bytes of the digest are shown.
const SHOWN: usize = 8;

/// The fingerprint of what `digest` has read.
pub(crate) fn fingerprint(digest: Sha256) -> String {
    let digest = digest.finalize();
    let shown = digest.iter().take(SHOWN);
    shown.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::fingerprint;

    #[test]
    fn a_fingerprint_has_the_first_digits_of_the_sha_256() {
        // The example of FIPS 180-2, B.1.
        assert_eq!(
            fingerprint(Sha256::new_with_prefix("abc")),
            "ba7816bf8f01cfea"
        );
    }
}
