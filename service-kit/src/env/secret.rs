//! A key that only one service needs: the one that signs tokens, or the one that encrypts rows.
//!
//! If the operator gives none, one is made and stored in a file beside the database, so that it
//! survives a restart and no two installations share one. The file appears complete or not at all: it is
//! written under another name and then linked to its own. If another process was first, the link
//! fails and that process's file is read.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rand::TryRng as _;
use rand::rngs::SysRng;

/// RFC 7518 §3.2: a key for HS256 is at least as long as the hash.
const MIN_BYTES: usize = 32;

/// Twice the minimum.
const MADE_BYTES: usize = 64;

/// At least 32 bytes, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The secret can be neither read nor created.
#[derive(Debug, thiserror::Error)]
#[error("the secret in {path} cannot be used")]
pub struct SecretError {
    path: String,
    source: io::Error,
}

impl Secret {
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret in this file, which is created if it is missing.
    ///
    /// # Errors
    /// The file can be neither read nor created.
    pub fn stored_in(path: &Path) -> Result<Self, SecretError> {
        Self::read_or_make(path).map_err(|source| SecretError {
            path: path.display().to_string(),
            source,
        })
    }

    fn read_or_make(path: &Path) -> io::Result<Self> {
        if !path.try_exists()? {
            keep(path, &Self::make()?)?;
        }
        let text = fs::read_to_string(path)?;
        text.trim().parse().map_err(io::Error::other)
    }

    /// In hexadecimal digits, so that it can be copied into a variable.
    fn make() -> io::Result<Self> {
        let mut bytes = [0; MADE_BYTES];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(io::Error::other)?;
        let digits = bytes.iter().flat_map(|byte| {
            [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16))
        });
        Ok(Self(digits.flatten().collect::<String>().into_bytes()))
    }
}

fn keep(path: &Path, secret: &Secret) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", uuid::Uuid::new_v4()));
    let draft = PathBuf::from(draft);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let kept = file
        .write_all(&secret.0)
        .and_then(|()| file.sync_all())
        .and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    fs::remove_file(&draft)?;
    kept
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() < MIN_BYTES {
            return Err("expected at least 32 bytes");
        }
        Ok(Self(text.as_bytes().to_vec()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{MADE_BYTES, Secret};

    const FILE_NAME: &str = "key";

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let made = Secret::read_or_make(&path).unwrap();
        assert_eq!(made.expose().len(), 2 * MADE_BYTES);
        assert_eq!(Secret::read_or_make(&path).unwrap(), made);
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn two_that_make_one_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Secret::read_or_make(&path).unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(secrets.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_file_that_holds_too_little_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "short").unwrap();
        assert!(Secret::read_or_make(&path).is_err());
    }
}
