//! How few wrong tokens are allowed, and whom that keeps out.

use actix_web::http::Method;

use super::{Guarded, TOKEN, WRONG};

#[actix_web::test]
async fn a_wrong_token_is_refused_and_after_ten_its_address_waits() {
    let gateway = Guarded::open().await;
    for _ in 0..10 {
        let answer = gateway.get_with("/status", WRONG).await;
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
        let _ = answer.problem(401, "unauthorized");
    }
    // Even the right one: the answer would tell it.
    for token in [WRONG, TOKEN] {
        let answer = gateway.get_with("/status", token).await;
        let _ = answer.problem(429, "rate_limited");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=6).contains(&wait), "{wait}");
    }
    let answer = gateway.log_in(TOKEN).await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(gateway.operator.get("/ready").await.status, 200);
}

#[actix_web::test]
async fn whoever_has_shown_the_token_is_not_kept_out_by_another_at_the_address() {
    let gateway = Guarded::open().await;
    assert_eq!(gateway.get_with("/status", TOKEN).await.status, 200);
    for _ in 0..10 {
        assert_eq!(gateway.get_with("/status", WRONG).await.status, 401);
    }
    let answer = gateway.get_with("/status", WRONG).await;
    let _ = answer.problem(429, "rate_limited");
    assert_eq!(gateway.get_with("/status", TOKEN).await.status, 200);
    assert_eq!(gateway.log_in(TOKEN).await.status, 303);
}

#[actix_web::test]
async fn a_guests_token_is_refused_and_is_no_guess() {
    let gateway = Guarded::open().await;
    for _ in 0..11 {
        let answer = gateway.get_with("/public/things", "e30.e30.c2ln").await;
        let _ = answer.problem(401, "unauthorized");
    }
    assert_eq!(gateway.get_with("/status", TOKEN).await.status, 200);
    assert_eq!(gateway.backend.asked(), 0);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_only_the_address_that_guesses_waits() {
    let gateway = Guarded::open().await;
    let asked = |client: &str, token: &str| {
        let request = gateway.operator.request(Method::GET, "/status");
        request
            .header("x-forwarded-for", client)
            .bearer(token)
            .send()
    };
    for _ in 0..10 {
        assert_eq!(asked("192.0.2.1", WRONG).await.status, 401);
    }
    assert_eq!(asked("192.0.2.1", TOKEN).await.status, 429);
    assert_eq!(asked("192.0.2.2", TOKEN).await.status, 200);
}
