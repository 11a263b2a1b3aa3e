//! Clients, their roles and their sessions.

mod email;
mod password;
mod phone;

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, Line, Optional};
use crate::id::{ClientId, SessionId};
use crate::value::Timestamp;
use crate::wire_enum::wire_enum;

pub use email::Email;
pub use password::{Password, PasswordAttempt};
pub use phone::Phone;

wire_enum! {
    /// What a client may do where `CLIENT_ACCESS` is `strict`.
    pub enum Role {
        Client = "CLIENT",
        Chef = "CHEF",
        Courier = "LIVREUR",
        Admin = "ADMIN",
    }
}

/// Whoever signs up.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase)]
#[schemars(rename_all = "camelCase")]
pub struct NewClient {
    pub email: Email,
    pub password: Password,
    pub first_name: Line<100>,
    pub last_name: Line<100>,
    #[deserr(default)]
    #[schemars(default)]
    pub phone: Optional<Phone>,
    #[deserr(default)]
    #[schemars(default)]
    pub address: Optional<Line<200>>,
    #[deserr(default)]
    #[schemars(default)]
    pub city: Optional<Line<100>>,
    #[deserr(default)]
    #[schemars(default)]
    pub postal_code: Optional<Line<20>>,
    #[deserr(default)]
    #[schemars(default)]
    pub role: Optional<Role>,
}

/// A client as everyone sees it: no password, no hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    pub id: ClientId,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    pub role: Role,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What one logs in with. The e-mail is not parsed as one: whatever is unknown is answered like a wrong password.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct Login {
    pub email: Line<320>,
    pub password: PasswordAttempt,
}

/// The answer to a login. The field names are those of RFC 6749 §5.1.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct LoggedIn {
    pub access_token: String,
    /// Always `Bearer` (RFC 6750).
    pub token_type: String,
    /// Seconds.
    pub expires_in: u64,
    pub client: Client,
}

/// A live session of the client who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub id: SessionId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether the request that asks belongs to this session.
    pub current: bool,
}
