//! Clients, their roles and their sessions.

mod email;
mod password;
mod phone;
mod reset;

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, Line, Optional, Patched, Replaced};
use crate::id::{ClientId, ErasureId, SessionId};
use crate::value::Timestamp;
use crate::wire_enum::wire_enum;

pub use email::Email;
pub use password::{Password, PasswordAttempt};
pub use phone::Phone;
pub use reset::ResetToken;

wire_enum! {
    /// The rights of a client when access is strict.
    pub enum Role {
        Client = "CLIENT",
        Chef = "CHEF",
        Courier = "LIVREUR",
        Admin = "ADMIN",
    }
}

/// A client to register.
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

/// A change of a client: a merge patch (RFC 7396). An absent field stays as it is, and `null`
/// removes an optional value.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase)]
#[schemars(rename_all = "camelCase")]
pub struct ClientChange {
    #[deserr(default)]
    #[schemars(default)]
    pub email: Replaced<Email>,
    /// Needed by a client that changes its own e-mail address: whoever has that address can set a
    /// new password.
    #[deserr(default)]
    #[schemars(default)]
    pub current_password: Optional<PasswordAttempt>,
    #[deserr(default)]
    #[schemars(default)]
    pub first_name: Replaced<Line<100>>,
    #[deserr(default)]
    #[schemars(default)]
    pub last_name: Replaced<Line<100>>,
    #[deserr(default)]
    #[schemars(default)]
    pub phone: Patched<Phone>,
    #[deserr(default)]
    #[schemars(default)]
    pub address: Patched<Line<200>>,
    #[deserr(default)]
    #[schemars(default)]
    pub city: Patched<Line<100>>,
    #[deserr(default)]
    #[schemars(default)]
    pub postal_code: Patched<Line<20>>,
}

/// A client's change of its own password.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct PasswordChange {
    pub current: PasswordAttempt,
    pub new: Password,
}

/// A request for a message with which the owner of an account can set a new password.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct PasswordReset {
    pub email: Email,
}

/// A new password, with the token of that message.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewPassword {
    pub token: ResetToken,
    pub new: Password,
}

/// A client without password and hash.
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

/// The credentials of a login. The e-mail is not validated: an unknown one is answered like a wrong
/// password.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct Login {
    pub email: Line<320>,
    pub password: PasswordAttempt,
}

/// The answer to a login, with the field names of RFC 6749 §5.1.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct LoggedIn {
    pub access_token: String,
    /// Always `Bearer` (RFC 6750).
    pub token_type: String,
    /// Seconds.
    pub expires_in: u64,
    pub client: Client,
}

/// What the client service knows of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountData {
    pub client: Client,
    pub sessions: Vec<Session>,
}

wire_enum! {
    pub enum ErasureStatus {
        /// An order of the client has not ended yet, or a service has not been reached yet.
        Pending = "EN_COURS",
        /// No service has anything left of the client.
        Done = "TERMINEE",
    }
}

/// How far the erasure of a client is. It does not say whose it is: whoever has its id may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    pub id: ErasureId,
    pub status: ErasureStatus,
    pub requested_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

/// The public keys of the tokens (RFC 7517 §5), as RFC 8037 writes those of Ed25519. For readers:
/// the client service writes them with its library for tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeySet {
    pub keys: Vec<PublicKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The key itself, in base64url.
    pub x: String,
    /// The name by which a token's header refers to it.
    pub kid: String,
    /// `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub purpose: String,
}

/// A live session of the requesting client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub id: SessionId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether the request itself belongs to this session.
    pub current: bool,
}
