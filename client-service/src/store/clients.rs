//! The clients' rows.
//!
//! UNIQUE constraints give an e-mail address or a telephone number to one client only: a check
//! before the insert would let two simultaneous requests pass.

use service_kit::idempotency::{self, Claim, Made, SealedKey};
use service_kit::input::IfMatch;
use shared_types::account::{Client, Email, NewClient, Role};
use shared_types::field::{Line, Optional};
use shared_types::id::ClientId;
use shared_types::value::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};

use super::contact::refuse_taken;
use super::{Store, ended, read_text, read_time, sessions};
use crate::failure::Error;

service_kit::row! {
    struct ClientRow {
        id: String,
        email: String,
        first_name: String,
        last_name: String,
        phone: Option<String>,
        address: Option<String>,
        city: Option<String>,
        postal_code: Option<String>,
        role: String,
        is_active: i32,
        created_at: i64,
        updated_at: i64,
    }
}

struct CredentialsRow {
    client: ClientRow,
    password_hash: String,
}

impl FromRow<'_, AnyRow> for CredentialsRow {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            client: ClientRow::from_row(row)?,
            password_hash: row.try_get("password_hash")?,
        })
    }
}

/// A client and its password hash. No `Debug`: a hash must not be printed.
pub(crate) struct Credentials {
    pub(crate) client: Client,
    pub(crate) password_hash: String,
}

impl TryFrom<ClientRow> for Client {
    type Error = sqlx::Error;

    fn try_from(row: ClientRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: read_text(&row.id)?,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            phone: row.phone,
            address: row.address,
            city: row.city,
            postal_code: row.postal_code,
            role: read_text(&row.role)?,
            is_active: row.is_active != 0,
            created_at: read_time(row.created_at)?,
            updated_at: read_time(row.updated_at)?,
        })
    }
}

impl TryFrom<CredentialsRow> for Credentials {
    type Error = sqlx::Error;

    fn try_from(row: CredentialsRow) -> sqlx::Result<Self> {
        Ok(Self {
            client: row.client.try_into()?,
            password_hash: row.password_hash,
        })
    }
}

/// A truth value is read as a number: sqlx's `Any` does not read SQLite's.
macro_rules! client_columns {
    () => {
        "id, email, first_name, last_name, phone, address, city, postal_code, role, \
         CAST(is_active AS INTEGER) AS is_active, created_at, updated_at"
    };
}

const INSERT: &str = "INSERT INTO clients (id, email, first_name, last_name, phone, address, city, \
     postal_code, role, is_active, created_at, updated_at, email_key, phone_key, password_hash) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const LIST: &str = concat!(
    "SELECT ",
    client_columns!(),
    " FROM clients ORDER BY created_at, id"
);
const BY_ID: &str = concat!("SELECT ", client_columns!(), " FROM clients WHERE id = $1");
/// Reads a row and locks it until the end of the transaction, on both databases: a write that changes
/// nothing.
const LOCK: &str = concat!(
    "UPDATE clients SET id = id WHERE id = $1 RETURNING ",
    client_columns!()
);
const BY_EMAIL: &str = concat!(
    "SELECT ",
    client_columns!(),
    ", password_hash FROM clients WHERE email_key IN ($1, $2, $3) \
     ORDER BY CASE email_key WHEN $1 THEN 1 WHEN $2 THEN 2 ELSE 3 END LIMIT 1"
);
const CREDENTIALS_BY_ID: &str = concat!(
    "SELECT ",
    client_columns!(),
    ", password_hash FROM clients WHERE id = $1"
);
const OTHERS_WITH_EMAIL: &str =
    "SELECT COUNT(*) FROM clients WHERE email_key IN ($1, $2, $3) AND id <> $4";

impl Store {
    /// The answer to an earlier request with the same key, which spares hashing the password.
    ///
    /// # Errors
    /// The key came with another body.
    pub(crate) async fn registered(&self, key: &SealedKey) -> Result<Option<Made<Client>>, Error> {
        let mut reader = self.database.reader().await?;
        let claim = key.find(&mut *reader, Timestamp::now()).await?;
        claim.map_or(Ok(None), replay)
    }

