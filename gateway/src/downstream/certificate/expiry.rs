//! When a certificate expires.

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// The end of its validity (RFC 5280 §4.1.2.5) in Unix time; `None` if it cannot be read.
pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::pki_types::CertificateDer;

    use super::of;

    #[test]
    fn a_certificate_says_when_it_expires() {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2026, 12, 31);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(of(made.der()), Some(1_798_675_200));
        assert_eq!(of(&CertificateDer::from_slice(b"no certificate")), None);
    }
}
