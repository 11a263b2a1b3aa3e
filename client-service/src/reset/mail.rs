//! Mails to clients: by which way they go, and that way itself.
//!
//! A server that sends none says so and promises none. For a demonstration or a developer without a
//! mail server, `DEV_OUTBOX=on` shows the mails on a page instead.

mod page;
mod smtp;

use service_kit::env::{ConfigError, Env};

pub(crate) use page::page;
pub(crate) use smtp::SendError;
pub use smtp::SmtpServer;

/// The way of the mails.
#[derive(Clone, Debug)]
pub enum Mail {
    /// No mail is sent.
    Off,
    /// `DEV_OUTBOX=on`: whoever reaches the service reads every mail at `GET /dev/outbox`.
    DevOutbox,
    /// `SMTP_URL` and `SMTP_FROM`.
    Smtp(Box<SmtpServer>),
}

impl Mail {
    /// # Errors
    /// A variable is invalid, or excludes another one.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let is_shown = env.parse_with("DEV_OUTBOX", on_or_off)?.unwrap_or(false);
        let from = env.parse_with("SMTP_FROM", smtp::sender)?;
        let transport = env.parse_with("SMTP_URL", smtp::transport)?;
        match (transport, from) {
            (Some(_), _) if is_shown => Err(ConfigError::new(
                "DEV_OUTBOX",
                "mails are either shown or sent to SMTP_URL",
            )),
            (Some(transport), Some(from)) => {
                Ok(Self::Smtp(Box::new(SmtpServer::new(transport, from))))
            }
            (Some(_), None) => Err(ConfigError::new("SMTP_FROM", "needed with SMTP_URL")),
            (None, _) if is_shown => Ok(Self::DevOutbox),
            (None, _) => Ok(Self::Off),
        }
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}
