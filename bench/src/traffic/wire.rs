//! Both ends of a proxy in just enough HTTP: a connection that repeats requests, and an upstream.
//!
//! Hyper's client and server would take more of their core than some of the proxies take of
//! theirs.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use httparse::{EMPTY_HEADER, Header, Status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::Error;

const PIECE: usize = 64 * 1024;

/// The most fields in a head.
const FIELDS: usize = 128;

/// A proxy may open a connection for each of its clients at once.
const BACKLOG: u32 = 16_384;

/// A request that is sent again and again.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    head: String,
    body: usize,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str, body: usize) -> Self {
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:8080\r\naccept: */*\r\n");
        if body > 0 {
            head += &format!("content-type: application/json\r\ncontent-length: {body}\r\n");
        }
        Self { head, body }
    }

    pub(crate) fn with_field(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = [self.head.as_bytes(), b"\r\n"].concat();
        bytes.resize(bytes.len() + self.body, b' ');
        bytes
    }
}

/// A client's connection, opened at its first request.
pub(crate) struct Connection {
    pub(crate) addr: SocketAddr,
    /// The requests that it sends in turn.
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
    pub(crate) next: usize,
    /// Whether each request has its own connection.
    pub(crate) is_closing: bool,
    pub(crate) stream: Option<Stream>,
}

impl Connection {
    /// Sends the next request and reads its answer, which must be a 200.
    pub(crate) async fn ask(&mut self) -> Result<(), Error> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => Stream::new(TcpStream::connect(self.addr).await?)?,
        };
        let request = self.requests.get(self.next % self.requests.len().max(1));
        stream.write(request.map_or(&[], Vec::as_slice)).await?;
        self.next += 1;
        let answer = stream.read(length_of_answer).await?;
        answer.ok_or("the connection ended before the answer")?;
        if !self.is_closing {
            self.stream = Some(stream);
        }
        Ok(())
    }
}

/// A stream of messages, of which only the heads are looked at.
pub(crate) struct Stream {
    stream: TcpStream,
    piece: Vec<u8>,
}

/// A head: its length, the length of the body after it, and the length of the answer that it asks
/// for.
type Head = (usize, usize, Option<usize>);

impl Stream {
    fn new(stream: TcpStream) -> Result<Self, Error> {
        stream.set_nodelay(true)?;
        let piece = vec![0; PIECE];
        Ok(Self { stream, piece })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Reads a message, whose head `parse` understands, and drops its body. Gives `None` if the
    /// other end has closed the connection.
    async fn read(
        &mut self,
        parse: impl Fn(&[u8]) -> Result<Option<Head>, Error>,
    ) -> Result<Option<Head>, Error> {
        let mut got = 0;
        loop {
            let room = self.piece.get_mut(got..).unwrap_or_default();
            let read = self.stream.read(room).await?;
            if read == 0 {
                return Ok(None);
            }
            got += read;
            let Some(head) = parse(self.piece.get(..got).unwrap_or_default())? else {
                continue;
            };
            let mut left = (head.0 + head.1).saturating_sub(got);
            while left > 0 {
                let read = self.stream.read(&mut self.piece).await?;
                if read == 0 {
                    return Err("the connection ended within a body".into());
                }
                left = left.saturating_sub(read);
            }
            return Ok(Some(head));
        }
    }
}

fn length_of_answer(bytes: &[u8]) -> Result<Option<Head>, Error> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let Status::Complete(head) = answer.parse(bytes)? else {
        return Ok(None);
    };
    if answer.code != Some(200) {
        return Err(format!("an answer other than 200: {answer:?}").into());
    }
    let body = content_length(answer.headers).ok_or("an answer without its length")?;
    Ok(Some((head, body, None)))
}

fn length_of_request(bytes: &[u8]) -> Result<Option<Head>, Error> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let Status::Complete(head) = request.parse(bytes)? else {
        return Ok(None);
    };
    let query = request.path.and_then(|target| target.split_once("bytes="));
    let wanted = query.and_then(|(_, bytes)| bytes.parse().ok());
    let body = content_length(request.headers).unwrap_or(0);
    Ok(Some((head, body, wanted)))
}

fn content_length(fields: &[Header<'_>]) -> Option<usize> {
    let is_length = |field: &&Header<'_>| field.name.eq_ignore_ascii_case("content-length");
    let length = fields.iter().find(is_length)?.value;
    std::str::from_utf8(length).ok()?.trim().parse().ok()
}

/// The upstream: it answers `?bytes=N` with N bytes, and anything else, such as a probe, with 404.
/// Listens on its own thread until the program ends. Gives its address.
pub(crate) fn upstream() -> Result<SocketAddr, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let listener = {
        let _context = runtime.enter();
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        socket.listen(BACKLOG)?
    };
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        runtime.block_on(async {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection's failure affects no other.
                tokio::spawn(async { serve(stream).await.ok() });
            }
        });
    });
    Ok(addr)
}

async fn serve(stream: TcpStream) -> Result<(), Error> {
    let mut stream = Stream::new(stream)?;
    let (mut answer, mut answered) = (Vec::new(), None);
    while let Some((_, _, wanted)) = stream.read(length_of_request).await? {
        if answered != Some(wanted) {
            answer = answer_of(wanted);
            answered = Some(wanted);
        }
        stream.write(&answer).await?;
    }
    Ok(())
}

fn answer_of(bytes: Option<usize>) -> Vec<u8> {
    let Some(bytes) = bytes else {
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
    };
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\
         date: Sun, 22 Nov 2026 13:10:00 GMT\r\nserver: bench\r\n\r\n"
    )
    .into_bytes();
    answer.resize(answer.len() + bytes, b' ');
    answer
}

#[cfg(test)]
mod tests {
    use super::{answer_of, length_of_answer, length_of_request};

    #[test]
    fn the_body_begins_after_the_empty_line_and_has_its_length() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
        let (head, body, _) = length_of_answer(answer).unwrap().unwrap();
        assert_eq!((&answer[head..], body), (&b"[]"[..], 2));
        assert!(length_of_answer(b"HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\n").is_err());
        assert!(length_of_answer(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(length_of_answer(b"HTTP/1.1 200 OK\r\n").unwrap(), None);
    }

    #[test]
    fn the_wanted_length_is_read_from_the_head() {
        let head = b"POST /clients?bytes=7 HTTP/1.1\r\nhost: a\r\nContent-Length: 12\r\n\r\n";
        assert_eq!(
            length_of_request(head).unwrap(),
            Some((head.len(), 12, Some(7)))
        );
        let probe = b"GET /ready HTTP/1.1\r\nhost: a\r\n\r\n";
        assert_eq!(
            length_of_request(probe).unwrap(),
            Some((probe.len(), 0, None))
        );
        assert!(answer_of(Some(7)).ends_with(b"\r\n\r\n       "));
    }
}
