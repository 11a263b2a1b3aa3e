//! Changes of a client's row.

use service_kit::database::Statement;
use service_kit::input::IfMatch;
use shared_types::account::{Client, ClientChange, Email};
use shared_types::field::{Line, Patched};
use shared_types::id::ClientId;
use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::Store;
use super::clients::{conflict, locked, refuse_taken_email};
use super::contact::refuse_taken;
use super::resets::WITHDRAW;
use crate::failure::Error;

/// Whether a change may give the client another e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmailChange {
    Allowed,
    /// Only with the current password.
    NeedsPassword,
}

impl Store {
    /// The changed client. A change that changes nothing leaves the row as it is.
    ///
    /// # Errors
    /// There is no such client, the e-mail address or the telephone number belongs to another one,
    /// a new e-mail address needs the password, or the client is another than was `seen`.
    pub(crate) async fn change_client(
        &self,
        id: ClientId,
        change: &ClientChange,
        email_change: EmailChange,
        seen: &IfMatch,
    ) -> Result<Client, Error> {
        let key = id.to_string();
        let _row_lock = self.database.lock_row(&key).await?;
        let _email_lock = match change.email.as_ref() {
            Some(email) => Some(self.database.lock_row(&email.key()).await?),
            None => None,
        };
        let mut transaction = self.database.write().await?;
        let before = locked(&mut transaction, &key).await?;
        seen.check(&before).map_err(Error::Refused)?;
        let mut after = merge(&before, change);
        if after == before {
            return Ok(before);
        }
        if Email::key_of(&after.email) != Email::key_of(&before.email)
            && email_change == EmailChange::NeedsPassword
        {
            return Err(Error::CurrentPasswordMissing);
        }
        after.updated_at = Timestamp::now().max(before.updated_at);
        self.write_changes(&mut transaction, &before, &after, change)
            .await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Writes the changed columns. The keys of an e-mail address or number that stays are left as
    /// they are: an earlier version may have written other ones.
    async fn write_changes(
        &self,
        connection: &mut AnyConnection,
        before: &Client,
        after: &Client,
        change: &ClientChange,
    ) -> Result<(), Error> {
        let new_email = change
            .email
            .as_ref()
            .filter(|_| after.email != before.email);
        let new_phone = match &change.phone {
            Patched::Set(phone) if after.phone != before.phone => Some(self.region.keys(phone)),
            _ => None,
        };
        let mut update = Statement::new("UPDATE clients SET updated_at = ");
        update.bind(after.updated_at.millis());
        update
            .push(", first_name = ")
            .bind(after.first_name.clone());
        update.push(", last_name = ").bind(after.last_name.clone());
        update.push(", address = ").bind(after.address.clone());
        update.push(", city = ").bind(after.city.clone());
        update
            .push(", postal_code = ")
            .bind(after.postal_code.clone());
        if let Some(email) = new_email {
            update.push(", email = ").bind(email.as_str());
            update.push(", email_key = ").bind(email.key());
        }
        if after.phone != before.phone {
            let key = new_phone.as_ref().map(|keys| keys.own.clone());
            update.push(", phone = ").bind(after.phone.clone());
            update.push(", phone_key = ").bind(key);
        }
        update.push(" WHERE id = ").bind(after.id.to_string());
        let updated = update.build()?.execute(&mut *connection).await;
        updated.map_err(conflict)?;
        if let Some(email) = new_email {
            refuse_taken_email(&mut *connection, email, after.id).await?;
            // A mail for a new password went to the old address.
            sqlx::query(WITHDRAW)
                .bind(after.id.to_string())
                .execute(&mut *connection)
                .await?;
        }
        if let Some(keys) = &new_phone {
            refuse_taken(&mut *connection, keys, after.id).await?;
        }
        Ok(())
    }
}

fn merge(before: &Client, change: &ClientChange) -> Client {
    let replaced = |new: Option<&Line<100>>, old: &String| {
        new.map_or_else(|| old.clone(), |line| line.as_str().to_owned())
    };
    let email = change.email.as_ref().map(Email::as_str);
    Client {
        email: email.unwrap_or(&before.email).to_owned(),
        first_name: replaced(change.first_name.as_ref(), &before.first_name),
        last_name: replaced(change.last_name.as_ref(), &before.last_name),
        phone: changed(&change.phone, &before.phone, |phone| phone.as_str()),
        address: changed(&change.address, &before.address, Line::as_str),
        city: changed(&change.city, &before.city, Line::as_str),
        postal_code: changed(&change.postal_code, &before.postal_code, Line::as_str),
        ..before.clone()
    }
}

fn changed<T>(
    change: &Patched<T>,
    before: &Option<String>,
    text: impl Fn(&T) -> &str,
) -> Option<String> {
    match change {
        Patched::Unchanged => before.clone(),
        Patched::Removed => None,
        Patched::Set(value) => Some(text(value).to_owned()),
    }
}
