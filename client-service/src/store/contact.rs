//! The contact of a client: the telephone number, which belongs to one client only, and the
//! address.
//!
//! The UNIQUE constraint covers the current key of a number. A row of an earlier version may have
//! another key (`Keys::older`), so such rows are searched as well.

use service_kit::database::Statement;
use shared_types::account::{Email, Phone};
use shared_types::field::Line;
use shared_types::id::ClientId;
use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::Store;
use super::clients::conflict;
use crate::failure::Error;
use crate::telephone::Keys;

pub(crate) struct Contact {
    pub(crate) phone: Phone,
    pub(crate) address: Line<200>,
    pub(crate) city: Line<100>,
    pub(crate) postal_code: Line<20>,
}

const GIVE_ADDRESS: &str = "UPDATE clients SET address = $1, city = $2, postal_code = $3, updated_at = $4 \
     WHERE email_key = $5 AND address IS NULL";
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
        let keys = self.region.keys(&contact.phone);
        let mut update = Statement::new("UPDATE clients SET phone = ");
        update.bind(contact.phone.as_str());
        update.push(", phone_key = ").bind(keys.own.as_str());
        update.push(", updated_at = ").bind(now);
        update.push(" WHERE email_key = ").bind(email.as_str());
        update.push(" AND phone IS NULL AND NOT EXISTS (SELECT 1 FROM clients AS other WHERE other.phone_key");
        one_of(&mut update, &keys).push(")");
        let given = update
            .build()?
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
    keys: &Keys,
    own: ClientId,
) -> Result<(), Error> {
    let mut others = Statement::new("SELECT COUNT(*) FROM clients WHERE phone_key");
    one_of(&mut others, keys).push(" AND id <> ");
    others.bind(own.to_string());
    let (others,): (i64,) = others.build_as()?.fetch_one(connection).await?;
    if others == 0 {
        Ok(())
    } else {
        Err(Error::PhoneTaken)
    }
}

/// Writes the condition that the column before it has one of the keys.
fn one_of<'s>(statement: &'s mut Statement, keys: &Keys) -> &'s mut Statement {
    statement.push(" IN (").bind(keys.own.as_str());
    for key in &keys.older {
        statement.push(", ").bind(key.as_str());
    }
    statement.push(")")
}
