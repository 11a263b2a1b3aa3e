//! Tests of an open database: reading, writing and its file.

use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::{Database, DatabaseUrl, Migrations, OpenError};

pub(super) fn url_in(folder: &TempDir) -> DatabaseUrl {
    DatabaseUrl::File(folder.path().join("a b/100% ?#é/kept.db"))
}

/// A database with a table of notes.
pub(super) async fn open_in(folder: &TempDir) -> Database {
    let database = Database::open(&url_in(folder), &[Migrations::NONE]).await;
    let database = database.unwrap();
    sqlx::query("CREATE TABLE notes (text TEXT NOT NULL)")
        .execute(&mut *database.writer().await.unwrap())
        .await
        .unwrap();
    database
}

pub(super) async fn count(database: &Database) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM notes")
        .fetch_one(&mut *database.reader().await.unwrap())
        .await
        .unwrap()
}

#[actix_web::test]
async fn its_files_are_made_with_their_folder_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let _database = open_in(&folder).await;
    let made = folder.path().join("a b/100% ?#é").metadata().unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o700);
    for name in ["kept.db", "kept.db-wal", "kept.db-shm"] {
        let file = folder.path().join("a b/100% ?#é").join(name);
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[actix_web::test]
async fn each_commit_is_on_the_disk_and_references_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let database = open_in(&folder).await;
    let timeout = super::TIMEOUT.as_millis().to_string();
    for (pragma, expected) in [
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA busy_timeout", timeout.as_str()),
    ] {
        let value: i64 = sqlx::query_scalar(pragma)
            .fetch_one(&mut *database.writer().await.unwrap())
            .await
            .unwrap();
        assert_eq!(value.to_string(), expected, "{pragma}");
    }
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *database.writer().await.unwrap())
        .await
        .unwrap();
    assert_eq!(journal, "wal");
}

#[actix_web::test]
async fn a_reader_neither_waits_for_a_transaction_nor_sees_it_before_it_commits() {
    let folder = tempfile::tempdir().unwrap();
    let database = open_in(&folder).await;
    let mut transaction = database.write().await.unwrap();
    sqlx::query("INSERT INTO notes VALUES ('a')")
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(count(&database).await, 0);
    transaction.commit().await.unwrap();
    assert_eq!(count(&database).await, 1);
}

#[actix_web::test]
async fn a_reader_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let database = open_in(&folder).await;
    let mut reader = database.reader().await.unwrap();
    let written = sqlx::query("INSERT INTO notes VALUES ('a')").execute(&mut *reader);
    assert!(written.await.is_err());
    drop(reader);
    assert_eq!(count(&database).await, 0);
}

#[actix_web::test]
async fn writers_queue_and_none_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let database = open_in(&folder).await;
    let writers = (0..50).map(|_| async {
        let mut transaction = database.write().await?;
        sqlx::query("INSERT INTO notes SELECT COUNT(*) FROM notes")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    });
    let written = futures_util::future::try_join_all(writers).await;
    assert!(written.is_ok(), "{written:?}");
    assert_eq!(count(&database).await, 50);
}

#[actix_web::test]
async fn a_key_is_answered_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let database = open_in(&folder).await;
    assert!(database.answers().await);
    sqlx::query("DROP TABLE _sqlx_migrations")
        .execute(&mut *database.writer().await.unwrap())
        .await
        .unwrap();
    assert!(!database.answers().await);
}

#[actix_web::test]
async fn a_failed_start_names_the_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let stray = folder.path().join("stray");
    std::fs::write(
        &stray,
        "this is no database, and long enough to be seen as none",
    )
    .unwrap();

    let url = DatabaseUrl::File(stray.join("kept.db"));
    let error = Database::open(&url, &[Migrations::NONE]).await.unwrap_err();
    assert!(matches!(&error, OpenError::Folder { path, .. } if *path == stray));

    let url = DatabaseUrl::File(folder.path().to_owned());
    let error = Database::open(&url, &[Migrations::NONE]).await.unwrap_err();
    assert!(matches!(&error, OpenError::File { path, .. } if path == folder.path()));

    let url = DatabaseUrl::File(stray.clone());
    let error = Database::open(&url, &[Migrations::NONE]).await.unwrap_err();
    assert!(
        matches!(&error, OpenError::Connection { database, .. } if *database == stray.display().to_string())
    );
}

#[actix_web::test]
async fn a_database_whose_files_are_gone_takes_no_write_and_is_not_ready_until_they_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let database = open_in(&folder).await;
    let DatabaseUrl::File(path) = url_in(&folder) else {
        panic!("no file");
    };
    let aside = folder.path().join("aside");
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(suffix);
        assert!(database.is_ready().await);
        std::fs::rename(&file, &aside).unwrap();
        assert!(!database.is_ready().await, "{file:?}");
        for refused in [
            database.write().await.map(drop),
            database.writer().await.map(drop),
        ] {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains("was removed or replaced"), "{message}");
        }
        assert_eq!(count(&database).await, 0, "what is open can still be read");
        std::fs::rename(&aside, &file).unwrap();
        database.write().await.unwrap();
    }
}
