//! Gathers log lines for a moment and writes them together on a thread of its own. Writing each
//! line by itself costs a request more than routing it.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long lines are gathered after the first one. A killed process loses at most these.
const GATHER_TIME: Duration = Duration::from_millis(5);

/// The bytes that may wait. Beyond them, a thread that logs waits for the writer.
const MAX_BYTES: usize = 256 * 1024;

/// The input side.
pub(super) struct Gathered(Arc<Shared>);

/// Writes the remaining lines when it is dropped. Later lines are written at once.
#[must_use = "the last lines are written when it is dropped"]
pub struct Lines {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    waiting: Mutex<Buffer>,
    /// Notified when there is something to write, when there is room again, and when the writer
    /// ends.
    has_changed: Condvar,
}

struct Buffer {
    bytes: Vec<u8>,
    is_closed: bool,
}

impl Gathered {
    /// # Errors
    /// The system refuses a thread.
    pub(super) fn to(mut out: impl Write + Send + 'static) -> io::Result<(Self, Lines)> {
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Buffer {
                bytes: Vec::new(),
                is_closed: false,
            }),
            has_changed: Condvar::new(),
        });
        let of_writer = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || of_writer.write_all_to(&mut out))?;
        let lines = Lines {
            shared: Arc::clone(&shared),
            writer: Some(writer),
        };
        Ok((Self(shared), lines))
    }
}

impl Write for Gathered {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let waiting = self.0.waiting();
        let is_full = |waiting: &mut Buffer| waiting.bytes.len() >= MAX_BYTES && !waiting.is_closed;
        let mut waiting = self.0.wait_while(waiting, is_full);
        if waiting.is_closed {
            return io::stderr().write(line);
        }
        let was_empty = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if was_empty {
            self.0.has_changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Buffer> {
        // No code panics while it holds the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &self,
        waiting: MutexGuard<'a, Buffer>,
        condition: impl FnMut(&mut Buffer) -> bool,
    ) -> MutexGuard<'a, Buffer> {
        let waited = self.has_changed.wait_while(waiting, condition);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all_to(&self, out: &mut impl Write) {
        let mut bytes = Vec::new();
        loop {
            let is_idle = |waiting: &mut Buffer| waiting.bytes.is_empty() && !waiting.is_closed;
            let waiting = self.wait_while(self.waiting(), is_idle);
            let mut is_closed = waiting.is_closed;
            drop(waiting);
            if !is_closed {
                thread::sleep(GATHER_TIME);
            }
            let mut waiting = self.waiting();
            is_closed |= waiting.is_closed;
            bytes.clear();
            mem::swap(&mut bytes, &mut waiting.bytes);
            drop(waiting);
            self.has_changed.notify_all();
            // There is no other place to report that the log has failed.
            let _ = out.write_all(&bytes);
            if is_closed {
                return;
            }
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.shared.waiting().is_closed = true;
        self.shared.has_changed.notify_all();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::thread;

    use super::{Gathered, MAX_BYTES};

    /// A reader that takes one write each time it is asked.
    struct Reader(SyncSender<Vec<u8>>);

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gathered() -> (Gathered, super::Lines, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        let (gathered, lines) = Gathered::to(Reader(sender)).unwrap();
        (gathered, lines, receiver)
    }

    #[test]
    fn every_line_comes_out_whole_and_in_order() {
        let (mut gathered, lines, receiver) = gathered();
        let logging = thread::spawn(move || {
            for number in 0..100_000 {
                writeln!(gathered, "line {number}").unwrap();
            }
            drop(lines);
        });
        let written = receiver.iter().flatten().collect();
        let expected: String = (0..100_000)
            .map(|number| format!("line {number}\n"))
            .collect();
        assert!(String::from_utf8(written) == Ok(expected));
        logging.join().unwrap();
    }

    #[test]
    fn waiting_lines_are_written_at_the_end() {
        let (mut gathered, lines, receiver) = gathered();
        gathered.write_all(b"last").unwrap();
        let reading = thread::spawn(move || receiver.iter().flatten().collect::<Vec<_>>());
        drop(lines);
        assert_eq!(reading.join().unwrap(), b"last");
    }

    #[test]
    fn a_slow_reader_holds_the_writer_back_so_that_few_lines_wait() {
        let (mut gathered, lines, receiver) = gathered();
        let shared = std::sync::Arc::clone(&lines.shared);
        let logging = thread::spawn(move || {
            for _ in 0..10 {
                gathered.write_all(&vec![b'x'; MAX_BYTES]).unwrap();
            }
            drop(lines);
        });
        let mut read = 0;
        for write in &receiver {
            read += write.len();
            assert!(shared.waiting().bytes.len() <= 2 * MAX_BYTES);
        }
        assert_eq!(read, 10 * MAX_BYTES);
        logging.join().unwrap();
    }
}
