//! A client that writes exactly the given bytes, and reads as a strict recipient.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use crate::verdict::{Deviation, Verdict, ensure};
use crate::wire::{Framing, Head, find, take_chunked};

/// Longer than any deadline of the products: a bound on a hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

pub(crate) struct Client {
    stream: TcpStream,
    /// Bytes that were read and not yet consumed.
    read: Vec<u8>,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
    /// The statuses of the interim answers before it.
    pub(crate) interim: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As long as announced.
    Whole,
    /// Delimited by the end of the connection.
    Closed,
    /// The connection ended before the body did.
    Cut,
}

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap_or_else(|error| panic!("{addr}: {error}"));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        // Each piece that is sent is a piece on the wire.
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
            end: None,
        }
    }

    /// Sends bytes. A product that takes no more has given its reason, which is read afterwards.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// Sends each byte by itself.
    pub(crate) fn send_bytewise(&mut self, bytes: &[u8]) -> &mut Self {
        bytes.chunks(1).for_each(|byte| {
            self.send(byte);
        });
        self
    }

    /// Ends the sending side, and goes on reading.
    pub(crate) fn half_close(&mut self) -> &mut Self {
        let _ = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// Breaks the connection: a reset instead of an end.
    pub(crate) fn abort(self) {
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    pub(crate) fn answer(&mut self) -> Verdict<Answer> {
        self.answer_to("GET")
    }

    pub(crate) fn answer_to(&mut self, method: &str) -> Verdict<Answer> {
        let mut interim = Vec::new();
        loop {
            let (status, head) = self.head()?;
            if (100..200).contains(&status) && status != 101 {
                interim.push(status);
                continue;
            }
            let framing = head.framing().map_err(garbage)?;
            let (body, ending) = match framing {
                _ if method == "HEAD" || matches!(status, 101 | 204 | 304) => {
                    (Vec::new(), Ending::Whole)
                }
                Framing::Length(length) => self.sized_body(length)?,
                Framing::Chunked => self.chunked_body()?,
                Framing::Unsaid => self.body_until_the_end()?,
            };
            return Ok(Answer {
                head,
                status,
                body,
                ending,
                interim,
            });
        }
    }

    /// The next head, even of an interim answer.
    pub(crate) fn head(&mut self) -> Verdict<(u16, Head)> {
        loop {
            if let Some((head, length)) = Head::take(&self.read).map_err(garbage)? {
                self.read.drain(..length);
                let status = status(&head.first_line);
                let status = status.ok_or_else(|| garbage(head.first_line.clone()))?;
                return Ok((status, head));
            }
            if !self.read_more("waited")? {
                let did = match self.read.is_empty() {
                    true => "closed without an answer",
                    false => "sent something that is no answer",
                };
                return Err(Deviation::new(did, self.shown()));
            }
        }
    }

    /// Reads until these bytes are there, in any part of an answer.
    pub(crate) fn until(&mut self, sought: &[u8]) -> Verdict {
        while find(&self.read, sought).is_none() {
            let more = self.read_more("held it back")?;
            ensure(more, "closed before it sent it", self.shown())?;
        }
        Ok(())
    }

    /// Checks that the product closes the connection and sends nothing before.
    pub(crate) fn closes(&mut self) -> Verdict {
        while self.read_more("kept the connection open")? {}
        ensure(
            self.read.is_empty(),
            "sent more than the answer",
            self.shown(),
        )
    }

    fn sized_body(&mut self, length: usize) -> Verdict<(Vec<u8>, Ending)> {
        while self.read.len() < length {
            if !self.read_more("held its answer back")? {
                return Ok((std::mem::take(&mut self.read), Ending::Cut));
            }
        }
        Ok((self.read.drain(..length).collect(), Ending::Whole))
    }

    fn chunked_body(&mut self) -> Verdict<(Vec<u8>, Ending)> {
        loop {
            if let Some((body, length)) = take_chunked(&self.read).map_err(garbage)? {
                self.read.drain(..length);
                return Ok((body, Ending::Whole));
            }
            if !self.read_more("held its answer back")? {
                return Ok((std::mem::take(&mut self.read), Ending::Cut));
            }
        }
    }

    fn body_until_the_end(&mut self) -> Verdict<(Vec<u8>, Ending)> {
        while self.read_more("left its answer without an end")? {}
        let ending = match self.end {
            Some(End::Reset) => Ending::Cut,
            _ => Ending::Closed,
        };
        Ok((std::mem::take(&mut self.read), ending))
    }

    /// Returns whether there was more; `hang` describes a product that neither sends nor closes.
    fn read_more(&mut self, hang: &str) -> Verdict<bool> {
        if self.end.is_some() {
            return Ok(false);
        }
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.end = Some(End::Closed),
            Ok(count) => self.read.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(Deviation::new(hang, self.shown()));
            }
            Err(_) => self.end = Some(End::Reset),
        }
        Ok(self.end.is_none())
    }

    fn shown(&self) -> String {
        let start = &self.read[..self.read.len().min(2000)];
        String::from_utf8_lossy(start).into_owned()
    }
}

impl Answer {
    pub(crate) fn is(&self, status: u16) -> Verdict {
        self.is_one_of(&[status])
    }

    pub(crate) fn is_one_of(&self, statuses: &[u16]) -> Verdict {
        let did = format!("answered {}", self.status);
        ensure(statuses.contains(&self.status), &did, self)
    }

    /// Checks for a 200 with exactly this body.
    pub(crate) fn is_ok_with(&self, body: &[u8]) -> Verdict {
        self.is(200)?;
        ensure(
            self.ending != Ending::Cut,
            "broke its answer off",
            &self.head,
        )?;
        ensure(
            self.body == body,
            "answered with another body",
            self.text().chars().take(500).collect::<String>(),
        )
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks a field of one value, exactly as it was sent.
    pub(crate) fn has(&self, name: &str, value: &[u8]) -> Verdict {
        let did = format!("changed `{name}`");
        ensure(self.head.all(name).contains(&value), &did, self)
    }
}

fn status(line: &str) -> Option<u16> {
    let rest = line
        .strip_prefix("HTTP/1.1 ")
        .or(line.strip_prefix("HTTP/1.0 "))?;
    let (code, _reason) = rest.split_once(' ')?;
    let is_status = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    code.parse().ok().filter(|_| is_status)
}

fn garbage(detail: impl std::fmt::Debug) -> Deviation {
    Deviation::new("sent something that is no answer", detail)
}
