//! The bytes to and from an upstream, with or without TLS.
//!
//! An upstream may answer early and stop reading, as with a 413. The next write to it then fails, and hyper would
//! end the exchange on that before it reads the answer that has already arrived. So a write to a closed connection
//! goes nowhere instead, and reading decides: what follows is the answer, or the end of the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::transport::Transport;

pub(super) struct Stream {
    transport: Transport,
    /// The upstream has stopped reading.
    deaf: bool,
}

impl Stream {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            deaf: false,
        }
    }

    /// What a write of `length` bytes came to.
    fn heard(
        &mut self,
        written: Poll<io::Result<usize>>,
        length: usize,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Err(error)) if is_closed(&error) => {
                self.deaf = true;
                Poll::Ready(Ok(length))
            }
            written => written,
        }
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.transport).poll_read(context, buffer))?;
        // The failed write took the reset away from reading: this end must not pass for a clean one, or a body that
        // the end delimits would seem whole.
        if self.deaf && buffer.filled().len() == before {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.transport).poll_write(context, bytes);
        self.heard(written, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.deaf {
            return Poll::Ready(Ok(length));
        }
        let written = Pin::new(&mut self.transport).poll_write_vectored(context, slices);
        self.heard(written, length)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.deaf {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut self.transport).poll_flush(context);
        self.heard(flushed.map_ok(|()| 0), 0).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Stream, Transport};

    #[tokio::test]
    async fn an_answer_is_read_after_the_upstream_has_stopped_reading() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut stream = Stream::new(Transport::Plain(TcpStream::connect(addr).await.unwrap()));
        stream.write_all(b"unread").await.unwrap();
        let (mut upstream, _) = listener.accept().await.unwrap();
        upstream.readable().await.unwrap();
        upstream.write_all(b"answer").await.unwrap();
        // With bytes left unread this is a reset.
        drop(upstream);
        while !stream.deaf {
            stream.write_all(b"more").await.unwrap();
        }
        stream.write_all(b"to nobody").await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"answer");
        let end = stream.read(&mut answer).await.unwrap_err();
        assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    }
}
