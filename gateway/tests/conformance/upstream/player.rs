//! Plays a script on one connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::{Script, Shared, Step, take_request};
use crate::wire::Head;

/// The pause between two trickling bytes.
const TRICKLE: Duration = Duration::from_millis(100);

pub(super) fn play(script: Script, stream: TcpStream, index: usize, shared: &Shared) {
    let mut player = Player {
        stream,
        index,
        shared,
        consumed: 0,
        waits: 0,
    };
    for step in script {
        if player.take(*step).is_none() {
            break;
        }
    }
    drop(player);
    shared.lock().connections[index].is_closed = true;
    shared.changed.notify_all();
}

struct Player<'a> {
    stream: TcpStream,
    index: usize,
    shared: &'a Shared,
    /// How many of the arrived bytes the steps have consumed.
    consumed: usize,
    waits: usize,
}

impl Player<'_> {
    /// Takes one step. `None` once the other side is gone.
    fn take(&mut self, step: Step) -> Option<()> {
        match step {
            Step::Read => self.read_request(),
            Step::Head => self.read_until(|bytes| {
                let taken = Head::take(bytes).ok().flatten();
                taken.map(|(_, length)| length)
            }),
            Step::GoOn => {
                let before = self.consumed;
                self.take(Step::Head)?;
                let bytes = &self.shared.lock().connections[self.index].bytes[before..];
                let expects = Head::take(bytes).ok().flatten()?.0.has("expect");
                self.consumed = before;
                match expects {
                    true => self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok(),
                    false => Some(()),
                }
            }
            Step::Send(bytes) => self.stream.write_all(bytes).ok(),
            Step::Fill(length) => self.fill(length),
            Step::Trickle(bytes) => bytes.chunks(1).try_for_each(|byte| {
                thread::sleep(TRICKLE);
                self.stream.write_all(byte).ok()
            }),
            Step::Wait => {
                self.waits += 1;
                let waits = self.waits;
                let go_on = self.shared.eventually(|state| state.released >= waits);
                go_on.then_some(())
            }
            Step::Serve(answer) => loop {
                self.read_request()?;
                self.stream.write_all(answer).ok()?;
            },
            Step::Hold => self.read_until(|_| None),
            Step::Reset => {
                let socket = SockRef::from(&self.stream);
                socket.set_linger(Some(Duration::ZERO)).ok()
            }
        }
    }

    fn read_request(&mut self) -> Option<()> {
        // Malformed bytes are kept, and reported when the case asks what has arrived.
        self.read_until(|bytes| {
            let taken = take_request(bytes, 0).ok().flatten();
            taken.map(|(_, length)| length)
        })
    }

    /// Reads until the unconsumed bytes are as many as `enough` says.
    fn read_until(&mut self, enough: impl Fn(&[u8]) -> Option<usize>) -> Option<()> {
        let mut buffer = [0; 64 * 1024];
        loop {
            let taken = enough(&self.shared.lock().connections[self.index].bytes[self.consumed..]);
            if let Some(length) = taken {
                self.consumed += length;
                return Some(());
            }
            let count = self
                .stream
                .read(&mut buffer)
                .ok()
                .filter(|count| *count > 0)?;
            let mut state = self.shared.lock();
            let bytes = &mut state.connections[self.index].bytes;
            bytes.extend_from_slice(&buffer[..count]);
            self.shared.changed.notify_all();
        }
    }

    fn fill(&mut self, length: usize) -> Option<()> {
        let block = [b'x'; 64 * 1024];
        let mut left = length;
        while left > 0 {
            let now = left.min(block.len());
            self.stream.write_all(&block[..now]).ok()?;
            left -= now;
        }
        Some(())
    }
}
