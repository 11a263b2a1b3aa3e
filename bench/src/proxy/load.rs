//! The load: connections that each ask the same again as soon as they are answered, or at a steady rate.
//!
//! It speaks just enough HTTP to do so: a client that does it all would take more of its core than some of the proxies
//! do of theirs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::scenario::Scenario;
use crate::Error;
use crate::stats::per_mille;

const PIECE: usize = 64 * 1024;

pub(super) struct Load {
    addr: SocketAddr,
    connections: usize,
    is_closing: bool,
    /// Between two requests of one connection.
    every: Option<Duration>,
    request: Vec<u8>,
}

pub(super) struct Outcome {
    pub(super) requests: u64,
    pub(super) elapsed: Duration,
    pub(super) waits: [Duration; 3],
}

impl Load {
    pub(super) fn of(scenario: &Scenario, addr: SocketAddr) -> Self {
        let Scenario { method, target, .. } = scenario;
        let mut request = format!("{method} {target} HTTP/1.1\r\nhost: {addr}\r\naccept: */*\r\n");
        if scenario.body > 0 {
            let length = scenario.body;
            request += &format!("content-type: application/json\r\ncontent-length: {length}\r\n");
        }
        request += if scenario.is_closing {
            "connection: close\r\n\r\n"
        } else {
            "\r\n"
        };
        let mut request = request.into_bytes();
        request.resize(request.len() + scenario.body, b' ');
        let every = scenario
            .rate
            .map(|rate| Duration::from_secs(1) * scenario.connections as u32 / rate);
        Self {
            addr,
            connections: scenario.connections,
            is_closing: scenario.is_closing,
            every,
            request,
        }
    }

    pub(super) async fn run(&self, duration: Duration) -> Result<Outcome, Error> {
        let begun = Instant::now();
        let mut connections = JoinSet::new();
        for number in 0..self.connections {
            let client = Client {
                addr: self.addr,
                stream: None,
                request: self.request.clone(),
                is_closing: self.is_closing,
                piece: vec![0; PIECE],
            };
            // Evenly spread over the time between two requests.
            let every = self.every;
            let first = every.map_or(Duration::ZERO, |every| {
                every * number as u32 / self.connections as u32
            });
            connections.spawn(client.work(begun + first, begun + duration, every));
        }
        let mut waits = Vec::new();
        while let Some(worked) = connections.join_next().await {
            waits.extend(worked??);
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
    request: Vec<u8>,
    is_closing: bool,
    piece: Vec<u8>,
}

impl Client {
    /// A request that is due and cannot be sent yet waits, and its wait counts from when it was due: a proxy that is slow
    /// for once would otherwise be asked less just then.
    async fn work(
        mut self,
        first: Instant,
        until: Instant,
        every: Option<Duration>,
    ) -> Result<Vec<Duration>, Error> {
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
        Ok(waits)
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
        stream.write_all(&self.request).await?;
        let mut got = 0;
        let (head, length) = loop {
            let room = self.piece.get_mut(got..).unwrap_or_default();
            let read = stream.read(room).await?;
            if read == 0 {
                return Err("an answer without its head".into());
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
                return Err("an answer that breaks off".into());
            }
            left = left.saturating_sub(read);
        }
        if !self.is_closing {
            self.stream = Some(stream);
        }
        Ok(())
    }
}

/// Where the body begins.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

/// Of the body of a 200.
fn length_of(head: &[u8]) -> Result<usize, Error> {
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(format!("an answer that is none: {head}").into());
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
    fn the_body_begins_behind_the_empty_line_and_has_its_length() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
        let head = end_of_head(answer).unwrap();
        assert_eq!(&answer[head..], b"[]");
        assert_eq!(length_of(&answer[..head]).unwrap(), 2);
        assert!(length_of(b"HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\n").is_err());
        assert!(length_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
