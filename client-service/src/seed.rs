//! The demo accounts, one for each role.
//!
//! Their passwords are published, so they are no secret here; still, no log line repeats them.

use service_kit::program::RunError;
use shared_types::account::{NewClient, Role};
use shared_types::field::{FromText, Optional};

use crate::failure::Error;
use crate::password::Passwords;
use crate::store::{Contact, Store};

/// An account that can log in to a fresh installation with `SEED_DEMO=true`.
#[derive(Clone, Copy, Debug)]
pub struct DemoAccount {
    pub role: Role,
    pub email: &'static str,
    pub password: &'static str,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub contact: Option<DemoContact>,
}

/// The account's delivery address. The number belongs to nobody: the regulator reserves 06 39 98 xx
/// xx for fiction.
#[derive(Clone, Copy, Debug)]
pub struct DemoContact {
    pub phone: &'static str,
    pub address: &'static str,
    pub city: &'static str,
    pub postal_code: &'static str,
}

const PASSWORD: &str = "passe-plat";

pub const DEMO_ACCOUNTS: &[DemoAccount] = &[
    DemoAccount {
        role: Role::Client,
        email: "client@passe-plat.example",
        password: PASSWORD,
        first_name: "Camille",
        last_name: "Durand",
        contact: Some(DemoContact {
            phone: "06 39 98 12 34",
            address: "12 rue des Lilas",
            city: "Lyon",
            postal_code: "69003",
        }),
    },
    DemoAccount {
        role: Role::Chef,
        email: "chef@passe-plat.example",
        password: PASSWORD,
        first_name: "Auguste",
        last_name: "Lefèvre",
        contact: None,
    },
    DemoAccount {
        role: Role::Courier,
        email: "livreur@passe-plat.example",
        password: PASSWORD,
        first_name: "Youssef",
        last_name: "Benali",
        contact: None,
    },
    DemoAccount {
        role: Role::Admin,
        email: "admin@passe-plat.example",
        password: PASSWORD,
        first_name: "Alix",
        last_name: "Moreau",
        contact: None,
    },
];

/// Creates missing accounts and adds missing contacts. A start that finds all of them hashes
/// nothing.
pub(crate) async fn seed(store: &Store, passwords: &Passwords) -> Result<(), RunError> {
    for account in DEMO_ACCOUNTS {
        make(account, store, passwords).await?;
        if let Some(contact) = &account.contact {
            let contact = contact.parse()?;
            store.add_contact(account.email, &contact).await?;
        }
    }
    let emails: Vec<_> = DEMO_ACCOUNTS.iter().map(|account| account.email).collect();
    log::info!("the demo accounts exist: {}", emails.join(", "));
    Ok(())
}

async fn make(account: &DemoAccount, store: &Store, passwords: &Passwords) -> Result<(), RunError> {
    if store.credentials(account.email).await?.is_some() {
        store.set_active(account.email, true).await?;
        return Ok(());
    }
    let new = account.as_new_client()?;
    let hash = passwords.hash(&new.password, None).await?;
    match store.add_client(&new, account.role, &hash, None).await {
        // Another replica was first.
        Ok(_) | Err(Error::EmailTaken) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Closes the accounts that an earlier start created: their passwords are published and cannot be
/// changed. Their tokens are refused from then on.
pub(crate) async fn close(store: &Store) -> Result<(), RunError> {
    for account in DEMO_ACCOUNTS {
        if store.set_active(account.email, false).await? {
            log::warn!(
                "SEED_DEMO=false: the demo account {} is closed",
                account.email
            );
        }
    }
    Ok(())
}

impl DemoContact {
    fn parse(&self) -> Result<Contact, RunError> {
        Ok(Contact {
            phone: parse(self.phone)?,
            address: parse(self.address)?,
            city: parse(self.city)?,
            postal_code: parse(self.postal_code)?,
        })
    }
}

impl DemoAccount {
    /// Without the contact, which [`Store::add_contact`] adds.
    fn as_new_client(&self) -> Result<NewClient, RunError> {
        Ok(NewClient {
            email: parse(self.email)?,
            password: parse(self.password)?,
            first_name: parse(self.first_name)?,
            last_name: parse(self.last_name)?,
            phone: Optional::default(),
            address: Optional::default(),
            city: Optional::default(),
            postal_code: Optional::default(),
            role: Optional::default(),
        })
    }
}

fn parse<T: FromText>(text: &str) -> Result<T, RunError> {
    T::from_text(text).map_err(|_refused| "a demo account is not valid".into())
}

#[cfg(test)]
mod tests {
    use shared_types::account::Role;

    use super::DEMO_ACCOUNTS;

    #[test]
    fn every_role_has_one_valid_demo_account() {
        let roles: Vec<_> = DEMO_ACCOUNTS.iter().map(|account| account.role).collect();
        assert_eq!(roles, Role::ALL);
        assert!(
            DEMO_ACCOUNTS
                .iter()
                .all(|account| account.as_new_client().is_ok())
        );
        let mut contacts = DEMO_ACCOUNTS.iter().filter_map(|account| account.contact);
        assert!(contacts.all(|contact| contact.parse().is_ok()));
    }
}
