//! Tests of what others need to check tokens by themselves: the public keys, and the sessions that
//! ended early.

use actix_web::http::Method;
use service_kit::access::revocations::{Revocations, START};
use service_kit::access::{PublicKeys, TokenError};
use service_kit::testing::Answer;

use shared_types::id::SessionId;

use super::{Running, service_with};

const PEER: &str = "the-password-of-the-other-services";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NEW_SECRET: &str = "fedcba9876543210fedcba9876543210";

async fn service() -> Running {
    service_with(|config| {
        config.peer_secret = Some(PEER.parse().unwrap());
        config.jwt_secret = Some(SECRET.parse().unwrap());
    })
    .await
}

fn linked(config: &mut client_service::Config) {
    config.peer_secret = Some(PEER.parse().unwrap());
}

async fn ask(service: &Running, cursor: &str, secret: &str) -> Answer {
    let path = format!("/auth/revocations/{cursor}");
    service.request(Method::GET, &path, secret).send().await
}

async fn revocations(service: &Running, cursor: &str) -> Revocations {
    let told = ask(service, cursor, PEER).await.ok(200);
    serde_json::from_value(told).unwrap()
}

async fn keys(service: &Running) -> PublicKeys {
    let answer = service.http.get("/.well-known/jwks.json").await;
    PublicKeys::of(&serde_json::from_value(answer.ok(200)).unwrap())
}

async fn end(service: &Running, path: &str, token: &str) {
    let request = service.request(Method::POST, path, token);
    let _ = request.send().await.ok(200);
}

#[actix_web::test]
async fn anyone_can_check_a_token_with_the_published_key() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let claims = keys(&service).await.read(&token).unwrap();
    assert_eq!(client["id"], claims.sub.to_string());
    assert_eq!(claims.role.as_str(), "CLIENT");
}

#[actix_web::test]
async fn tokens_live_through_a_change_of_the_secret() {
    let service = service().await;
    service.register("lea@example.com").await;
    let before = service.log_in("lea@example.com").await;
    let rotated = |config: &mut client_service::Config| {
        config.jwt_secret = Some(NEW_SECRET.parse().unwrap());
        config.jwt_previous_secret = Some(SECRET.parse().unwrap());
    };
    let service = service.restarted_with(rotated).await;
    let after = service.log_in("lea@example.com").await;
    let published = keys(&service).await;
    for token in [&before, &after] {
        let _ = service.sessions(token).await.ok(200);
        assert!(published.read(token).is_ok());
    }
    let only_new = |config: &mut client_service::Config| {
        config.jwt_secret = Some(NEW_SECRET.parse().unwrap());
    };
    let service = service.restarted_with(only_new).await;
    let _ = service.sessions(&after).await.ok(200);
    let _ = service.sessions(&before).await.problem(401, "unauthorized");
    let refused = keys(&service).await.read(&before).unwrap_err();
    assert!(matches!(refused, TokenError::UnknownKey), "{refused:?}");
}

#[actix_web::test]
async fn the_other_services_learn_of_every_way_in_which_a_session_ends() {
    let service = service().await;
    let published = keys(&service).await;
    let session = |token: &str| published.read(token).unwrap().sid;
    let client = service.register("lea@example.com").await;
    assert!(revocations(&service, START).await.ended.is_empty());

    let one = service.log_in("lea@example.com").await;
    end(&service, "/auth/logout", &one).await;
    let told = revocations(&service, START).await;
    assert_eq!(
        (told.ended.len(), told.ended[0].session),
        (1, session(&one))
    );
    let first = told.ended[0].cursor();

    // A second logout of the same session ends nothing.
    let again = service.request(Method::POST, "/auth/logout", &one);
    let _ = again.send().await.problem(401, "session_expired");
    assert!(revocations(&service, &first).await.ended.is_empty());

    let mut open = Vec::new();
    for _ in 0..21 {
        open.push(session(&service.log_in("lea@example.com").await));
    }
    let oldest = revocations(&service, &first).await.ended;
    assert_eq!((oldest.len(), oldest[0].session), (1, open[0]));

    let token = service.log_in("lea@example.com").await;
    open.push(session(&token));
    end(&service, "/auth/logout-all", &token).await;
    let all = revocations(&service, &oldest[0].cursor()).await.ended;
    assert_eq!(all.len(), 21);
    assert!(all.windows(2).all(|pair| pair[0].number < pair[1].number));
    let mut ended: Vec<_> = all.into_iter().map(|ended| ended.session).collect();
    ended.sort();
    open.remove(0);
    open.sort();
    assert_eq!(ended, open);

    let last = revocations(&service, START).await.ended;
    let last = last.last().unwrap().cursor();
    let token = service.log_in("lea@example.com").await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let _ = service.http.delete(&path).await.ok(200);
    let deleted = revocations(&service, &last).await.ended;
    assert_eq!((deleted.len(), deleted[0].session), (1, session(&token)));
}

