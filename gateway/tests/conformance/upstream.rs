//! A scripted upstream, byte for byte, which keeps every byte it receives.

mod player;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::client::PATIENCE;
use crate::verdict::{Deviation, Verdict, ensure};
use player::play;

use crate::wire::{Framing, Head, Malformed, find, take_chunked};

/// The steps of a script, for one connection. At the script's end it closes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Reads one whole request.
    Read,
    /// Reads one head, and the bytes that happen to come with it.
    Head,
    /// Reads a head, and sends a 100 if it is expected: a gateway may ask instead of telling its
    /// client itself.
    GoOn,
    Send(&'static [u8]),
    /// Sends this many bytes.
    Fill(usize),
    /// Sends byte by byte, slower than any deadline for the whole.
    Trickle(&'static [u8]),
    /// Waits until the case lets it go on.
    Wait,
    /// Answers every request with the same bytes.
    Serve(&'static [u8]),
    /// Reads until the other side closes.
    Hold,
    /// Closes by a reset.
    Reset,
}

pub(crate) type Script = &'static [Step];

pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
    /// The sockets that keep a port without accepting connections.
    _kept: Vec<Socket>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// The connection that it came on, in the order of their arrival.
    pub(crate) connection: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    connections: Vec<Connection>,
    /// How many waits the case has ended.
    released: usize,
}

#[derive(Default)]
struct Connection {
    bytes: Vec<u8>,
    is_closed: bool,
}

impl Upstream {
    /// The first connection plays the first script, and so on; those beyond the last play the last.
    pub(crate) fn scripted(scripts: &'static [Script]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        // It accepts until the suite ends: a freed port could be given to another case.
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let script = scripts[index.min(scripts.len() - 1)];
                let connection = Arc::clone(&accepting);
                connection.lock().connections.push(Connection::default());
                connection.changed.notify_all();
                let stream = stream.unwrap();
                thread::spawn(move || play(script, stream, index, &connection));
            }
        });
        Self {
            addr,
            shared,
            _kept: Vec::new(),
        }
    }

    /// A port that refuses connections.
    pub(crate) fn nobody() -> Self {
        let socket = bound();
        Self::kept(vec![socket])
    }

    /// A port whose connections are never completed: Linux drops what does not fit into the queue
    /// of unaccepted connections.
    pub(crate) fn black_hole() -> Self {
        let listener = bound();
        listener.listen(0).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut kept = vec![listener];
        loop {
            let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let connected = client.connect_timeout(&addr, Duration::from_millis(100));
            kept.push(client);
            if connected.is_err() {
                return Self::kept(kept);
            }
        }
    }

    fn kept(sockets: Vec<Socket>) -> Self {
        let addr = sockets[0].local_addr().unwrap().as_socket().unwrap();
        Self {
            addr,
            shared: Arc::default(),
            _kept: sockets,
        }
    }

    /// Ends one wait of a script.
    pub(crate) fn go_on(&self) {
        self.shared.lock().released += 1;
        self.shared.changed.notify_all();
    }

    /// The requests that have arrived, connection by connection.
    pub(crate) fn requests(&self) -> Verdict<Vec<Request>> {
        let state = self.shared.lock();
        let mut requests = Vec::new();
        for (index, connection) in state.connections.iter().enumerate() {
            let mut rest = &connection.bytes[..];
            while let Some((request, length)) = take_request(rest, index).map_err(|error| {
                let bytes = String::from_utf8_lossy(&connection.bytes).into_owned();
                Deviation::new("sent the upstream something malformed", (error, bytes))
            })? {
                rest = &rest[length..];
                requests.push(request);
            }
        }
        Ok(requests)
    }

    /// Every byte of every connection.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let state = self.shared.lock();
        let connections = state.connections.iter();
        connections.flat_map(|one| one.bytes.clone()).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections.len()
    }

    /// Waits for these bytes on any connection.
    pub(crate) fn receives(&self, bytes: &[u8]) -> Verdict {
        let arrived = self.shared.eventually(|state| {
            let mut connections = state.connections.iter();
            connections.any(|one| find(&one.bytes, bytes).is_some())
        });
        ensure(arrived, "held it back", String::from_utf8_lossy(bytes))
    }

    /// Waits until the product's side of a connection has ended.
    pub(crate) fn is_closed(&self, connection: usize) -> Verdict {
        let closed = self.shared.eventually(|state| {
            let connection = state.connections.get(connection);
            connection.is_some_and(|connection| connection.is_closed)
        });
        ensure(closed, "left the upstream's connection open", connection)
    }
}

impl Request {
    pub(crate) fn target(&self) -> &str {
        let line = &self.head.first_line;
        line.split(' ').nth(1).unwrap_or_default()
    }

    /// Checks that a field was not relayed.
    pub(crate) fn lacks(&self, name: &str) -> Verdict {
        ensure(
            !self.head.has(name),
            &format!("relayed `{name}`"),
            &self.head,
        )
    }

    pub(crate) fn has(&self, name: &str, values: &[&[u8]]) -> Verdict {
        let did = format!("changed `{name}`");
        ensure(self.head.all(name) == values, &did, &self.head)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn eventually(&self, holds: impl Fn(&State) -> bool) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, |state| !holds(state));
        !waited.unwrap().1.timed_out()
    }
}

fn bound() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&free.into()).unwrap();
    socket
}

fn take_request(bytes: &[u8], connection: usize) -> Result<Option<(Request, usize)>, Malformed> {
    let Some((head, start)) = Head::take(bytes)? else {
        return Ok(None);
    };
    let taken = match head.framing()? {
        Framing::Unsaid => Some((Vec::new(), 0)),
        Framing::Chunked => take_chunked(&bytes[start..])?,
        Framing::Length(length) => {
            let body = bytes.get(start..start + length);
            body.map(|body| (body.to_vec(), length))
        }
    };
    Ok(taken.map(|(body, length)| {
        let request = Request {
            head,
            body,
            connection,
        };
        (request, start + length)
    }))
}
