//! The direction from the client to the upstream.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream as _;
use prometheus::IntCounter;
use tokio::io::{AsyncWriteExt as _, WriteHalf};

use super::{Common, may_say_goodbye};
use crate::http::client_connection::ClientConnection;
use crate::http::transport::Transport;
use crate::http::websocket::{Frames, goodbye_to_server};

pub(super) struct Outbound {
    pub(super) payload: Payload,
    pub(super) writer: WriteHalf<Transport>,
    /// The client's connection, which reads on when its bytes have been taken.
    pub(super) client: Option<Rc<ClientConnection>>,
    /// Counts the client's bytes.
    pub(super) received: IntCounter,
    pub(super) common: Rc<Common>,
}

impl Outbound {
    /// Sends the client's bytes until it has ended, the tunnel ends or the upstream takes no more.
    /// The upstream's own end shows in the other direction.
    pub(super) async fn run(mut self) {
        // An error here is the end of the upstream, which shows there too.
        let _ = self.relay().await;
        let _ = self.writer.shutdown().await;
    }

    async fn relay(&mut self) -> io::Result<()> {
        let mut frames = Frames::default();
        loop {
            let ending = self.common.ending.clone();
            let piece = tokio::select! {
                biased;
                () = ending.cancelled(), if may_say_goodbye(&frames) => {
                    return self.write(goodbye_to_server(rand::random())).await;
                }
                piece = self.next() => piece,
            };
            let Some(Ok(mut piece)) = piece else {
                return Ok(());
            };
            self.received.inc_by(piece.len() as u64);
            self.common.note_move();
            while !piece.is_empty() {
                let count = self.common.follow(&mut frames, &piece);
                self.write(piece.split_to(count)).await?;
                if self.common.is_ending() && may_say_goodbye(&frames) {
                    // The rest comes too late.
                    break;
                }
            }
        }
    }

    async fn next(&mut self) -> Option<Result<Bytes, PayloadError>> {
        poll_fn(|context| {
            let polled = Pin::new(&mut self.payload).poll_next(context);
            if let (Poll::Pending, Some(client)) = (&polled, &self.client) {
                client.make_room();
            }
            polled
        })
        .await
    }

    async fn write(&mut self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            self.writer.write_buf(&mut bytes).await?;
            // An upstream that is slow to take its bytes is not silent.
            self.common.note_move();
        }
        self.writer.flush().await
    }
}
