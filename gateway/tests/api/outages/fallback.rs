//! An answer that was written in advance, for a service that is not there yet.

use super::{Mood, SITE, Site};

/// The file must be beside the configuration. There is none here, so its path is absolute.
fn site(file: &str) -> String {
    SITE.replace(
        r#"to = "/things", outage = "error""#,
        &format!(r#"to = "/things", outage = "fallback", fallback = "{file}""#),
    )
}

#[actix_web::test]
async fn a_fallback_replaces_a_failing_upstreams_answer_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("things.json");
    std::fs::write(&file, r#"{"soon": true}"#).unwrap();
    let site = Site::open(&site(file.to_str().unwrap())).await;
    assert_eq!(
        site.public.get("/things").await.ok(200),
        serde_json::json!([])
    );
    for mood in [
        Mood::HangsUp,
        Mood::Says("500 Internal Server Error".to_owned(), String::new()),
    ] {
        site.backend.feels(mood);
        let answer = site.public.get("/things").await;
        assert_eq!(answer.ok(200), serde_json::json!({"soon": true}));
        assert_eq!(answer.header("x-degraded"), Some("fallback"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    site.backend.says("404 Not Found", "no");
    assert_eq!(site.public.get("/things").await.status, 404);
}
