//! A start with nothing in the databases.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::Service;

/// What SQLite keeps beside a database's file.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// Deletes the databases that an earlier start has made in the folder `data`, and nothing else that is there.
///
/// # Errors
/// One of them cannot be deleted.
pub fn forget(data: &Path) -> io::Result<()> {
    for service in Service::ALL {
        for beside in BESIDE {
            let file = data.join(format!("{}{beside}", service.database()));
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    let told = format!("{} cannot be deleted: {error}", file.display());
                    return Err(io::Error::new(error.kind(), told));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::forget;

    #[test]
    fn databases_go_and_everything_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "orders.db",
            "orders.db-wal",
            "clients.db",
            "mine.db",
            "token",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        forget(folder.path()).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["mine.db", "token"]);
        forget(&folder.path().join("none")).unwrap();
    }
}