/// As after a restored backup, whose numbers begin again.
#[actix_web::test]
async fn a_cursor_of_another_database_is_answered_by_all_sessions_that_ended() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    end(&service, "/auth/logout", &token).await;
    let own = revocations(&service, START).await.ended;
    let foreign = format!("{}.{}", own[0].number, SessionId::generate());
    for cursor in [foreign.as_str(), "7", "7.x", "x", "-1."] {
        assert_eq!(revocations(&service, cursor).await.ended, own, "{cursor}");
    }
    assert!(
        revocations(&service, &own[0].cursor())
            .await
            .ended
            .is_empty()
    );
}

#[actix_web::test]
async fn closing_the_demo_ends_its_sessions() {
    let service = service_with(|config| config.seed_demo = true).await;
    let account = &client_service::DEMO_ACCOUNTS[0];
    let login = serde_json::json!({"email": account.email, "password": account.password});
    let _ = service.http.post("/auth/login", login).await.ok(200);
    let service = service.restarted_with(linked).await;
    assert_eq!(revocations(&service, START).await.ended.len(), 1);
}

#[actix_web::test]
async fn only_the_other_services_are_told_which_sessions_ended() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    for wrong in [token.as_str(), "a-wrong-secret-of-enough-bytes-to-be-one"] {
        let _ = ask(&service, START, wrong).await.problem(403, "forbidden");
    }
    let bare = service.http.get("/auth/revocations/0").await;
    let _ = bare.problem(401, "unauthorized");

    let without = super::service().await;
    let _ = ask(&without, START, PEER).await.problem(403, "forbidden");
}

#[actix_web::test]
async fn what_ended_is_forgotten_once_its_tokens_have_expired() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    end(&service, "/auth/logout", &token).await;
    service
        .alter("UPDATE ended_sessions SET expires_at = 1")
        .await;
    // Each start sweeps.
    let service = service.restarted_with(linked).await;
    service_kit::testing::eventually("the sweep", async || {
        let told = revocations(&service, START).await;
        told.ended.is_empty().then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_role_is_given_by_a_command_and_ends_the_sessions_of_the_old_one() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    // With SQLite, the file belongs to the process that has it open.
    let database = service.stop().await;
    let mut config = super::config(&database);
    linked(&mut config);
    config.jwt_secret = Some(SECRET.parse().unwrap());
    let give = async |email: &str, role: &str| {
        let given = client_service::role_arguments();
        let given = given.get_matches_from(["role", email, role]);
        client_service::give_role(config.clone(), given).await
    };
    give("Lea@example.com", "admin").await.unwrap();
    let refused = give("nobody@example.com", "ADMIN").await.unwrap_err();
    assert_eq!(refused.to_string(), "no account has this e-mail address");
    let unknown = client_service::role_arguments();
    let unknown = unknown.try_get_matches_from(["role", "lea@example.com", "BOSS"]);
    assert!(unknown.is_err());

    let service = super::start_on(config.clone(), database).await;
    let refused = service.sessions(&token).await;
    let _ = refused.problem(401, "session_expired");
    assert_eq!(revocations(&service, START).await.ended.len(), 1);
    let token = service.log_in("lea@example.com").await;
    let claims = keys(&service).await.read(&token).unwrap();
    assert_eq!(claims.role.as_str(), "ADMIN");
}
