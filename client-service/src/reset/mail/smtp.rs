//! Sends mails to a mail server by SMTP (RFC 5321).
//!
//! Each mail has a connection of its own: there are few, and a connection that idles for hours is
//! closed by the server anyway.

use std::fmt;
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::store::Letter;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// How long each step of a conversation may take. A busy server that greets late is not given up.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail server, and the sender that it knows this service by.
#[derive(Clone)]
pub struct SmtpServer {
    transport: Transport,
    from: Mailbox,
}

/// A mail that was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the recipient's address cannot be written in a mail")]
    Recipient(#[from] lettre::address::AddressError),
    #[error("the mail cannot be written")]
    Unwritable(#[from] lettre::error::Error),
    #[error("the mail server did not take it")]
    Refused(#[from] lettre::transport::smtp::Error),
}

impl SmtpServer {
    pub(super) fn new(transport: Transport, from: Mailbox) -> Self {
        Self { transport, from }
    }

    /// # Errors
    /// The server cannot be reached or does not take the mail, or the recipient's address is none.
    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let message = self.message(letter)?;
        self.transport.send(message).await?;
        Ok(())
    }

    fn message(&self, letter: &Letter) -> Result<Message, SendError> {
        let id = format!("<{}@{}>", uuid::Uuid::new_v4(), self.from.email.domain());
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, letter.recipient.parse()?))
            .subject(&letter.subject)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body.clone())?;
        // RFC 3834 §5: nobody's absence is to be answered to this.
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        let value = HeaderValue::new(name, "auto-generated".to_owned());
        message.headers_mut().insert_raw(value);
        Ok(message)
    }
}

/// The URL may have a password in it.
impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpServer(…)")
    }
}

/// Reads `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`.
pub(super) fn transport(url: &str) -> Result<Transport, String> {
    let expected = "expected smtp://HOST:PORT, smtp://HOST:PORT?tls=required or smtps://HOST";
    let builder = Transport::from_url(url).map_err(|_refused| expected.to_owned())?;
    Ok(builder.timeout(Some(TIMEOUT)).build())
}

pub(super) fn sender(text: &str) -> Result<Mailbox, String> {
    let expected = "expected an address, as in Le Passe-plat <bonjour@example.com>";
    text.parse().map_err(|_refused| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Letter, SmtpServer, sender, transport};

    fn server() -> SmtpServer {
        let transport = transport("smtp://u:secret@mail.example.com:587?tls=required").unwrap();
        SmtpServer::new(
            transport,
            sender("Le Passe-plat <bonjour@example.com>").unwrap(),
        )
    }

    fn letter(recipient: &str) -> Letter {
        Letter {
            recipient: recipient.to_owned(),
            subject: "Réservé".to_owned(),
            body: "Bonjour à tous".to_owned(),
        }
    }

    #[actix_web::test]
    async fn a_mail_says_who_sends_it_and_that_a_program_wrote_it() {
        let message = server().message(&letter("lea@example.com")).unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        for line in [
            "From: \"Le Passe-plat\" <bonjour@example.com>",
            "To: lea@example.com",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{text}");
        }
    }

    #[actix_web::test]
    async fn a_recipient_cannot_add_header_fields() {
        let injected = letter("lea@example.com\r\nBcc: all@example.com");
        assert!(server().message(&injected).is_err());
    }

    #[actix_web::test]
    async fn the_servers_password_is_never_printed() {
        assert_eq!(format!("{:?}", server()), "SmtpServer(…)");
        let refused = transport("http://u:secret@mail.example.com").err().unwrap();
        assert!(!refused.contains("secret"), "{refused}");
    }
}
