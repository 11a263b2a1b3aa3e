//! Tests of mails that go to a mail server, which takes them, refuses them for now, or is silent.

use client_service::Config;
use serde_json::json;
use service_kit::env::Env;
use service_kit::testing::eventually;

use super::reset::token_in;
use super::smtp_server::{MailServer, Mood};
use super::{Running, service_with};

/// As an operator sets it.
fn sent_to(server: &MailServer) -> impl FnOnce(&mut Config) + use<> {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    move |config| {
        let env = Env::of_pairs([
            ("SMTP_URL", url.as_str()),
            ("SMTP_FROM", "Le Passe-plat <bonjour@restaurant.example>"),
            (
                "RESET_LINK",
                "https://restaurant.example/reset?token={token}",
            ),
        ]);
        let set = Config::from_env(&env).unwrap();
        config.mail = set.mail;
        config.reset_link = set.reset_link;
    }
}

async fn ask(service: &Running, email: &str) {
    let body = json!({"email": email});
    let _ = service.http.post("/password-reset", body).await.ok(202);
}

/// The only mail, decoded (RFC 2045 §6.7).
async fn mail(server: &MailServer) -> String {
    let taken = eventually("the mail", async || server.taken.borrow().first().cloned());
    let mail = taken.await.replace("=\r\n", "").replace("=3D", "=");
    assert_eq!(server.taken.borrow().len(), 1);
    mail
}

#[actix_web::test]
async fn a_mail_goes_to_the_mail_server_and_its_token_sets_the_password() {
    let server = MailServer::start(Mood::Takes).await;
    let service = service_with(sent_to(&server)).await;
    service.register("lea@example.com").await;
    ask(&service, "nobody@example.com").await;
    ask(&service, "lea@example.com").await;
    let mail = mail(&server).await;
    for line in [
        "To: lea@example.com\r\n",
        "Le Passe-plat",
        "Auto-Submitted: auto-generated\r\n",
    ] {
        assert!(mail.contains(line), "{mail}");
    }
    let body = json!({"token": token_in(&mail), "new": "crème brûlée maison"});
    let _ = service
        .http
        .post("/password-reset/confirm", body)
        .await
        .ok(200);
    let outbox = service.http.get("/dev/outbox").await;
    let _ = outbox.problem(404, "route_not_found");
}

#[actix_web::test]
async fn a_refused_mail_is_sent_again_with_a_valid_token() {
    let server = MailServer::start(Mood::Refuses).await;
    let service = service_with(sent_to(&server)).await;
    service.register("lea@example.com").await;
    ask(&service, "lea@example.com").await;
    eventually("a second try", async || {
        (server.offered.get() >= 2).then_some(())
    })
    .await;
    server.mood.set(Mood::Takes);
    let mail = mail(&server).await;
    let body = json!({"token": token_in(&mail), "new": "crème brûlée maison"});
    let _ = service
        .http
        .post("/password-reset/confirm", body)
        .await
        .ok(200);
}

#[actix_web::test]
async fn a_mail_that_waits_survives_a_restart() {
    let server = MailServer::start(Mood::Refuses).await;
    let service = service_with(sent_to(&server)).await;
    service.register("lea@example.com").await;
    ask(&service, "lea@example.com").await;
    eventually("a first try", async || {
        (server.offered.get() >= 1).then_some(())
    })
    .await;
    let waits = "SELECT COUNT(*) FROM password_reset_requests";
    assert_eq!(service.count(waits).await, 1);
    let again = MailServer::start(Mood::Takes).await;
    let service = service.restarted_with(sent_to(&again)).await;
    let mail = mail(&again).await;
    let body = json!({"token": token_in(&mail), "new": "crème brûlée maison"});
    let _ = service
        .http
        .post("/password-reset/confirm", body)
        .await
        .ok(200);
    eventually("an empty outbox", async || {
        (service.count(waits).await == 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_silent_mail_server_delays_no_answer() {
    let server = MailServer::start(Mood::Silent).await;
    let service = service_with(sent_to(&server)).await;
    service.register("lea@example.com").await;
    ask(&service, "lea@example.com").await;
    eventually("the mail to be on its way", async || {
        (server.offered.get() == 1).then_some(())
    })
    .await;
    // Both are answered while the mail is on its way, which takes the server 20 s to give up.
    for email in ["nobody@example.com", "lea@example.com"] {
        ask(&service, email).await;
    }
    assert_eq!(server.offered.get(), 1);
    let _ = service.log_in("lea@example.com").await;
}
