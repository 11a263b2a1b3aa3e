//! Reads the file of the last good answers, and replaces it as a whole: at every moment there is
//! the old file or the new one, even after `kill -9` or a power cut.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::answer::cache::SAVED_NAME as NAME;

/// The content of the file; `None` if there is none.
///
/// # Errors
/// It cannot be read, is no regular file, or has more than `most` bytes.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    // A pipe would never end.
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(io::Error::other("it is no regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut content = Vec::new();
    let mut file = File::open(path)?.take(most.saturating_add(1));
    file.read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(io::Error::other("it is larger than limits.cache"));
    }
    Ok(Some(content))
}

/// Tries whether the file could be replaced, and leaves it as it is.
///
/// # Errors
/// It could not, or must not.
pub(super) fn check(path: &Path) -> io::Result<()> {
    check_owner(path)?;
    let next = next(path);
    create(&next)?;
    fs::remove_file(next)
}

/// Replaces the file by one with the content that `write` writes. Only the gateway's own user may
/// read it.
///
/// # Errors
/// It cannot be written, or must not. The old file is as it was.
pub(super) fn replace<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> io::Result<T> {
    check_owner(path)?;
    let next = next(path);
    let replaced = fill(&next, write).and_then(|outcome| {
        fs::rename(&next, path)?;
        Ok(outcome)
    });
    if replaced.is_err() {
        // What is there of it takes room on a disk that may be full.
        let _ = fs::remove_file(&next);
    }
    let outcome = replaced?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(outcome)
}

/// A mistyped path must not destroy somebody's file.
fn check_owner(path: &Path) -> io::Result<()> {
    let mut head = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file?.take(NAME.len() as u64).read_to_end(&mut head)?,
    };
    if head.is_empty() || head == NAME.as_bytes() {
        return Ok(());
    }
    Err(io::Error::other("it is a file of something else"))
}

fn fill<T>(
    next: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> io::Result<T> {
    let mut file = BufWriter::new(create(next)?);
    let outcome = write(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(outcome)
}

/// The next file until it is complete, in the same folder.
fn next(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".next");
    name.into()
}

/// Creates a new file, in place of one that a killed gateway has left.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    // A new file, so that no link leads elsewhere.
    options.write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Write as _};
    use std::os::unix::fs::PermissionsExt as _;

    use super::{NAME, check, read, replace};

    fn named(content: &str) -> Vec<u8> {
        format!("{NAME}{content}").into_bytes()
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good");
        fs::write(&path, "a letter").unwrap();
        assert!(check(&path).is_err());
        assert!(replace(&path, |to| to.write_all(b"one")).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"a letter");
        // An empty file is nobody's.
        fs::write(&path, "").unwrap();
        replace(&path, |to| to.write_all(b"one")).unwrap();
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good");
        assert_eq!(read(&path, 9).unwrap(), None);
        for content in ["one", "two"] {
            replace(&path, |to| write!(to, "{NAME}{content}")).unwrap();
            assert_eq!(read(&path, 99).unwrap().unwrap(), named(content));
        }
        let half = |to: &mut dyn io::Write| {
            to.write_all(b"thr")?;
            Err::<(), _>(io::Error::other("full"))
        };
        replace(&path, |to| half(to)).unwrap_err();
        assert_eq!(read(&path, 99).unwrap().unwrap(), named("two"));
        check(&path).unwrap();
        assert_eq!(read(&path, 99).unwrap().unwrap(), named("two"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_a_killed_gateway_left_is_no_hindrance_and_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("last-good"), folder.path().join("other"));
        fs::write(&other, "other").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join("last-good.next")).unwrap();
        replace(&path, |to| to.write_all(b"one")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read(&other).unwrap(), b"other");
    }

    #[test]
    fn a_file_that_is_too_large_or_none_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good");
        fs::write(&path, "ten bytes.").unwrap();
        assert!(read(&path, 9).unwrap_err().to_string().contains("larger"));
        assert!(read(&path, 10).is_ok());
        assert!(read(folder.path(), 10).is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/last-good");
        assert!(check(&path).is_err());
        assert!(replace(&path, |to| to.write_all(b"one")).is_err());
    }
}
