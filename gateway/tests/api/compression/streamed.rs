//! Answers that are compressed as they come.

use std::rc::Rc;

use actix_web::web::Bytes;
use service_kit::testing::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{CODINGS, accepting, compressing, decoded, list, read};
use crate::http2::{Gateway, SOON, request};
use crate::scripted::{answering, read_head, serving};
use crate::start;

/// Five megabytes.
fn long() -> String {
    list(100_000)
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn sized(body: &str) -> String {
    format!("{HEAD}content-length: {}\r\n\r\n{body}", body.len())
}

fn chunked(body: &str) -> String {
    let mut answer = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    for chunk in body.as_bytes().chunks(50_000) {
        answer += &format!(
            "{:x}\r\n{}\r\n",
            chunk.len(),
            str::from_utf8(chunk).unwrap()
        );
    }
    answer + "0\r\n\r\n"
}

fn patient() -> String {
    compressing().replace("400ms", "20s")
}

#[actix_web::test]
async fn five_megabytes_arrive_whole() {
    let body = long();
    assert!(body.len() > 5_000_000);
    for answer in [sized(&body), chunked(&body)] {
        let (backend, _) = answering(answer).await;
        let client = Client::of(start(&patient(), backend));
        for coding in CODINGS {
            let answer = accepting(&client, "/things", coding).await;
            assert_eq!(answer.header("content-encoding"), Some(coding));
            assert_eq!(answer.header("content-length"), None);
            assert!(decoded(coding, &answer.body) == body, "{coding}");
            assert!(answer.body.len() < body.len() / 5, "{}", answer.body.len());
        }
    }
}

#[actix_web::test]
async fn five_megabytes_arrive_whole_over_http_2() {
    let body = long();
    let (backend, _) = answering(chunked(&body)).await;
    let gateway = Gateway::start(backend);
    let mut requests = gateway.connect().await;
    for coding in CODINGS {
        let asked = request(
            "GET",
            "/order-api/commandes",
            &[("accept-encoding", coding)],
        );
        let (answer, _) = requests.send_request(asked, true).unwrap();
        let (head, stream) = timeout(SOON, answer).await.unwrap().unwrap().into_parts();
        assert_eq!(head.headers["content-encoding"], coding);
        assert!(!head.headers.contains_key("content-length"));
        let mut bytes = Vec::new();
        pour(stream, &mut bytes).await.unwrap();
        assert!(decoded(coding, &bytes) == body, "{coding}");
    }
}

/// Reads an HTTP/2 body to its end.
async fn pour(mut body: h2::RecvStream, into: &mut Vec<u8>) -> Result<(), h2::Error> {
    while let Some(chunk) = timeout(SOON, body.data()).await.unwrap() {
        let chunk: Bytes = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        into.extend_from_slice(&chunk);
    }
    Ok(())
}

/// Asks over HTTP/1.1, and reads the answer's head.
async fn ask(addr: std::net::SocketAddr, version: &str, coding: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let asked = format!("GET /things {version}\r\nhost: x\r\naccept-encoding: {coding}\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await.unwrap();
    (stream, head)
}

/// The content of the chunk that comes next. Empty at the end.
async fn chunk(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut size = String::new();
    while !size.ends_with("\r\n") {
        size.push(char::from(stream.read_u8().await?));
    }
    let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
    let mut content = vec![0; size + 2];
    stream.read_exact(&mut content).await?;
    content.truncate(size);
    Ok(content)
}

#[actix_web::test]
async fn what_has_come_goes_out_while_the_upstream_pauses() {
    for coding in CODINGS {
        let arrived = Rc::new(Notify::new());
        let wait = Rc::clone(&arrived);
        let backend = serving(move |mut stream| {
            let wait = Rc::clone(&wait);
            async move {
                read_head(&mut stream).await.unwrap();
                let begin = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
                stream.write_all(begin.as_bytes()).await.unwrap();
                for line in ["{\"id\":1}\n", "{\"id\":2}\n"] {
                    let chunk = format!("{:x}\r\n{line}\r\n", line.len());
                    stream.write_all(chunk.as_bytes()).await.unwrap();
                    wait.notified().await;
                }
                stream.write_all(b"0\r\n\r\n").await.unwrap();
            }
        })
        .await;
        let (mut stream, _) = ask(start(&patient(), backend), "HTTP/1.1", coding).await;
        let mut bytes = Vec::new();
        for expected in ["{\"id\":1}\n", "{\"id\":1}\n{\"id\":2}\n"] {
            while read(coding, &bytes).0 != expected.as_bytes() {
                bytes.extend(timeout(SOON, chunk(&mut stream)).await.unwrap().unwrap());
            }
            arrived.notify_one();
        }
        loop {
            let last = timeout(SOON, chunk(&mut stream)).await.unwrap().unwrap();
            if last.is_empty() {
                break;
            }
            bytes.extend(last);
        }
        assert_eq!(decoded(coding, &bytes), "{\"id\":1}\n{\"id\":2}\n");
    }
}

/// An upstream that sends a part of a body, and hangs up once that has arrived.
async fn broken(body: &str) -> (std::net::SocketAddr, Rc<Notify>) {
    let begin = chunked(body);
    let begin = begin.strip_suffix("0\r\n\r\n").unwrap().to_owned();
    let arrived = Rc::new(Notify::new());
    let wait = Rc::clone(&arrived);
    let addr = serving(move |mut stream| {
        let (begin, wait) = (begin.clone(), Rc::clone(&wait));
        async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(begin.as_bytes()).await.unwrap();
            wait.notified().await;
        }
    });
    (addr.await, arrived)
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_not_passed_off_as_whole() {
    for body in [list(10), list(3_000)] {
        let (backend, arrived) = broken(&body).await;
        for coding in CODINGS {
            let (mut stream, head) = ask(start(&patient(), backend), "HTTP/1.1", coding).await;
            let field = format!("\r\ncontent-encoding: {coding}\r\n");
            assert!(head.contains(&field), "{head}");
            let mut bytes = Vec::new();
            while read(coding, &bytes).0 != body.as_bytes() {
                bytes.extend(timeout(SOON, chunk(&mut stream)).await.unwrap().unwrap());
            }
            arrived.notify_one();
            let end = timeout(SOON, chunk(&mut stream)).await.unwrap();
            assert!(end.is_err(), "the answer has an end: {end:?}");
            assert!(read(coding, &bytes).1.is_err(), "the body has an end");
        }
    }
}

#[actix_web::test]
async fn a_body_that_breaks_off_resets_the_stream_of_http_2() {
    let (backend, arrived) = broken(&list(3_000)).await;
    let gateway = Gateway::start(backend);
    let mut requests = gateway.connect().await;
    for coding in CODINGS {
        let fields = [("accept-encoding", coding)];
        let asked = request("GET", "/order-api/commandes", &fields);
        let (answer, _) = requests.send_request(asked, true).unwrap();
        let answer = timeout(SOON, answer).await.unwrap().unwrap();
        assert_eq!(answer.headers()["content-encoding"], coding);
        arrived.notify_one();
        let mut bytes = Vec::new();
        let end = pour(answer.into_body(), &mut bytes).await;
        assert!(end.unwrap_err().is_reset());
        assert!(read(coding, &bytes).1.is_err(), "the body has an end");
    }
}

#[actix_web::test]
async fn a_client_of_http_1_0_gets_it_only_with_a_length() {
    let (short, long) = (list(40), long());
    for (body, encoded) in [(&short, true), (&long, false)] {
        let (backend, _) = answering(sized(body)).await;
        let (mut stream, head) = ask(start(&patient(), backend), "HTTP/1.0", "gzip").await;
        let mut bytes = Vec::new();
        timeout(SOON, stream.read_to_end(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(head.contains("content-encoding: gzip"), encoded, "{head}");
        let plain = if encoded {
            decoded("gzip", &bytes)
        } else {
            String::from_utf8(bytes).unwrap()
        };
        assert!(plain == *body);
        assert!(head.contains("\r\nvary: accept-encoding\r\n"), "{head}");
    }
}

#[actix_web::test]
async fn without_room_for_an_encoder_the_answer_goes_out_as_it_is() {
    let body = long();
    let (backend, _) = answering(chunked(&body)).await;
    // Room for gzip, but not for Brotli.
    let config = patient().replace(
        "rate = \"off\"",
        "rate = \"off\"\nmemory_per_client = \"1MiB\"",
    );
    let client = Client::of(start(&config, backend));
    let answer = accepting(&client, "/things", "br").await;
    assert_eq!(answer.header("content-encoding"), None);
    assert!(answer.text() == body);
    let answer = accepting(&client, "/things", "gzip").await;
    assert!(decoded("gzip", &answer.body) == body);
}