    /// # Errors
    /// The e-mail address or the telephone number belongs to another client, or the key came with
    /// another body.
    pub(crate) async fn add_client(
        &self,
        new: &NewClient,
        role: Role,
        password_hash: &str,
        key: Option<&SealedKey>,
    ) -> Result<Made<Client>, Error> {
        let now = Timestamp::now();
        let _key_lock = idempotency::lock_key(&self.database, key).await?;
        // Of two requests that register the same address, the second waits for the first.
        let _email_lock = self.database.lock_row(&new.email.key()).await?;
        let mut transaction = self.database.write().await?;
        if let Some(key) = key
            && let Some(before) = replay(key.claim(&mut transaction, now).await?)?
        {
            return Ok(before);
        }
        let client = Client {
            id: ClientId::generate(),
            email: new.email.as_str().to_owned(),
            first_name: new.first_name.as_str().to_owned(),
            last_name: new.last_name.as_str().to_owned(),
            phone: new.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            address: text_of(&new.address),
            city: text_of(&new.city),
            postal_code: text_of(&new.postal_code),
            role,
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        let phone_keys = new.phone.as_ref().map(|phone| self.region.keys(phone));
        let hidden = Hidden {
            email_key: new.email.key(),
            phone_key: phone_keys.as_ref().map(|keys| keys.own.as_str()),
            password_hash,
        };
        insert(&mut transaction, &client, &hidden).await?;
        refuse_taken_email(&mut transaction, &new.email, client.id).await?;
        if let Some(keys) = &phone_keys {
            refuse_taken(&mut transaction, keys, client.id).await?;
        }
        if let Some(key) = key {
            let answer = serde_json::to_string(&client)?;
            key.keep(&mut transaction, &client.id.to_string(), &answer)
                .await?;
        }
        transaction.commit().await?;
        Ok(Made::Now(client))
    }

    /// The oldest first.
    pub(crate) async fn clients(&self) -> Result<Vec<Client>, Error> {
        let rows: Vec<ClientRow> = sqlx::query_as(LIST)
            .fetch_all(&mut *self.database.reader().await?)
            .await?;
        let clients: sqlx::Result<_> = rows.into_iter().map(Client::try_from).collect();
        Ok(clients?)
    }

    /// # Errors
    /// There is no such client.
    pub(crate) async fn client(&self, id: ClientId) -> Result<Client, Error> {
        let row: Option<ClientRow> = sqlx::query_as(BY_ID)
            .bind(id.to_string())
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        Ok(Client::try_from(row.ok_or(Error::ClientNotFound)?)?)
    }

    /// The credentials of the client with this e-mail address, which need not be valid. Of two
    /// accounts that an earlier version kept apart, it is the one whose address is spelled so.
    pub(crate) async fn credentials(&self, email: &str) -> Result<Option<Credentials>, Error> {
        let mut query = sqlx::query_as(BY_EMAIL);
        for key in Email::keys_of(email) {
            query = query.bind(key);
        }
        let row: Option<CredentialsRow> = query
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        Ok(row.map(Credentials::try_from).transpose()?)
    }

    /// # Errors
    /// There is no such client.
    pub(crate) async fn credentials_of(&self, id: ClientId) -> Result<Credentials, Error> {
        let row: Option<CredentialsRow> = sqlx::query_as(CREDENTIALS_BY_ID)
            .bind(id.to_string())
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        Ok(row.ok_or(Error::ClientNotFound)?.try_into()?)
    }

    /// Returns whether this changed a row: the client may not exist, or may be in this state
    /// already. An inactive client has no session.
    pub(crate) async fn set_active(&self, email: &str, active: bool) -> Result<bool, Error> {
        let mut transaction = self.database.write().await?;
        let changed: Option<String> = sqlx::query_scalar(
            "UPDATE clients SET is_active = $1, updated_at = $2 \
             WHERE email_key = $3 AND is_active <> $1 RETURNING id",
        )
        .bind(active)
        .bind(Timestamp::now().millis())
        .bind(Email::key_of(email))
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(id) = changed.as_deref().filter(|_id| !active) {
            sessions::end_all(&mut transaction, id).await?;
        }
        transaction.commit().await?;
        Ok(changed.is_some())
    }

    /// Gives a client a role, and ends its sessions: their tokens name the old one.
    ///
    /// # Errors
    /// There is no such client.
    pub(crate) async fn set_role(&self, id: ClientId, role: Role) -> Result<(), Error> {
        let id = id.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        let mut transaction = self.database.write().await?;
        let changed = sqlx::query("UPDATE clients SET role = $1, updated_at = $2 WHERE id = $3")
            .bind(role.as_str())
            .bind(Timestamp::now().millis())
            .bind(&id)
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(Error::ClientNotFound);
        }
        sessions::end_all(&mut transaction, &id).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes a client, its sessions, and the answer to its registration.
    ///
    /// # Errors
    /// There is no such client, or it is another than was `seen`.
    pub(crate) async fn delete_client(&self, id: ClientId, seen: &IfMatch) -> Result<(), Error> {
        let id = id.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        let mut transaction = self.database.write().await?;
        delete(&mut transaction, &id, seen).await?;
        Ok(transaction.commit().await?)
    }
}

/// The last write of its transaction ([`ended::note`]).
pub(super) async fn delete(
    connection: &mut AnyConnection,
    id: &str,
    seen: &IfMatch,
) -> Result<(), Error> {
    let client = locked(connection, id).await?;
    seen.check(&client).map_err(Error::Refused)?;
    let ended = sessions::delete_all(connection, id).await?;
    sqlx::query("DELETE FROM clients WHERE id = $1")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    idempotency::forget(connection, id).await?;
    forget_mails(connection, &client.email).await?;
    Ok(ended::note(connection, &ended).await?)
}

/// Mails that were sent stay where they are.
async fn forget_mails(connection: &mut AnyConnection, email: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM password_reset_requests WHERE email_key = $1")
        .bind(Email::key_of(email))
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM dev_mails WHERE recipient = $1")
        .bind(email)
        .execute(connection)
        .await?;
    Ok(())
}

/// The client, whose row nobody else changes until the end of the transaction.
pub(super) async fn locked(connection: &mut AnyConnection, id: &str) -> Result<Client, Error> {
    let row: Option<ClientRow> = sqlx::query_as(LOCK)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(row.ok_or(Error::ClientNotFound)?.try_into()?)
}

fn replay(claim: Claim) -> Result<Option<Made<Client>>, Error> {
    match claim {
        Claim::First => Ok(None),
        Claim::Done(answer) => Ok(Some(Made::Before(answer))),
        Claim::Reused => Err(Error::KeyReused),
    }
}

/// The columns of a new row that are never shown.
struct Hidden<'a> {
    email_key: String,
    phone_key: Option<&'a str>,
    password_hash: &'a str,
}

