//! The description of the service's routes: accounts, logins, sessions, and the older demo's login.

use openapi::{
    Body, ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION, Operation, Response, Service, Tag, Token,
};
use shared_types::account::{
    AccountData, Client, ClientChange, Erasure, KeySet, LoggedIn, Login, NewClient, NewPassword,
    PasswordChange, PasswordReset, Session,
};
use shared_types::demo::{DemoLogin, DemoToken};
use shared_types::problem::Code;
use shared_types::{Confirmation, golden};

const CLIENTS: Tag = Tag {
    name: "Clients",
    description: "Accounts, logins and sessions.",
};

const DEMO: Tag = Tag {
    name: "Demo",
    description: "Simulated, for older clients: no real account or order is behind these.",
};

/// The description of this service's routes.
pub const SERVICE: Service = Service {
    title: "Client service",
    description: "Accounts, logins and sessions.",
    tags: &[CLIENTS, DEMO],
    operations: OPERATIONS,
};

const CONFIRMATION: Body = Body::json::<Confirmation>(golden::CONFIRMATION);
const ERASURE: Body = Body::json::<Erasure>(golden::ERASURE);
const CLIENT: Body = Body::json::<Client>(golden::CLIENT);

const OPERATIONS: &[Operation] = &[
    Operation::new(("POST", "/auth/login"), "logIn", &CLIENTS, "Log in")
        .says(
            "A wrong e-mail and a wrong password are answered alike. The example is an account of the \
             demonstration.",
        )
        .takes(Body::json::<Login>(golden::DEMO_ACCOUNT))
        .answers(&[Response::new(
            200,
            "A token, and the client it belongs to.",
            &[Body::json::<LoggedIn>(golden::LOGGED_IN)],
        )])
        .fails(&[Code::InvalidCredentials]),
    Operation::new(("POST", "/auth/logout"), "logOut", &CLIENTS, "Log out")
        .says("Ends the session of the token, which is refused from then on.")
        .token(Token::Needed)
        .answers(&[Response::new(
            200,
            "The session has ended.",
            &[CONFIRMATION],
        )]),
    Operation::new(
        ("POST", "/auth/logout-all"),
        "logOutEverywhere",
        &CLIENTS,
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
        ("GET", "/auth/sessions"),
        "listSessions",
        &CLIENTS,
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
        ("DELETE", "/auth/sessions/{id}"),
        "endSession",
        &CLIENTS,
        "End a session",
    )
    .says("One of the client who asks.")
    .token(Token::Needed)
    .answers(&[Response::new(
        200,
        "The session has ended.",
        &[CONFIRMATION],
    )])
    .fails(&[Code::NotFound]),
    Operation::new(("POST", "/clients"), "signUp", &CLIENTS, "Sign up")
        .says("No two clients share an e-mail or a telephone number.")
        // An ADMIN's, for another role than CLIENT.
        .token(Token::SometimesNeeded)
        .with(&[IDEMPOTENCY_KEY])
        .takes(Body::json::<NewClient>(golden::NEW_CLIENT))
        .answers(&[Response::new(201, "The new client.", &[CLIENT])
            .with(&[LOCATION])
            .leads_to(&[
                ("getClient", "id"),
                ("changeClient", "id"),
                ("deleteClient", "id"),
            ])])
        .fails(&[
            Code::EmailTaken,
            Code::PhoneTaken,
            Code::IdempotencyKeyReused,
        ]),
    Operation::new(("GET", "/clients"), "listClients", &CLIENTS, "List clients")
        .says("The oldest first.")
        .token(Token::MayBeNeeded)
        .answers(&[Response::new(
            200,
            "The clients.",
            &[Body::list::<Client>(golden::CLIENT)],
        )]),
    Operation::new(
        ("GET", "/clients/{id}"),
        "getClient",
        &CLIENTS,
        "Get a client",
    )
    .token(Token::MayBeNeeded)
    .answers(&[Response::new(200, "The client.", &[CLIENT]).with(&[ETAG])])
    .fails(&[Code::ClientNotFound]),
    Operation::new(
        ("PATCH", "/clients/{id}"),
        "changeClient",
        &CLIENTS,
        "Change a client",
    )
    .says(
        "A merge patch: an absent field stays as it is, and `null` removes an optional one. With the \
         account's own token or an ADMIN's. A client that changes its own e-mail address sends \
         `currentPassword` too.",
    )
    .token(Token::Needed)
    .with(&[IF_MATCH])
    .takes(Body::json::<ClientChange>(golden::CLIENT_CHANGE))
    .or_takes(Body::merge_patch::<ClientChange>(golden::CLIENT_CHANGE))
    .answers(&[Response::new(200, "The changed client.", &[CLIENT]).with(&[ETAG])])
    .fails(&[
        Code::PreconditionFailed,
        Code::Forbidden,
        Code::WrongPassword,
        Code::ClientNotFound,
        Code::EmailTaken,
        Code::PhoneTaken,
    ]),
    Operation::new(
        ("DELETE", "/clients/{id}"),
        "deleteClient",
        &CLIENTS,
        "Delete a client",
    )
    .says("The client's sessions end with it.")
    .token(Token::MayBeNeeded)
    .with(&[IF_MATCH])
    .answers(&[Response::new(
        200,
        "The client is deleted.",
        &[CONFIRMATION],
    )])
    .fails(&[Code::ClientNotFound, Code::PreconditionFailed]),
    Operation::new(
        ("POST", "/clients/{id}/password"),
        "changePassword",
        &CLIENTS,
        "Change one's password",
    )
    .says("With the account's own token. Ends every other session of the client.")
    .token(Token::Needed)
    .takes(Body::json::<PasswordChange>(golden::PASSWORD_CHANGE))
    .answers(&[Response::new(
        200,
        "The password is changed.",
        &[CONFIRMATION],
    )])
    .fails(&[Code::Forbidden, Code::WrongPassword, Code::ClientNotFound]),
    Operation::new(
        ("GET", "/clients/{id}/export"),
        "exportAccount",
        &CLIENTS,
        "Export what the account has",
    )
    .says("For the client and for ADMIN: the account and its sessions.")
    .token(Token::Needed)
    .answers(&[Response::new(
        200,
        "Everything that this service knows of the client.",
        &[Body::json::<AccountData>(golden::ACCOUNT_DATA)],
    )])
    .fails(&[Code::Forbidden, Code::ClientNotFound]),
    Operation::new(
        ("POST", "/clients/{id}/erasure"),
        "eraseClient",
        &CLIENTS,
        "Erase a client everywhere",
    )
    .says(
        "For the client and for ADMIN. The account is deleted at once. Every service makes the client's \
         orders anonymous as soon as they have ended. `Location` leads to the report.",
    )
    .token(Token::Needed)
    .answers(&[
        Response::new(202, "The account is deleted, the rest follows.", &[ERASURE])
            .with(&[LOCATION])
            .leads_to(&[("getErasure", "id")]),
    ])
    .fails(&[Code::Forbidden, Code::ClientNotFound, Code::ErasureOff]),
    Operation::new(
        ("GET", "/erasures/{id}"),
        "getErasure",
        &CLIENTS,
        "Read how far an erasure is",
    )
    .says("Whoever knows the id may ask, for 30 days after the end: the report does not name the client.")
    .answers(&[Response::new(200, "The report.", &[ERASURE])])
    .fails(&[Code::NotFound]),
    Operation::new(
        ("GET", "/.well-known/jwks.json"),
        "listKeys",
        &CLIENTS,
        "List the public keys of the tokens",
    )
    .says("A JSON Web Key Set (RFC 7517): whoever has it can check a token without asking.")
    .answers(&[Response::new(
        200,
        "The keys whose tokens are accepted.",
        &[Body::json::<KeySet>(golden::KEY_SET)],
    )]),
    Operation::new(
        ("POST", "/password-reset"),
        "requestPasswordReset",
        &CLIENTS,
        "Ask for a new password",
    )
    .says(
        "Sends a message with a link to the address, in the language of the request, if it has an \
         account. Every address is answered alike. An account gets 5 messages within half an hour.",
    )
    .takes(Body::json::<PasswordReset>(golden::PASSWORD_RESET))
    .answers(&[Response::new(
        202,
        "If an account has this address, a message is on its way to it.",
        &[CONFIRMATION],
    )])
    .fails(&[Code::PasswordResetOff]),
    Operation::new(
        ("POST", "/password-reset/confirm"),
        "resetPassword",
        &CLIENTS,
        "Set a new password",
    )
    .says(
        "With the token of the newest message, once, within half an hour. Ends every session of the \
         client.",
    )
    .takes(Body::json::<NewPassword>(golden::NEW_PASSWORD))
    .answers(&[Response::new(
        200,
        "The password is changed.",
        &[CONFIRMATION],
    )])
    .fails(&[Code::ResetTokenInvalid]),
    Operation::new(
        ("POST", "/demo/login"),
        "logInToDemo",
        &DEMO,
        "Log in to the older demo",
    )
    .says("As `client`, `chef` or `livreur`, with the password `123`.")
    .takes(Body::json::<DemoLogin>(golden::DEMO_LOGIN))
    .answers(&[Response::new(
        200,
        "A token that opens nothing.",
        &[Body::json::<DemoToken>(golden::DEMO_TOKEN)],
    )])
    .fails(&[Code::InvalidCredentials]),
];
