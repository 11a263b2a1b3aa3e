//! The mails that `DEV_OUTBOX=on` shows instead of sending them.

use serde::Serialize;
use shared_types::value::Timestamp;

use super::{Store, read_time};
use crate::failure::Error;

/// More than anybody looks at.
const SHOWN: i64 = 50;

/// A mail to send or to show. No `Debug`: the body has a token.
pub(crate) struct Letter {
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownMail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) sent_at: Timestamp,
}

service_kit::row! {
    struct MailRow {
        recipient: String,
        subject: String,
        body: String,
        sent_at: i64,
    }
}

const SHOW: &str = "INSERT INTO dev_mails (id, recipient, subject, body, sent_at) \
     VALUES ($1, $2, $3, $4, $5)";
const LIST: &str = "SELECT recipient, subject, body, sent_at FROM dev_mails \
     ORDER BY sent_at DESC, id DESC LIMIT $1";

impl Store {
    pub(crate) async fn show_mail(&self, letter: &Letter, now: Timestamp) -> Result<(), Error> {
        sqlx::query(SHOW)
            // Ids of this version follow one another in time.
            .bind(uuid::Uuid::now_v7().to_string())
            .bind(&letter.recipient)
            .bind(&letter.subject)
            .bind(&letter.body)
            .bind(now.millis())
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }

    /// The newest first.
    pub(crate) async fn shown_mails(&self) -> Result<Vec<ShownMail>, Error> {
        let rows: Vec<MailRow> = sqlx::query_as(LIST)
            .bind(SHOWN)
            .fetch_all(&mut *self.database.reader().await?)
            .await?;
        let mails: sqlx::Result<_> = rows.into_iter().map(ShownMail::try_from).collect();
        Ok(mails?)
    }
}

impl TryFrom<MailRow> for ShownMail {
    type Error = sqlx::Error;

    fn try_from(row: MailRow) -> sqlx::Result<Self> {
        Ok(Self {
            to: row.recipient,
            subject: row.subject,
            text: row.body,
            sent_at: read_time(row.sent_at)?,
        })
    }
}
