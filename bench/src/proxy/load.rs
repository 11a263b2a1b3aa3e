//! The load: connections that repeat their requests as soon as they are answered, or at a steady
//! rate.
//!
//! It speaks just enough HTTP for that: a full client would take more of its core than some of the
//! proxies take of theirs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::Error;
use crate::stats::per_mille;

const PIECE: usize = 64 * 1024;

/// A request that is sent again and again.
pub(crate) struct Request {
    head: String,
    body: usize,
}

pub(crate) struct Load {
    pub(crate) addr: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) is_closing: bool,
    /// Requests per second over all connections; without it, as many as get through.
    pub(crate) rate: Option<u32>,
    /// The requests that each connection sends in turn.
    pub(crate) requests: Vec<Request>,
}

pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
    pub(crate) waits: [Duration; 3],
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

    fn bytes(&self, is_closing: bool) -> Vec<u8> {
        let end = if is_closing {
            "connection: close\r\n\r\n"
        } else {
            "\r\n"
        };
        let mut bytes = [self.head.as_bytes(), end.as_bytes()].concat();
        bytes.resize(bytes.len() + self.body, b' ');
        bytes
    }
}

impl Load {
    /// Makes the clients that put this load on. They connect at their first request.
    pub(crate) fn crowd(&self) -> Crowd {
        let requests = self.requests.iter();
        let requests: Arc<Vec<_>> = Arc::new(
            requests
                .map(|request| request.bytes(self.is_closing))
                .collect(),
        );
        let client = |number| Client {
            addr: self.addr,
            stream: None,
            requests: Arc::clone(&requests),
            // The clients start at different requests.
            next: number,
            is_closing: self.is_closing,
            piece: vec![0; PIECE],
        };
        Crowd {
            clients: (0..self.connections).map(client).collect(),
            every: self
                .rate
                .map(|rate| Duration::from_secs(1) * self.connections as u32 / rate),
        }
    }
}

/// The clients of a load, which keep their connections from one run to the next.
pub(crate) struct Crowd {
    clients: Vec<Client>,
    /// The time between two requests of one connection.
    every: Option<Duration>,
}

impl Crowd {
    pub(crate) async fn run(&mut self, duration: Duration) -> Result<Outcome, Error> {
        let begun = Instant::now();
        let count = self.clients.len() as u32;
        let mut working = JoinSet::new();
        for (number, client) in (0..).zip(self.clients.drain(..)) {
            // Spreads the clients evenly over the time between two requests.
            let first = self
                .every
                .map_or(Duration::ZERO, |every| every * number / count);
            working.spawn(client.work(begun + first, begun + duration, self.every));
        }
        let mut waits = Vec::new();
        while let Some(worked) = working.join_next().await {
            let (client, its_waits) = worked??;
            self.clients.push(client);
            waits.extend(its_waits);
        }
        let elapsed = begun.elapsed();
        waits.sort_unstable();
        Ok(Outcome {
            requests: waits.len() as u64,
            elapsed,
            waits: [500, 990, 999].map(|part| per_mille(&waits, part)),
        })
    }
}

struct Client {
    addr: SocketAddr,
    stream: Option<TcpStream>,
    requests: Arc<Vec<Vec<u8>>>,
    next: usize,
    is_closing: bool,
    piece: Vec<u8>,
}

impl Client {
    /// A request that is due and cannot be sent yet waits, and its wait counts from the moment it
    /// was due. Otherwise a proxy that is slow for a moment would be asked less in that moment.
    async fn work(
        mut self,
        first: Instant,
        until: Instant,
        every: Option<Duration>,
    ) -> Result<(Self, Vec<Duration>), Error> {
        let mut waits = Vec::new();
        let mut due = first;
        while due < until {
            if every.is_some() {
                sleep_until(due.into()).await;
            }
            self.ask().await?;
            waits.push(due.elapsed());
            due = match every {
                Some(every) => due + every,
                None => Instant::now(),
            };
        }
        Ok((self, waits))
    }

    async fn ask(&mut self) -> Result<(), Error> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.addr).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let request = self.requests.get(self.next % self.requests.len().max(1));
        stream.write_all(request.map_or(&[], Vec::as_slice)).await?;
        self.next += 1;
        let mut got = 0;
        let (head, length) = loop {
            let room = self.piece.get_mut(got..).unwrap_or_default();
            let read = stream.read(room).await?;
            if read == 0 {
                return Err("the connection ended within the answer's head".into());
            }
            got += read;
            let seen = self.piece.get(..got).unwrap_or_default();
            if let Some(head) = end_of_head(seen) {
                break (head, length_of(seen.get(..head).unwrap_or_default())?);
            }
        };
        let mut left = (head + length).saturating_sub(got);
        while left > 0 {
            let read = stream.read(&mut self.piece).await?;
            if read == 0 {
                return Err("the connection ended within the answer's body".into());
            }
            left = left.saturating_sub(read);
        }
        if !self.is_closing {
            self.stream = Some(stream);
        }
        Ok(())
    }
}

/// The position at which the body begins.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

/// The length of the body of an answer, which must be a 200.
fn length_of(head: &[u8]) -> Result<usize, Error> {
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(format!("an answer other than 200: {head}").into());
    }
    let mut lines = head.lines().skip(1);
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    let length = length.ok_or_else(|| format!("an answer without its length: {head}"))?;
    Ok(length.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::{end_of_head, length_of};

    #[test]
    fn the_body_begins_after_the_empty_line_and_has_its_length() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
        let head = end_of_head(answer).unwrap();
        assert_eq!(&answer[head..], b"[]");
        assert_eq!(length_of(&answer[..head]).unwrap(), 2);
        assert!(length_of(b"HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\n").is_err());
        assert!(length_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