async fn insert(
    connection: &mut AnyConnection,
    client: &Client,
    hidden: &Hidden<'_>,
) -> Result<(), Error> {
    let inserted = sqlx::query(INSERT)
        .bind(client.id.to_string())
        .bind(&client.email)
        .bind(&client.first_name)
        .bind(&client.last_name)
        .bind(&client.phone)
        .bind(&client.address)
        .bind(&client.city)
        .bind(&client.postal_code)
        .bind(client.role.as_str())
        .bind(client.is_active)
        .bind(client.created_at.millis())
        .bind(client.updated_at.millis())
        .bind(&hidden.email_key)
        .bind(hidden.phone_key)
        .bind(hidden.password_hash)
        .execute(connection)
        .await;
    inserted.map(drop).map_err(conflict)
}

/// The UNIQUE constraint covers the current key of an address. A row of an earlier version may have
/// another one.
///
/// # Errors
/// Another client than `own` has the address, under any of its keys.
pub(super) async fn refuse_taken_email(
    connection: &mut AnyConnection,
    email: &Email,
    own: ClientId,
) -> Result<(), Error> {
    if email.as_str().is_ascii() {
        return Ok(()); // its keys are the same
    }
    let mut query = sqlx::query_scalar(OTHERS_WITH_EMAIL);
    for key in Email::keys_of(email.as_str()) {
        query = query.bind(key);
    }
    let others: i64 = query.bind(own.to_string()).fetch_one(connection).await?;
    if others == 0 {
        Ok(())
    } else {
        Err(Error::EmailTaken)
    }
}

fn text_of<const MAX: usize>(line: &Optional<Line<MAX>>) -> Option<String> {
    line.as_ref().map(|line| line.as_str().to_owned())
}

/// Finds out which constraint refused the row. PostgreSQL names it (`clients_phone_key`), SQLite's
/// message names the column (`clients.phone_key`).
pub(super) fn conflict(error: sqlx::Error) -> Error {
    let Some(violation) = error
        .as_database_error()
        .filter(|error| error.is_unique_violation())
    else {
        return Error::Storage(error);
    };
    let violated = violation.constraint().unwrap_or(violation.message());
    if violated.contains("email_key") {
        Error::EmailTaken
    } else if violated.contains("phone_key") {
        Error::PhoneTaken
    } else {
        Error::Storage(error)
    }
}
