//! Tests of the list of sessions, and of every way in which one ends.

use actix_web::http::Method;
use serde_json::Value;
use service_kit::testing::assert_same_shape;
use shared_types::golden;
use shared_types::value::Timestamp;

use super::{Running, service};

async fn end(service: &Running, path: &str, token: &str) {
    let request = service.request(Method::POST, path, token);
    let confirmation = request.send().await.ok(200);
    assert_same_shape(&confirmation, golden::CONFIRMATION);
}

async fn assert_refused(service: &Running, token: &str) {
    let answer = service.sessions(token).await;
    let _ = answer.problem(401, "session_expired");
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
}

#[actix_web::test]
async fn the_live_sessions_are_listed_and_the_current_one_is_marked() {
    let service = service().await;
    service.register("lea@example.com").await;
    service.register("other@example.com").await;
    service.log_in("other@example.com").await;
    let first = service.log_in("lea@example.com").await;
    let second = service.log_in("lea@example.com").await;
    let sessions = service.sessions(&second).await.ok(200);
    let sessions = sessions.as_array().unwrap();
    assert_same_shape(&sessions[0], golden::SESSION);
    let marks = |sessions: &[Value]| -> Vec<_> {
        let marks = sessions.iter().map(|session| session["current"].as_bool());
        marks.collect()
    };
    assert_eq!(marks(sessions), [Some(true), Some(false)]);
    assert_eq!(sessions[0]["ipAddress"], "127.0.0.1");
    let seen_by_first = service.sessions(&first).await.ok(200);
    let seen_by_first = seen_by_first.as_array().unwrap();
    assert_eq!(marks(seen_by_first), [Some(false), Some(true)]);
}

