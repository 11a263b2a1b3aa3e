//! Changes that make stored answers out of date (RFC 9111 §4.4).

use actix_web::http::Method;
use futures_util::future::join;
use service_kit::testing::eventually;

use super::super::{Mood, Site};
use super::{FRESH, row};

/// A row that makes the same path writable.
fn writable() -> String {
    row(FRESH).replace(
        "    { path = \"/menu\"",
        "    { path = \"/menu\", methods = [\"POST\", \"PUT\", \"DELETE\"], to = \"/menu\", outage = \"error\" },\n    { path = \"/menu\"",
    )
}

async fn write(site: &Site, method: Method) {
    let _ = site.public.request(method, "/menu").send().await;
}

#[actix_web::test]
async fn a_change_of_the_same_path_invalidates_its_answers() {
    for (method, status, is_changed) in [
        (Method::POST, "201 Created", true),
        (Method::PUT, "204 No Content", true),
        (Method::DELETE, "200 OK", true),
        (Method::POST, "303 See Other\r\nlocation: /elsewhere", true),
        (
            Method::POST,
            "307 Temporary Redirect\r\nlocation: /elsewhere",
            true,
        ),
        (Method::POST, "400 Bad Request", false),
        (Method::DELETE, "404 Not Found", false),
        (Method::POST, "500 Internal Server Error", false),
    ] {
        let site = Site::open(&writable()).await;
        site.backend.says("200 OK", "[1]");
        let _ = site.public.get("/menu?x=1").await.ok(200);
        site.backend.says(status, "");
        write(&site, method).await;
        site.backend.says("200 OK", "[2]");
        let expected: &[u8] = if is_changed { b"[2]" } else { b"[1]" };
        assert_eq!(
            &site.public.get("/menu?x=1").await.body[..],
            expected,
            "{status}"
        );
    }
}

#[actix_web::test]
async fn an_invalidated_answer_does_not_stand_in_either() {
    let site = Site::open(&writable()).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.says("201 Created", "");
    write(&site, Method::POST).await;
    site.backend.feels(Mood::HangsUp);
    let answer = site.public.get("/menu").await;
    let _ = answer.problem(502, "upstream_unreachable");
}

#[actix_web::test]
async fn a_change_that_fails_in_an_outage_invalidates_nothing() {
    let site = Site::open(&writable().replace("fresh = \"1h\"", "fresh = \"0s\"")).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.feels(Mood::HangsUp);
    write(&site, Method::POST).await;
    let stale = site.public.get("/menu").await;
    assert_eq!(stale.header("x-degraded"), Some("stale"));
}

#[actix_web::test]
async fn an_answer_asked_for_before_a_change_is_not_stored() {
    let site = Site::open(&writable()).await;
    site.backend.feels(Mood::Holds("[1]".to_owned()));
    let early = site.public.get("/menu");
    let change = async {
        eventually("a request", async || {
            (site.backend.asked() == 1).then_some(())
        })
        .await;
        site.backend.says("201 Created", "");
        write(&site, Method::POST).await;
        site.backend.says("200 OK", "[2]");
        // A request after the change does not wait for an answer that was asked for before it.
        let late = site.public.get("/menu").await;
        site.backend.release.notify_one();
        late
    };
    let (early, late) = join(early, change).await;
    assert_eq!(
        (&early.body[..], &late.body[..]),
        (&b"[1]"[..], &b"[2]"[..])
    );
    assert_eq!(&site.public.get("/menu").await.body[..], b"[2]");
}

#[actix_web::test]
async fn a_change_of_one_thing_leaves_the_others() {
    let rows = r#"{ path = "/things/{id}", methods = ["GET"], to = "/things/{id}", outage = "stale", fresh = "1h", stale_if_error = "1h" },
    { path = "/things/{id}", methods = ["PATCH"], to = "/things/{id}", outage = "error" },
    { path = "/menu""#;
    let config = row(FRESH).replace("{ path = \"/menu\"", rows);
    let site = Site::open(&config).await;
    for id in 0..20 {
        let _ = site.public.get(&format!("/things/{id}")).await.ok(200);
    }
    let _ = site.public.patch("/things/7", "{}").await;
    site.backend.says("200 OK", "\"new\"");
    assert_eq!(&site.public.get("/things/7").await.body[..], b"\"new\"");
    let mut left = 0;
    for id in (0..20).filter(|id| *id != 7) {
        let answer = site.public.get(&format!("/things/{id}")).await;
        left += usize::from(&answer.body[..] == b"[]");
    }
    // Some share a counter by chance.
    assert!(left > 15, "{left}");
}

#[actix_web::test]
async fn targets_of_this_origin_that_the_answer_to_a_change_names_are_invalidated() {
    for (field, host, is_changed) in [
        ("location: /menu", "a.example", true),
        ("content-location: /menu", "a.example", true),
        ("location: http://a.example/menu", "a.example", true),
        ("location: http://b.example/menu", "a.example", false),
        ("location: //b.example/menu", "a.example", false),
        ("location: menu", "a.example", false),
        ("location: /nowhere", "a.example", false),
    ] {
        let site = Site::open(&row(FRESH)).await;
        site.backend.says("200 OK", "[1]");
        let _ = site.public.get("/menu").await.ok(200);
        site.backend.says(&format!("201 Created\r\n{field}"), "");
        let request = site.public.request(Method::POST, "/things");
        let _ = request.header("host", host).send().await;
        site.backend.says("200 OK", "[2]");
        let expected: &[u8] = if is_changed { b"[2]" } else { b"[1]" };
        assert_eq!(
            &site.public.get("/menu").await.body[..],
            expected,
            "{field}"
        );
    }
}
