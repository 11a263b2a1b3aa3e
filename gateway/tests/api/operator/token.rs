//! `GATEWAY_ADMIN_TOKEN`: what needs it, how a browser shows it, and who never gets it.

use actix_web::http::Method;
use gateway::Config;
use service_kit::env::Env;
use service_kit::testing::Process;

use super::{Guarded, TOKEN, WRONG};
use crate::process::gateway;

#[actix_web::test]
async fn only_probes_and_the_login_page_need_no_token() {
    let gateway = Guarded::open().await;
    for path in ["/live", "/ready", "/login"] {
        assert_eq!(gateway.operator.get(path).await.status, 200, "{path}");
    }
    for (method, path) in [
        (Method::GET, "/status"),
        (Method::GET, "/metrics"),
        (Method::GET, "/events"),
        (Method::GET, "/main.js"),
        (Method::GET, "/drills"),
        (Method::GET, "/traces/4bf92f3577b34da6a3ce929d0e0e4736"),
        (Method::POST, "/v1/traces"),
        (Method::GET, "/closures"),
        (Method::PUT, "/closures/upstreams/backend"),
        (Method::DELETE, "/closures/features/things"),
        (Method::GET, "/public/things"),
        (Method::GET, "/nothing"),
        (Method::GET, "/login/"),
        (Method::GET, "//login"),
        (Method::HEAD, "/status"),
        (Method::OPTIONS, "/status"),
        (Method::PUT, "/drills/backend"),
        (Method::DELETE, "/drills/backend"),
        (Method::POST, "/drills/verdict"),
        (Method::POST, "/config"),
        (Method::POST, "/public/things"),
        (Method::POST, "/logout"),
    ] {
        let request = gateway.operator.request(method.clone(), path);
        let answer = request.send().await;
        assert_eq!(answer.status, 401, "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path}");
        if method != Method::HEAD {
            let problem = answer.problem(401, "unauthorized");
            assert!(problem.detail.contains("jeton de l'exploitant"), "{path}");
        }
    }
    assert_eq!(gateway.backend.asked(), 0);
    let english = gateway.operator.request(Method::GET, "/status");
    let english = english.header("accept-language", "en").send().await;
    let problem = english.problem(401, "unauthorized");
    assert!(problem.detail.contains("the operator's token"));
}

#[actix_web::test]
async fn a_program_sends_the_token_and_no_upstream_gets_it() {
    let gateway = Guarded::open().await;
    for path in ["/", "/status", "/metrics", "/drills", "/public/things"] {
        assert_eq!(gateway.get_with(path, TOKEN).await.status, 200, "{path}");
    }
    assert!(!gateway.backend.last().contains(TOKEN));
}

#[actix_web::test]
async fn a_token_beside_a_session_reaches_no_upstream() {
    let gateway = Guarded::open().await;
    let answer = gateway.log_in(TOKEN).await;
    let session = answer.header("set-cookie").unwrap().split(';').next();
    let request = gateway.operator.request(Method::GET, "/public/things");
    let request = request.header("cookie", session.unwrap()).bearer("guest");
    let request = request.header("authorization", &format!("bearer {TOKEN}"));
    assert_eq!(request.send().await.status, 200);
    let seen = gateway.backend.last();
    assert!(!seen.contains(TOKEN), "{seen}");
    assert!(seen.contains("authorization: Bearer guest\r\n"), "{seen}");
}

#[actix_web::test]
async fn a_browser_gets_a_session_that_no_script_reads_and_no_upstream_gets() {
    let gateway = Guarded::open().await;
    let answer = gateway.operator.get("/").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/login"));
    let form = gateway.operator.get("/login").await;
    assert!(
        form.text()
            .contains("<form method=\"post\" action=\"/login\">")
    );

    let refused = gateway.log_in(WRONG).await;
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("Ce n'est pas le jeton."));
    assert_eq!(refused.header("set-cookie"), None);

    let answer = gateway.log_in(TOKEN).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    for part in [
        "; HttpOnly",
        "; SameSite=Strict",
        "; Max-Age=43200",
        "; Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains(TOKEN) && !cookie.contains("Secure"),
        "{cookie}"
    );
    let session = cookie.split(';').next().unwrap().to_owned();

    let with = |method: Method, path: &str| {
        let request = gateway.operator.request(method, path);
        request.header("cookie", &format!("theme=dark; {session}"))
    };
    for path in ["/", "/main.js", "/status"] {
        let answer = with(Method::GET, path).send().await;
        assert_eq!(answer.status, 200, "{path}");
    }
    // A guest's own token goes on beside it.
    let request = with(Method::GET, "/public/things").bearer("guest");
    assert_eq!(request.send().await.status, 200);
    let seen = gateway.backend.last();
    assert!(seen.contains("cookie: theme=dark\r\n"), "{seen}");
    assert!(seen.contains("authorization: Bearer guest\r\n"), "{seen}");

    let page = with(Method::GET, "/login").send().await;
    assert!(page.text().contains("action=\"/logout\""));
    let out = with(Method::POST, "/logout").send().await;
    assert!(out.header("set-cookie").unwrap().contains("; Max-Age=0;"));
    let forged = gateway.operator.request(Method::GET, "/status");
    let forged = forged.header("cookie", &session.replace('.', ".0"));
    let _ = forged.send().await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn another_sites_page_can_neither_log_in_nor_use_a_session() {
    let gateway = Guarded::open().await;
    let answer = gateway.log_in(TOKEN).await;
    let session = answer.header("set-cookie").unwrap().split(';').next();
    let session = session.unwrap().to_owned();
    for path in ["/login", "/drills/verdict", "/config", "/logout"] {
        let request = gateway.operator.request(Method::POST, path);
        let request = request.header("cookie", &session);
        let request = request.header("origin", "https://evil.example");
        let _ = request.send().await.problem(403, "forbidden");
    }
    let metrics = gateway.get_with("/metrics", TOKEN).await;
    let told = "gateway_operator_refused_total{reason=\"foreign\"} 4";
    assert!(metrics.text().contains(told), "{}", metrics.text());
}

#[test]
fn a_short_token_stops_the_start_and_is_not_repeated() {
    let env = Env::of_pairs([("GATEWAY_ADMIN_TOKEN", "s3cret")]);
    let error = Config::load(None, &env).unwrap_err().to_string();
    assert!(error.starts_with("GATEWAY_ADMIN_TOKEN: "), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_port_that_others_reach_is_warned_of_once_unless_it_has_a_token() {
    let warning = "without GATEWAY_ADMIN_TOKEN";
    let start = |token: &str| {
        let mut command = gateway();
        command.env("GATEWAY_ADMIN_BIND", "0.0.0.0:0");
        let mut process = Process::start(command.env("GATEWAY_ADMIN_TOKEN", token));
        let _ = process.line_with("for its operator on");
        process.terminate();
        assert!(process.wait().success());
        let log = process.log();
        log.iter().filter(|line| line.contains(warning)).count()
    };
    assert_eq!([start(""), start(TOKEN)], [1, 0]);
}