#[actix_web::test]
async fn a_logout_ends_its_own_session_only() {
    let service = service().await;
    service.register("lea@example.com").await;
    let left = service.log_in("lea@example.com").await;
    let kept = service.log_in("lea@example.com").await;
    end(&service, "/auth/logout", &left).await;
    assert_refused(&service, &left).await;
    let sessions = service.sessions(&kept).await.ok(200);
    assert_eq!(sessions.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_logout_of_all_ends_every_session_of_its_client_only() {
    let service = service().await;
    service.register("lea@example.com").await;
    service.register("other@example.com").await;
    let other = service.log_in("other@example.com").await;
    let one = service.log_in("lea@example.com").await;
    let two = service.log_in("lea@example.com").await;
    end(&service, "/auth/logout-all", &one).await;
    assert_refused(&service, &one).await;
    assert_refused(&service, &two).await;
    let _ = service.sessions(&other).await.ok(200);
}

#[actix_web::test]
async fn one_session_is_ended_by_its_id_from_another_device() {
    let service = service().await;
    service.register("lea@example.com").await;
    let lost = service.log_in("lea@example.com").await;
    let kept = service.log_in("lea@example.com").await;
    let sessions = service.sessions(&kept).await.ok(200);
    let end = async |session: &Value, token: &str| {
        let path = format!("/auth/sessions/{}", session["id"].as_str().unwrap());
        let request = service.request(Method::DELETE, &path, token);
        request.send().await
    };
    let confirmation = end(&sessions[1], &kept).await.ok(200);
    assert_same_shape(&confirmation, golden::CONFIRMATION);
    assert_refused(&service, &lost).await;
    let again = end(&sessions[1], &kept).await;
    let _ = again.problem(404, "not_found");
    // The current one, as a logout does.
    let _ = end(&sessions[0], &kept).await.ok(200);
    assert_refused(&service, &kept).await;
}

#[actix_web::test]
async fn the_session_of_another_client_is_a_404_and_stays() {
    let service = service().await;
    service.register("lea@example.com").await;
    service.register("other@example.com").await;
    let other = service.log_in("other@example.com").await;
    let own = service.log_in("lea@example.com").await;
    let sessions = service.sessions(&other).await.ok(200);
    for id in [sessions[0]["id"].as_str().unwrap(), "7", "%00"] {
        let path = format!("/auth/sessions/{id}");
        let request = service.request(Method::DELETE, &path, &own);
        let _ = request.send().await.problem(404, "not_found");
        let bare = service.http.delete(&path).await;
        let _ = bare.problem(401, "unauthorized");
    }
    let _ = service.sessions(&other).await.ok(200);
}

#[actix_web::test]
async fn the_token_of_a_deleted_or_an_inactive_client_is_refused() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let _ = service.http.delete(&path).await.ok(200);
    assert_refused(&service, &token).await;

    service.register("gone@example.com").await;
    let token = service.log_in("gone@example.com").await;
    service.alter("UPDATE clients SET is_active = FALSE").await;
    assert_refused(&service, &token).await;
}

#[actix_web::test]
async fn the_twenty_first_login_ends_the_oldest_session() {
    let service = service().await;
    service.register("lea@example.com").await;
    let mut tokens = Vec::new();
    for _ in 0..21 {
        tokens.push(service.log_in("lea@example.com").await);
    }
    assert_refused(&service, &tokens[0]).await;
    let sessions = service.sessions(&tokens[1]).await.ok(200);
    assert_eq!(sessions.as_array().unwrap().len(), 20);
}

/// The sessions after 21 logins while the clock was an hour ahead, once the clock is corrected.
async fn twenty_sessions_of_an_hour_ahead(service: &Running) -> Vec<String> {
    let mut tokens = Vec::new();
    for _ in 0..20 {
        tokens.push(service.log_in("lea@example.com").await);
    }
    service
        .alter(
            "UPDATE sessions SET created_at = created_at + 3600000, \
             last_seen_at = last_seen_at + 3600000, expires_at = expires_at + 3600000",
        )
        .await;
    tokens
}

#[actix_web::test]
async fn a_login_lasts_after_a_clock_that_was_ahead_is_set_right() {
    let service = service().await;
    service.register("lea@example.com").await;
    let ahead = twenty_sessions_of_an_hour_ahead(&service).await;
    let mut right = Vec::new();
    for _ in 0..3 {
        right.push(service.log_in("lea@example.com").await);
        // Neither the newest nor those just before it are removed.
        for token in &right {
            let _ = service.sessions(token).await.ok(200);
        }
    }
    for (place, token) in ahead.iter().enumerate() {
        let is_live = service.sessions(token).await.status == 200;
        assert_eq!(is_live, place >= 3, "{place}");
    }
    let sessions = service.sessions(&right[2]).await.ok(200);
    let sessions = sessions.as_array().unwrap();
    assert_eq!(sessions.len(), 20);
    assert_eq!(sessions[0]["current"], true);
}

#[actix_web::test]
async fn sessions_of_an_earlier_version_are_numbered_as_they_were_made() {
    let migration = include_str!("../../migrations/0003_sessions_in_order.sql");
    let numbering = migration
        .split_inclusive(';')
        .find(|statement| statement.contains("UPDATE sessions"))
        .unwrap();
    let service = service().await;
    for email in ["lea@example.com", "leo@example.com"] {
        service.register(email).await;
        service.log_in(email).await;
    }
    let mut tokens = Vec::new();
    for _ in 0..20 {
        tokens.push(service.log_in("lea@example.com").await);
    }
    service.alter("UPDATE sessions SET number = 0").await;
    service.alter(numbering).await;
    service.log_in("lea@example.com").await;
    assert_refused(&service, &tokens[0]).await;
    let _ = service.sessions(&tokens[1]).await.ok(200);
}

#[actix_web::test]
async fn a_session_last_seen_in_the_future_is_noted_again_at_once() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    service
        .alter("UPDATE sessions SET last_seen_at = last_seen_at + 3600000")
        .await;
    let _ = service.sessions(&token).await.ok(200);
    let sessions = service.sessions(&token).await.ok(200);
    let seen: Timestamp = serde_json::from_value(sessions[0]["lastSeenAt"].clone()).unwrap();
    assert!(seen <= Timestamp::now());
}

#[actix_web::test]
async fn when_a_session_was_last_seen_is_noted_once_a_minute() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let last_seen = async || -> Timestamp {
        let sessions = service.sessions(&token).await.ok(200);
        serde_json::from_value(sessions[0]["lastSeenAt"].clone()).unwrap()
    };
    let begun = last_seen().await;
    assert_eq!(last_seen().await, begun);
    service
        .alter("UPDATE sessions SET last_seen_at = last_seen_at - 61000")
        .await;
    assert!(last_seen().await >= begun);
}
