//! Reads a certificate and its key from the text of two files.
//!
//! No error repeats a file's content, as the PEM reader's own errors do: one of the files is
//! secret, and the operator may have swapped them.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use service_kit::env::ConfigError;

use crate::settings::tls::{CERT, KEY};

/// The chain in the order of the file, with the key that belongs to its first certificate.
pub(super) fn certified_key(
    cert: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<CertifiedKey, ConfigError> {
    let chain = CertificateDer::pem_slice_iter(cert)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_content| ConfigError::new(CERT, "is not a PEM file"))?;
    if chain.is_empty() {
        return Err(ConfigError::new(CERT, "has no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
        let reason = match error {
            PemError::NoItemsFound => "has no private key in it, or an encrypted one",
            _ => "is not a PEM file",
        };
        ConfigError::new(KEY, reason)
    })?;
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|_content| ConfigError::new(KEY, "has a key of a kind that TLS does not use"))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let reason = format!("is not the key of the first certificate of {CERT}");
            Err(ConfigError::new(KEY, reason))
        }
        Err(_unreadable) => Err(ConfigError::new(
            CERT,
            "has a first certificate that cannot be read",
        )),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
    use rustls::crypto::aws_lc_rs::default_provider;

    use super::certified_key;
    use crate::settings::tls::{CERT, KEY};

    fn made() -> (String, String) {
        let CertifiedKey::<KeyPair> { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[track_caller]
    fn refused(cert: &str, key: &str) -> (String, String) {
        let read = certified_key(cert.as_bytes(), key.as_bytes(), &default_provider());
        let error = read.err().unwrap();
        (error.name, error.reason)
    }

    #[test]
    fn a_chain_keeps_its_order() {
        let ((leaf, key), (authority, _)) = (made(), made());
        let text = format!("subject=/CN=leaf\n{leaf}\n{authority}");
        let read = certified_key(text.as_bytes(), key.as_bytes(), &default_provider()).unwrap();
        let single = certified_key(leaf.as_bytes(), key.as_bytes(), &default_provider()).unwrap();
        assert_eq!(read.cert.len(), 2);
        assert_eq!(read.cert[0], single.cert[0]);
    }

    #[test]
    fn an_unusable_file_is_named_by_its_variable_with_the_reason() {
        let ((cert, key), (_, other_key)) = (made(), made());
        let certificate_of = |body: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        };
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let garbled = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for (cert, key, name, reason) in [
            ("", &*key, CERT, "no certificate"),
            (&*key, &*key, CERT, "no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA",
                &*key,
                CERT,
                "not a PEM",
            ),
            (&certificate_of("?"), &*key, CERT, "not a PEM"),
            (&certificate_of("AAAA"), &*key, CERT, "cannot be read"),
            (&*cert, "", KEY, "no private key"),
            (&*cert, &*cert, KEY, "no private key"),
            (&*cert, &*encrypted, KEY, "encrypted"),
            (
                &*cert,
                "-----BEGIN PRIVATE KEY-----\nAAAA",
                KEY,
                "not a PEM",
            ),
            (&*cert, garbled, KEY, "a kind that TLS does not use"),
            (&*cert, &*other_key, KEY, "not the key of the first"),
        ] {
            let (named, told) = refused(cert, key);
            assert_eq!(named, name, "{told}");
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn no_error_repeats_what_is_in_a_file() {
        let (cert, key) = made();
        let secret = "-----BEGIN s3cret-----BEGIN\ns3cret\n-----END s3cret";
        for (cert, key) in [(secret, &*key), (&*cert, secret)] {
            let (_, told) = refused(cert, key);
            // As text, and as the list of bytes that the reader prints.
            assert!(
                !told.contains("s3cret") && !told.contains("115, 51"),
                "{told}"
            );
        }
    }
}
