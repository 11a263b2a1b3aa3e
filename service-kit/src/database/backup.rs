//! Copies a SQLite database while a service uses it.
//!
//! Copying the files of a running service gives a broken copy: the database and its log of commits
//! change between the two copies. SQLite's `VACUUM INTO` reads one moment of the database in one
//! transaction while the service goes on writing
//! (https://www.sqlite.org/lang_vacuum.html#vacuuminto). The backup API (`.backup` in SQLite's
//! shell) was rejected: it starts again at every write, and does not end under load.
//!
//! A backup does not take the service's lock: that lock keeps a second service out, and a backup
//! sends no events.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{DatabaseUrl, TIMEOUT};

/// The reason why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the database {database} is on a PostgreSQL server: back it up with pg_dump")]
    Postgres { database: String },
    #[error("there is no database {}", path.display())]
    Missing { path: PathBuf, source: io::Error },
    #[error("{} exists already, and nothing is overwritten", path.display())]
    Exists { path: PathBuf },
    #[error("the copy {} cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("the database {} cannot be copied", path.display())]
    Copy { path: PathBuf, source: sqlx::Error },
}

/// Copies the database into a new file that only its owner can read. The file is complete or
/// absent.
///
/// # Errors
/// The database does not exist, the file exists already, or the copy cannot be written.
pub async fn backup(database: &DatabaseUrl, copy: &Path) -> Result<(), BackupError> {
    let path = match database {
        DatabaseUrl::File(path) => path,
        DatabaseUrl::Postgres(server) => {
            return Err(BackupError::Postgres {
                database: server.to_string(),
            });
        }
    };
    // SQLite's own error for a missing file does not name it.
    path.metadata().map_err(|source| BackupError::Missing {
        path: path.clone(),
        source,
    })?;
    let unwritable = |source| match io::Error::kind(&source) {
        io::ErrorKind::AlreadyExists => BackupError::Exists {
            path: copy.to_owned(),
        },
        _ => BackupError::Unwritable {
            path: copy.to_owned(),
            source,
        },
    };
    let target = Target::make(copy).map_err(unwritable)?;
    let copied = vacuum_into(path, &target.partial).await;
    copied.map_err(|source| BackupError::Copy {
        path: path.clone(),
        source,
    })?;
    target.finish().map_err(unwritable)
}

/// Uses a connection of its own that may write: it has to replay the log of a service that was
/// killed.
async fn vacuum_into(database: &Path, copy: &Path) -> sqlx::Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        // A container may have no folder for temporary files.
        .pragma("temp_store", "memory")
        .busy_timeout(TIMEOUT);
    let mut connection: SqliteConnection = options.connect().await?;
    // SQLite could take a relative name for a URI.
    let copy = std::path::absolute(copy)?;
    let name = copy.to_str().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "its name is not valid UTF-8")
    })?;
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// A copy in progress, in a temporary file beside its destination.
struct Target<'c> {
    copy: &'c Path,
    partial: PathBuf,
}

impl<'c> Target<'c> {
    /// Creates the temporary file. SQLite writes into an empty file and keeps its permissions.
    fn make(copy: &'c Path) -> io::Result<Self> {
        if copy.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut partial = OsString::from(copy);
        partial.push(format!(".{}.partial", std::process::id()));
        let target = Self {
            copy,
            partial: partial.into(),
        };
        new_file(&target.partial)?;
        Ok(target)
    }

    /// Syncs the copy to the disk, which SQLite does not do here.
    fn finish(self) -> io::Result<()> {
        File::open(&self.partial)?.sync_all()?;
        // Creates the name first, which fails if it exists; a rename alone would overwrite it. A
        // hard link was rejected: the file systems of USB sticks have none.
        new_file(self.copy)?;
        fs::rename(&self.partial, self.copy)?;
        let folder = self
            .copy
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        // It is already gone after the rename.
        let _ = fs::remove_file(&self.partial);
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use tempfile::TempDir;

    use super::{BackupError, backup};
    use crate::database::tests::{count, open_in, url_in};
    use crate::database::{Database, DatabaseUrl};

    async fn copy_of(folder: &TempDir, name: &str) -> Result<(), BackupError> {
        backup(&url_in(folder), &folder.path().join(name)).await
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("copy")).collect()
    }

    #[actix_web::test]
    async fn a_copy_of_an_open_database_has_what_was_committed_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        let mut uncommitted = database.write().await.unwrap();
        sqlx::query("INSERT INTO notes VALUES ('a')")
            .execute(&mut *uncommitted)
            .await
            .unwrap();
        copy_of(&folder, "before copy.db").await.unwrap();
        uncommitted.commit().await.unwrap();
        copy_of(&folder, "copy's.db").await.unwrap();

        for (name, notes) in [("before copy.db", 0), ("copy's.db", 1)] {
            let copy = folder.path().join(name);
            assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let copy = Database::open(&DatabaseUrl::File(copy), &[]).await;
            assert_eq!(count(&copy.unwrap()).await, notes, "{name}");
        }
    }

    #[actix_web::test]
    async fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let _database = open_in(&folder).await;
        fs::write(folder.path().join("copy.db"), "mine").unwrap();
        let refused = copy_of(&folder, "copy.db").await.unwrap_err();
        assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
        assert_eq!(fs::read(folder.path().join("copy.db")).unwrap(), b"mine");
        assert_eq!(names(folder.path()), ["copy.db"]);
    }

    #[actix_web::test]
    async fn a_failed_copy_says_why_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = copy_of(&folder, "copy.db").await.unwrap_err();
        assert!(matches!(missing, BackupError::Missing { .. }), "{missing}");

        let _database = open_in(&folder).await;
        let nowhere = copy_of(&folder, "no folder/copy.db").await.unwrap_err();
        assert!(
            matches!(nowhere, BackupError::Unwritable { .. }),
            "{nowhere}"
        );

        let stray = folder.path().join("stray");
        fs::write(
            &stray,
            "this is no database, and long enough to be seen as none",
        )
        .unwrap();
        let broken = backup(&DatabaseUrl::File(stray), &folder.path().join("copy.db")).await;
        let broken = broken.unwrap_err();
        assert!(matches!(broken, BackupError::Copy { .. }), "{broken}");
        assert!(names(folder.path()).is_empty());
    }

    #[actix_web::test]
    async fn a_database_on_a_server_is_for_pg_dump() {
        let url = "postgres://user:s3cret@db/orders".parse().unwrap();
        let refused = backup(&url, Path::new("copy.db")).await.unwrap_err();
        let message = refused.to_string();
        assert!(
            message.contains("pg_dump") && !message.contains("s3cret"),
            "{message}"
        );
    }
}
