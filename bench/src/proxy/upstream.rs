//! The upstream behind all proxies: it answers `?bytes=N` with N bytes, and anything else, such as
//! a probe, with 404.
//!
//! It has its own thread and speaks just enough HTTP, for the same reason as the load.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::Error;

const PIECE: usize = 64 * 1024;

/// A proxy may open a connection for each of its clients at once.
const BACKLOG: u32 = 16_384;

/// Listens until the program ends. Gives its address.
pub(crate) fn open() -> Result<SocketAddr, Error> {
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

async fn serve(mut stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut piece = vec![0; PIECE];
    let (mut got, mut answer, mut answered) = (0, Vec::new(), None);
    loop {
        let read = stream
            .read(piece.get_mut(got..).unwrap_or_default())
            .await?;
        if read == 0 {
            return Ok(());
        }
        got += read;
        let seen = piece.get(..got).unwrap_or_default();
        let Some(head) = seen.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let (length, bytes) = wanted(std::str::from_utf8(seen.get(..head).unwrap_or_default())?);
        let mut left = (head + 4 + length).saturating_sub(got);
        while left > 0 {
            let read = stream.read(&mut piece).await?;
            if read == 0 {
                return Ok(());
            }
            left = left.saturating_sub(read);
        }
        got = 0;
        if answered != Some(bytes) {
            answer = written(bytes);
            answered = Some(bytes);
        }
        stream.write_all(&answer).await?;
    }
}

/// The length of the request's body, and the length of the answer that it asks for.
fn wanted(head: &str) -> (usize, Option<usize>) {
    let mut lines = head.lines();
    let target = lines.next().and_then(|line| line.split(' ').nth(1));
    let bytes = target.and_then(|target| target.split_once("bytes=")?.1.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    (length.unwrap_or(0), bytes)
}

fn written(bytes: Option<usize>) -> Vec<u8> {
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
    use super::{wanted, written};

    #[test]
    fn the_wanted_length_is_read_from_the_head() {
        let head = "POST /clients?bytes=7 HTTP/1.1\r\nhost: a\r\nContent-Length: 12";
        assert_eq!(wanted(head), (12, Some(7)));
        assert_eq!(wanted("GET /ready HTTP/1.1\r\nhost: a"), (0, None));
        assert!(written(Some(7)).ends_with(b"\r\n\r\n       "));
    }
}
