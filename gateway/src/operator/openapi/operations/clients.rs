//! Accounts, logins and sessions.

use shared_types::account::{Client, LoggedIn, Login, NewClient, Session};
use shared_types::problem::Code;
use shared_types::{Confirmation, golden};

use crate::operator::openapi::operation::{Body, Operation, Response, Tag, Token};
use crate::operator::openapi::parameters::IDEMPOTENCY_KEY;

const CONFIRMATION: Body = Body::json::<Confirmation>(golden::CONFIRMATION);
const CLIENT: Body = Body::json::<Client>(golden::CLIENT);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        ("POST", "/client-api/login"),
        "logIn",
        Tag::Clients,
        "Log in",
    )
    .says("A wrong e-mail and a wrong password are answered alike.")
    .takes(Body::json::<Login>(golden::LOGIN))
    .answers(&[Response::new(
        200,
        "A token, and the client it belongs to.",
        &[Body::json::<LoggedIn>(golden::LOGGED_IN)],
    )])
    .fails(&[Code::InvalidCredentials, Code::RateLimited]),
    Operation::new(
        ("POST", "/client-api/logout"),
        "logOut",
        Tag::Clients,
        "Log out",
    )
    .says("Ends the session of the token, which is refused from then on.")
    .token(Token::Needed)
    .answers(&[Response::new(
        200,
        "The session has ended.",
        &[CONFIRMATION],
    )]),
    Operation::new(
        ("POST", "/client-api/logout-all"),
        "logOutEverywhere",
        Tag::Clients,
        "Log out everywhere",
    )
    .says("Ends every session of the client.")
    .token(Token::Needed)
    .answers(&[Response::new(
        200,
        "All sessions have ended.",
        &[CONFIRMATION],
    )]),
    Operation::new(
        ("GET", "/client-api/sessions"),
        "listSessions",
        Tag::Clients,
        "List live sessions",
    )
    .says("Those of the client who asks, 20 at most.")
    .token(Token::Needed)
    .answers(&[Response::new(
        200,
        "The sessions.",
        &[Body::list::<Session>(golden::SESSION)],
    )]),
    Operation::new(
        ("POST", "/client-api/clients"),
        "signUp",
        Tag::Clients,
        "Sign up",
    )
    .says("No two clients share an e-mail or a telephone number.")
    .token(Token::MayBeNeeded)
    .with(&[IDEMPOTENCY_KEY])
    .takes(Body::json::<NewClient>(golden::NEW_CLIENT))
    .answers(&[Response::new(201, "The new client.", &[CLIENT])
        .leads_to(&[("getClient", "id"), ("deleteClient", "id")])])
    .fails(&[
        Code::EmailTaken,
        Code::PhoneTaken,
        Code::IdempotencyKeyReused,
        Code::RateLimited,
    ]),
    Operation::new(
        ("GET", "/client-api/clients"),
        "listClients",
        Tag::Clients,
        "List clients",
    )
    .says("The oldest first.")
    .token(Token::MayBeNeeded)
    .answers(&[Response::new(
        200,
        "The clients.",
        &[Body::list::<Client>(golden::CLIENT)],
    )]),
    Operation::new(
        ("GET", "/client-api/clients/{id}"),
        "getClient",
        Tag::Clients,
        "Get a client",
    )
    .token(Token::MayBeNeeded)
    .answers(&[Response::new(200, "The client.", &[CLIENT])])
    .fails(&[Code::ClientNotFound]),
    Operation::new(
        ("DELETE", "/client-api/clients/{id}"),
        "deleteClient",
        Tag::Clients,
        "Delete a client",
    )
    .says("The client's sessions end with it.")
    .token(Token::MayBeNeeded)
    .answers(&[Response::new(
        200,
        "The client is deleted.",
        &[CONFIRMATION],
    )])
    .fails(&[Code::ClientNotFound]),
];
