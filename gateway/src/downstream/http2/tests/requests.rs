//! The parts of a request that arrive, and the head of its answer.

use actix_web::{HttpResponse, web};
use tokio::time::timeout;

use super::{Client, LIMITS, PEER, SOON, connect, get, nothing, post, read};

fn with(
    mut request: http::Request<()>,
    fields: &[(&'static str, &'static str)],
) -> http::Request<()> {
    for (name, value) in fields {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

#[actix_web::test]
async fn a_request_arrives_in_the_form_of_http_1() {
    let mut client = connect(nothing()).await;
    let fields = [("x-mine", "1"), ("cookie", "a=1"), ("cookie", "b=2")];
    let (status, told) = client.fetch(with(get("/things?a=1"), &fields)).await;
    assert_eq!(status, 200);
    let facts: Vec<_> = told.lines().collect();
    assert_eq!(facts[0], "GET /things?a=1");
    assert_eq!(facts[1], format!("HTTP/2.0 from {PEER}"));
    for fact in ["host: a.example", "x-mine: 1", "cookie: a=1; b=2", "body: "] {
        assert!(facts.contains(&fact), "{fact} in {told}");
    }
    assert!(!told.contains("transfer-encoding"), "{told}");
}

#[actix_web::test]
async fn a_body_arrives_whole_and_without_its_trailers() {
    let mut client = connect(nothing()).await;
    for (fields, framing) in [
        (&[][..], "transfer-encoding: chunked"),
        (&[("content-length", "9")], "content-length: 9"),
    ] {
        let (answer, mut body) = client.begin(with(post("/things"), fields), false).await;
        body.send_data("first".into(), false).unwrap();
        body.send_data("last".into(), false).unwrap();
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-trailer", "1".parse().unwrap());
        body.send_trailers(trailers).unwrap();
        let told = read(answer.await.unwrap().into_body()).await.unwrap();
        assert!(told.ends_with("body: firstlast"), "{told}");
        assert!(told.contains(framing), "{told}");
        assert!(!told.contains("x-trailer"), "{told}");
    }
}

#[actix_web::test]
async fn another_host_than_the_authority_is_malformed() {
    let mut client = connect(nothing()).await;
    let agreeing = with(get("/"), &[("host", "A.example")]);
    assert_eq!(client.fetch(agreeing).await.0, 200);
    let other = with(get("/"), &[("host", "b.example")]);
    assert_eq!(
        client.fetch(other).await,
        (400, "another Host than :authority".to_owned())
    );
}

#[actix_web::test]
async fn connect_and_an_asterisk_are_answered() {
    let mut client = connect(nothing()).await;
    let connect = http::Request::connect("a.example:443").body(()).unwrap();
    let (answer, _) = client.begin(connect, false).await;
    let answer = timeout(SOON, answer).await.unwrap().unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(read(answer.into_body()).await.unwrap(), "a.example:443");
    let mut asterisk = http::uri::Parts::default();
    asterisk.scheme = Some(http::uri::Scheme::HTTPS);
    asterisk.authority = Some("a.example".parse().unwrap());
    asterisk.path_and_query = Some("*".parse().unwrap());
    let uri = http::Uri::from_parts(asterisk).unwrap();
    let options = http::Request::options(uri.clone()).body(()).unwrap();
    let (status, told) = client.fetch(options).await;
    assert_eq!(status, 200);
    assert!(told.starts_with("OPTIONS *"), "{told}");
    let get = http::Request::get(uri).body(()).unwrap();
    assert_eq!(client.fetch(get).await.0, 400);
}

#[actix_web::test]
async fn a_head_that_is_too_large_is_a_431_and_affects_no_other_request() {
    let mut client = connect(nothing()).await;
    let long = "x".repeat(usize::try_from(LIMITS.head + LIMITS.uri).unwrap() + 32 * 100);
    let mut request = get("/");
    request
        .headers_mut()
        .insert("x-long", long.parse().unwrap());
    assert_eq!(client.ask(request).await.status(), 431);
    assert_eq!(client.fetch(get("/")).await.0, 200);
}

#[actix_web::test]
async fn a_client_is_told_its_limit_of_concurrent_requests() {
    let mut client: Client = connect(nothing()).await;
    let _ = client.fetch(get("/")).await;
    assert_eq!(client.requests.current_max_send_streams(), 100);
}

#[actix_web::test]
async fn an_answers_head_is_in_the_form_of_http_2() {
    let answer = || async {
        HttpResponse::Ok()
            .insert_header(("connection", "x-hop"))
            .insert_header(("x-hop", "1"))
            .insert_header(("keep-alive", "timeout=5"))
            .insert_header(("transfer-encoding", "chunked"))
            .append_header(("x-mine", "1"))
            .append_header(("x-mine", "2"))
            .body("body")
    };
    let mut client = connect(web::resource("/answer").to(answer)).await;
    let answer = client.ask(get("/answer")).await;
    for gone in ["connection", "x-hop", "keep-alive", "transfer-encoding"] {
        assert!(!answer.headers().contains_key(gone), "{gone}");
    }
    let mine: Vec<_> = answer.headers().get_all("x-mine").iter().collect();
    assert_eq!(mine, ["1", "2"]);
    assert_eq!(answer.headers()["content-length"], "4");
    assert_eq!(answer.headers().get_all("date").iter().count(), 1);
    assert_eq!(read(answer.into_body()).await.unwrap(), "body");
}

#[actix_web::test]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let answer = || async { HttpResponse::Ok().body("body") };
    let mut client = connect(web::resource("/answer").to(answer)).await;
    let head = http::Request::head("https://a.example/answer");
    let answer = client.ask(head.body(()).unwrap()).await;
    assert_eq!(answer.headers()["content-length"], "4");
    assert!(answer.body().is_end_stream());
}

#[actix_web::test]
async fn an_error_of_the_service_is_its_answer() {
    let answer = || async { Err::<String, _>(actix_web::error::ErrorConflict("taken")) };
    let mut client = connect(web::resource("/answer").to(answer)).await;
    let fetched = client.fetch(get("/answer")).await;
    assert_eq!(fetched, (409, "taken".to_owned()));
}
