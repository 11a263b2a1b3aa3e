//! An upstream that does exactly what a test scripts, byte for byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

pub(crate) use service_kit::testing::unused_address;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The requests it has received, as texts.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn add(&self, request: String) {
        self.0.lock().unwrap().push(request);
    }

    /// The only request that came.
    #[track_caller]
    pub(crate) fn only(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests[0].clone()
    }
}

/// The value of a field that the request has exactly once.
#[track_caller]
pub(crate) fn value<'a>(request: &'a str, name: &str) -> &'a str {
    let lines = request.lines().filter_map(|line| line.split_once(": "));
    let mut values = lines.filter(|(known, _)| *known == name);
    let (Some((_, value)), None) = (values.next(), values.next()) else {
        panic!("{name} in {request}")
    };
    value
}

/// Answers every request with the same bytes.
pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> (SocketAddr, Seen) {
    let answer: Arc<[u8]> = answer.into().into();
    let seen = Seen::default();
    let requests = seen.clone();
    let addr = serving(move |mut stream| {
        let (answer, requests) = (Arc::clone(&answer), requests.clone());
        async move {
            while let Some(request) = read_request(&mut stream).await {
                requests.0.lock().unwrap().push(request);
                stream.write_all(&answer).await.unwrap();
            }
        }
    })
    .await;
    (addr, seen)
}

/// Answers with the status and a JSON body.
pub(crate) async fn json(status: &str, body: &str) -> (SocketAddr, Seen) {
    let length = body.len();
    answering(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
    .await
}

/// Hands each connection to `script`.
pub(crate) async fn serving<F>(script: impl Fn(TcpStream) -> F + 'static) -> SocketAddr
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    actix_web::rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            actix_web::rt::spawn(script(stream));
        }
    });
    addr
}

/// Accepts connections and stays silent.
pub(crate) async fn silent() -> SocketAddr {
    serving(|mut stream| async move {
        let mut sink = Vec::new();
        let _ = stream.read_to_end(&mut sink).await;
    })
    .await
}

/// The head, including its empty line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

/// Reads until the bytes end with `end`, however many there are.
pub(crate) async fn read_to(stream: &mut TcpStream, end: &[u8]) {
    let mut last = std::collections::VecDeque::new();
    let mut stream = tokio::io::BufReader::new(stream);
    while last != end {
        last.push_back(stream.read_u8().await.unwrap());
        if last.len() > end.len() {
            last.pop_front();
        }
    }
}

/// A request whose body is delimited by its length or by chunks.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = read_head(stream).await?;
    let length = request
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    if let Some(length) = length {
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        request.push_str(std::str::from_utf8(&body).unwrap());
    } else if request.contains("transfer-encoding: chunked") {
        let mut body = Vec::new();
        while !body.ends_with(b"0\r\n\r\n") {
            body.push(stream.read_u8().await.ok()?);
        }
        request.push_str(std::str::from_utf8(&body).unwrap());
    }
    Some(request)
}

/// Sends bytes to the gateway and reads until it closes, or until `until` has been read.
pub(crate) async fn raw(gateway: SocketAddr, request: &[u8], until: &str) -> String {
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if !until.is_empty() && text.contains(until) {
            return text;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
        }
    }
}
