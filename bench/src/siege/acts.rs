//! The acts of one attacker on one connection, until it is cut.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use h2::client::{Builder, SendRequest};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::crowd::Attacker;

/// The number of streams that the gateway allows one connection.
const STREAMS: u32 = 100;

/// Reads so many bytes of an answer now and then.
pub(super) async fn read_slowly(
    attacker: Arc<Attacker>,
    path: &str,
    bytes: usize,
    every: Duration,
) -> io::Result<()> {
    let mut stream = attacker.target.narrow(attacker.source).await?;
    get(&mut stream, path).await?;
    if !is_ok(&mut stream).await? {
        return Ok(());
    }
    let mut buffer = vec![0; bytes];
    loop {
        sleep(every).await;
        if stream.read(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// Announces a body and sends one byte of it each second.
pub(super) async fn slow_upload(attacker: Arc<Attacker>) -> io::Result<()> {
    const LENGTH: usize = 1000;
    let stream = attacker.target.plain(attacker.source).await?;
    let (mut answers, mut stream) = stream.into_split();
    let head = format!(
        "POST /order-api/commandes HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/json\r\ncontent-length: {LENGTH}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 16];
    for _ in 0..LENGTH {
        stream.write_all(b" ").await?;
        // An answer before the end of the body is a refusal.
        let answered = timeout(Duration::from_secs(1), answers.read(&mut answer)).await;
        if answered.is_ok() {
            return Ok(());
        }
    }
    Ok(())
}

/// Connects and sends nothing.
pub(super) async fn idle(attacker: Arc<Attacker>) -> io::Result<()> {
    let mut stream = attacker.target.plain(attacker.source).await?;
    until_cut(&mut stream).await
}

/// Watches one order.
pub(super) async fn watch(attacker: Arc<Attacker>) -> io::Result<()> {
    let mut stream = attacker.target.plain(attacker.source).await?;
    let path = format!("/suivi/{}/flux", attacker.number);
    get(&mut stream, &path).await?;
    if is_ok(&mut stream).await? {
        until_cut(&mut stream).await?;
    }
    Ok(())
}

/// Signs up again and again on one connection, each time with another e-mail address.
pub(super) async fn sign_up(attacker: Arc<Attacker>) -> io::Result<()> {
    let mut stream = attacker.target.plain(attacker.source).await?;
    for count in 0_u32.. {
        let body = format!(
            r#"{{"email":"siege-{}-{count}-{:?}@example.org","password":"secret1","firstName":"A","lastName":"B"}}"#,
            attacker.number,
            stream.local_addr()?.port(),
        );
        let head = format!(
            "POST /client-api/clients HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        // The answer is short: if it does not come in one piece, this attacker stops.
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).await?;
        let answer = answer.get(..length).unwrap_or_default();
        if !answer.starts_with(b"HTTP/1.1 201 ") {
            return Ok(());
        }
    }
    Ok(())
}

/// Gives answers no room: over HTTP/2 (RFC 9113), it has a window of 0 and as many streams as
/// allowed, which it holds open until the connection is cut.
pub(super) async fn hold_streams(attacker: Arc<Attacker>, path: &'static str) -> io::Result<()> {
    let stream = attacker.target.open(attacker.source, "h2").await?;
    let mut builder = Builder::new();
    builder.initial_window_size(0).header_table_size(0);
    let shaken = builder.handshake(stream).await;
    let (sender, connection) = shaken.map_err(io::Error::other)?;
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        streams.spawn(ask_again(Arc::clone(&attacker), sender.clone(), path));
    }
    connection.await.map_err(io::Error::other)
}

/// Asks again whenever its stream is refused or over.
async fn ask_again(
    attacker: Arc<Attacker>,
    mut sender: SendRequest<Bytes>,
    path: &str,
) -> Result<(), h2::Error> {
    loop {
        sender = sender.ready().await?;
        let mut request = Request::new(());
        *request.uri_mut() = format!("https://localhost{path}")
            .parse()
            .unwrap_or_default();
        let (answer, _) = sender.send_request(request, true)?;
        if let Ok(answer) = answer.await
            && answer.status() == StatusCode::OK
        {
            let mut body = answer.into_body();
            while let Some(Ok(_)) = body.data().await {}
        }
        attacker.pace.turn().await;
    }
}

async fn get(stream: &mut TcpStream, path: &str) -> io::Result<()> {
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

/// Whether the answer begins with a 200. Reads nothing after that.
async fn is_ok(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<bool> {
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    Ok(&line == b"HTTP/1.1 200")
}

async fn until_cut(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}
