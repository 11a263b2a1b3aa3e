//! The rows of clients and sessions, and the helpers that their queries share.

use service_kit::database::{Database, DatabaseUrl, MigrationFile, Migrations, OpenError};
use service_kit::health::Readiness;
use service_kit::housekeeping::delete_by_portions;
use service_kit::serve::Draining;
use service_kit::{housekeeping, idempotency};
use shared_types::field::FromText;
use shared_types::value::Timestamp;

use crate::telephone::Region;

mod clients;
mod contact;
mod ended;
mod erasures;
mod passwords;
mod profile;
mod resets;
mod sessions;
mod shown_mails;

pub(crate) use clients::Credentials;
pub(crate) use contact::Contact;
pub(crate) use erasures::Unfinished;
pub(crate) use passwords::NewHash;
pub(crate) use profile::EmailChange;
pub(crate) use resets::{LIFETIME, ResetRequest};
pub(crate) use sessions::NewSession;
pub(crate) use shown_mails::{Letter, ShownMail};

const MIGRATIONS: Migrations = Migrations {
    table: Migrations::OWN_TABLE,
    steps: &[
        MigrationFile("accounts", include_str!("../migrations/0001_accounts.sql")),
        MigrationFile(
            "sessions by expiry",
            include_str!("../migrations/0002_sessions_by_expiry.sql"),
        ),
        MigrationFile(
            "sessions in order",
            include_str!("../migrations/0003_sessions_in_order.sql"),
        ),
        MigrationFile(
            "ended sessions",
            include_str!("../migrations/0004_ended_sessions.sql"),
        ),
        MigrationFile(
            "password resets",
            include_str!("../migrations/0005_password_resets.sql"),
        ),
        MigrationFile("erasures", include_str!("../migrations/0006_erasures.sql")),
    ],
};

/// What else expires: its name, the statement that deletes a portion of it, and the time by which
/// it is old.
type Swept = (&'static str, &'static str, fn(Timestamp) -> Timestamp);

const SWEPT: [Swept; 4] = [
    (
        "reports of erasures",
        "DELETE FROM erasures WHERE id IN \
         (SELECT id FROM erasures WHERE completed_at <= $1 LIMIT $2)",
        erasures::before,
    ),
    (
        "expired password resets",
        "DELETE FROM password_resets WHERE client_id IN \
         (SELECT client_id FROM password_resets WHERE expires_at <= $1 LIMIT $2)",
        |now| now,
    ),
    // Those of a service that sends no mail any more. Others are handled before.
    (
        "unanswered requests for new passwords",
        "DELETE FROM password_reset_requests WHERE email_key IN \
         (SELECT email_key FROM password_reset_requests WHERE requested_at <= $1 LIMIT $2)",
        resets::before,
    ),
    (
        "shown mails",
        "DELETE FROM dev_mails WHERE id IN \
         (SELECT id FROM dev_mails WHERE sent_at <= $1 LIMIT $2)",
        resets::before,
    ),
];

#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    /// Decides which telephone numbers are the same.
    region: Region,
}

impl Store {
    pub(crate) async fn open(url: &DatabaseUrl, region: Region) -> Result<Self, OpenError> {
        let migrations = [MIGRATIONS, idempotency::MIGRATIONS];
        let database = Database::open(url, &migrations).await?;
        Ok(Self { database, region })
    }

    /// See [`Database::watch_writes`].
    pub(crate) async fn watch_writes(self, draining: Draining) {
        self.database.watch_writes(draining).await;
    }

    pub(crate) fn readiness(&self) -> Readiness {
        self.database.readiness()
    }

    /// Deletes expired rows.
    pub(crate) async fn sweep(&self) {
        let now = Timestamp::now();
        housekeeping::report("expired sessions", self.drop_expired_sessions(now).await);
        let swept = self.drop_expired_ended_sessions(now).await;
        housekeeping::report("notes of ended sessions", swept);
        for (what, statement, over) in SWEPT {
            let swept = delete_by_portions(&self.database, statement, over(now)).await;
            housekeeping::report(what, swept);
        }
        let swept = idempotency::sweep(&self.database, now).await;
        housekeeping::report("idempotency keys", swept);
    }
}

/// Parses a stored text into the type it was stored from.
fn read_text<T: FromText>(text: &str) -> sqlx::Result<T> {
    T::from_text(text).map_err(|_refused| sqlx::Error::Decode("unreadable text in a row".into()))
}

fn read_time(millis: i64) -> sqlx::Result<Timestamp> {
    Timestamp::from_millis(millis)
        .ok_or_else(|| sqlx::Error::Decode("unreadable time in a row".into()))
}

#[cfg(test)]
mod tests {
    /// A file that is missing in the list would never run.
    #[test]
    fn every_file_is_a_step() {
        let files = std::fs::read_dir("migrations").unwrap().count();
        assert_eq!(files, super::MIGRATIONS.steps.len());
    }
}
