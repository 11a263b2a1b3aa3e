//! The command that gives an account a role, which makes the first ADMIN where access is strict.

use service_kit::database::DatabaseUrl;
use service_kit::program::{Arg, ArgMatches, Command, RunError, value_parser};
use shared_types::account::Role;
use shared_types::field::FromText as _;

use crate::Config;
use crate::store::Store;

/// `role EMAIL ROLE`.
#[must_use]
pub fn role_arguments() -> Command {
    let email = Arg::new("EMAIL")
        .help("The account's e-mail address")
        .required(true)
        .value_parser(value_parser!(String));
    let role = Arg::new("ROLE")
        .help("CLIENT, CHEF, LIVREUR or ADMIN")
        .required(true)
        .value_parser(|text: &str| Role::from_text(text).map_err(|_unknown| "no such role"));
    Command::new("role")
        .about("Gives an account a role and logs it out")
        .long_about(
            "Gives an account of the database of DATABASE_URL a role, and logs it out. While the \
             service runs on a SQLite file, stop it first",
        )
        .arg(email)
        .arg(role)
}

/// # Errors
/// There is no such account, or the database fails.
pub async fn give_role(config: Config, given: ArgMatches) -> Result<(), RunError> {
    let email: &String = given.get_one("EMAIL").ok_or("role needs an EMAIL")?;
    let role: Role = *given.get_one("ROLE").ok_or("role needs a ROLE")?;
    if let DatabaseUrl::File(path) = &config.database_url
        && !path.exists()
    {
        return Err(format!("there is no database {}", path.display()).into());
    }
    let store = Store::open(&config.database_url, config.phone_region).await?;
    let found = store.credentials(email.trim()).await?;
    let client = found.ok_or("no account has this e-mail address")?.client;
    store.set_role(client.id, role).await?;
    log::info!("the account {} is {role} now", client.id);
    Ok(())
}
