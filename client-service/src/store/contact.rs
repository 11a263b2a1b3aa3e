//! The contact of a client: the telephone number, which belongs to one client only, and the
//! address.
//!
//! The UNIQUE constraint covers the current key of a number. A row of an earlier version may have
//! another key (`Phone::keys`), so such rows are searched as well.

use shared_types::account::{Email, Phone};
use shared_types::field::Line;
use shared_types::id::ClientId;
use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::Store;
use super::clients::conflict;
use crate::failure::Error;

pub(crate) struct Contact {
    pub(crate) phone: Phone,
    pub(crate) address: Line<200>,
    pub(crate) city: Line<100>,
    pub(crate) postal_code: Line<20>,
}

const OTHERS_WITH_PHONE: &str =
    "SELECT COUNT(*) FROM clients WHERE phone_key IN ($1, $2, $3, $4, $5) AND id <> $6";
const GIVE_ADDRESS: &str = "UPDATE clients SET address = $1, city = $2, postal_code = $3, updated_at = $4 \
     WHERE email_key = $5 AND address IS NULL";
const GIVE_PHONE: &str = "UPDATE clients SET phone = $6, phone_key = $1, updated_at = $7 \
     WHERE email_key = $8 AND phone IS NULL AND NOT EXISTS \
     (SELECT 1 FROM clients AS other WHERE other.phone_key IN ($1, $2, $3, $4, $5))";

impl Store {
    /// Fills in the missing contact fields of the client with this e-mail address. A number of
    /// another client is left out.
    pub(crate) async fn add_contact(&self, email: &str, contact: &Contact) -> Result<(), Error> {
        let (email, now) = (Email::key_of(email), Timestamp::now().millis());
        sqlx::query(GIVE_ADDRESS)
            .bind(contact.address.as_str())
            .bind(contact.city.as_str())
            .bind(contact.postal_code.as_str())
            .bind(now)
            .bind(&email)
            .execute(&mut *self.database.writer().await?)
            .await?;
        let mut query = sqlx::query(GIVE_PHONE);
        for key in contact.phone.keys() {
            query = query.bind(key);
        }
        let given = query
            .bind(contact.phone.as_str())
            .bind(now)
            .bind(&email)
            .execute(&mut *self.database.writer().await?)
            .await;
        match given.map(drop).map_err(conflict) {
            // Another client has just taken the number.
            Err(Error::PhoneTaken) => Ok(()),
            given => given,
        }
    }
}

/// # Errors
/// Another client than `own` has the number, under any of its keys.
pub(super) async fn refuse_taken(
    connection: &mut AnyConnection,
    phone: &Phone,
    own: ClientId,
) -> Result<(), Error> {
    let mut query = sqlx::query_scalar(OTHERS_WITH_PHONE);
    for key in phone.keys() {
        query = query.bind(key);
    }
    let others: i64 = query.bind(own.to_string()).fetch_one(connection).await?;
    if others == 0 {
        Ok(())
    } else {
        Err(Error::PhoneTaken)
    }
}
