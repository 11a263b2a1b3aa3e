//! Files that are replaced while the gateway serves.

use std::fs;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use service_kit::serve::Draining;
use tempfile::TempDir;

use super::{Certificates, Changes, Stamps};
use crate::settings::TlsFiles;
use crate::settings::tls::{CERT, KEY};

fn self_signed() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
}

/// Writes both files, as an atomic rename does.
fn write(files: &TlsFiles, cert: &str, key: &str) {
    for (path, content) in [(&files.cert, cert), (&files.key, key)] {
        let beside = path.with_extension("new");
        fs::write(&beside, content).unwrap();
        fs::rename(&beside, path).unwrap();
    }
}

fn files(made: &CertifiedKey<KeyPair>) -> (TempDir, TlsFiles) {
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles {
        cert: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    write(&files, &made.cert.pem(), &made.signing_key.serialize_pem());
    (folder, files)
}

fn shown(certificates: &Certificates) -> Vec<u8> {
    let current = certificates.current.get();
    current.end_entity_cert().unwrap().to_vec()
}

/// Checks twice, so that the files have settled.
fn look_twice(certificates: &Certificates, changes: &mut Changes) {
    certificates.look(changes);
    certificates.look(changes);
}

#[test]
fn new_files_are_taken_into_use_and_broken_ones_are_not() {
    let (first, second) = (self_signed(), self_signed());
    let (_folder, files) = files(&first);
    let certificates = Certificates::load(&files).unwrap();
    let mut changes = Changes::since(certificates.loaded.clone());
    assert_eq!(shown(&certificates), first.cert.der().to_vec());

    write(&files, "-----BEGIN CERTIFICATE-----\nbroken", "");
    look_twice(&certificates, &mut changes);
    assert_eq!(shown(&certificates), first.cert.der().to_vec());

    let key = second.signing_key.serialize_pem();
    write(&files, &second.cert.pem(), &key);
    look_twice(&certificates, &mut changes);
    assert_eq!(shown(&certificates), second.cert.der().to_vec());

    fs::remove_file(&files.key).unwrap();
    look_twice(&certificates, &mut changes);
    assert_eq!(shown(&certificates), second.cert.der().to_vec());
}

#[test]
fn a_swapped_link_is_a_new_file() {
    let (first, second) = (self_signed(), self_signed());
    let (old, new) = (files(&first), files(&second));
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("current");
    std::os::unix::fs::symlink(old.0.path(), &link).unwrap();
    let certificates = Certificates::load(&TlsFiles {
        cert: link.join("cert.pem"),
        key: link.join("key.pem"),
    })
    .unwrap();
    let mut changes = Changes::since(certificates.loaded.clone());
    let next = folder.path().join("next");
    std::os::unix::fs::symlink(new.0.path(), &next).unwrap();
    fs::rename(&next, &link).unwrap();
    look_twice(&certificates, &mut changes);
    assert_eq!(shown(&certificates), second.cert.der().to_vec());
}

#[test]
fn the_configuration_follows_the_certificate() {
    let (first, second) = (self_signed(), self_signed());
    let (_folder, files) = files(&first);
    let certificates = Certificates::load(&files).unwrap();
    let config = certificates.server_config().unwrap();
    assert_eq!(config.alpn_protocols, [&b"h2"[..], b"http/1.1"]);
    let mut changes = Changes::since(certificates.loaded.clone());
    let key = second.signing_key.serialize_pem();
    write(&files, &second.cert.pem(), &key);
    look_twice(&certificates, &mut changes);
    // One for the certificates, one for the configuration: no other copy can become outdated.
    assert_eq!(Arc::strong_count(&certificates.current), 2);
    assert_eq!(shown(&certificates), second.cert.der().to_vec());
}

#[test]
fn a_missing_file_is_named_by_its_variable() {
    let made = self_signed();
    for name in [CERT, KEY] {
        let (_folder, files) = files(&made);
        let lost = if name == CERT {
            &files.cert
        } else {
            &files.key
        };
        fs::remove_file(lost).unwrap();
        let error = Certificates::load(&files).err().unwrap();
        assert_eq!(error.name, name);
        assert!(error.reason.starts_with("cannot be read: "), "{error}");
    }
}

#[actix_web::test]
async fn the_watch_ends_once_the_gateway_drains() {
    let (_folder, files) = files(&self_signed());
    let certificates = Certificates::load(&files).unwrap();
    let draining = Draining::default();
    draining.begin();
    certificates.watch(draining).await;
}

#[test]
fn the_stamps_are_those_of_the_files_read() {
    let (_folder, files) = files(&self_signed());
    let certificates = Certificates::load(&files).unwrap();
    assert_eq!(certificates.loaded, Stamps::of(files.paths()));
}
