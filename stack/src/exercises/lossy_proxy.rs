//! A TCP proxy that loses the first answer to a POST: the service has done the work, and nobody
//! hears of it.

use std::cell::Cell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use actix_web::rt;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(super) struct LossyProxy {
    pub(super) addr: SocketAddr,
    posts: Rc<Cell<usize>>,
    task: JoinHandle<()>,
}

impl LossyProxy {
    /// Starts a proxy to the service at `target`.
    pub(super) async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let posts = Rc::new(Cell::new(0));
        let seen = Rc::clone(&posts);
        let task = rt::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let seen = Rc::clone(&seen);
                rt::spawn(async move {
                    // A connection that breaks is what the proxy is for.
                    let _ = relay(client, target, &seen).await;
                });
            }
        });
        Ok(Self { addr, posts, task })
    }

    /// How many POSTs have come through.
    pub(super) fn posts(&self) -> usize {
        self.posts.get()
    }
}

impl Drop for LossyProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(mut client: TcpStream, target: SocketAddr, posts: &Cell<usize>) -> io::Result<()> {
    let mut service = TcpStream::connect(target).await?;
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    let mut loses_answer = false;
    loop {
        tokio::select! {
            read = client.read_buf(&mut request) => {
                if read? == 0 {
                    return Ok(());
                }
                if request.starts_with(b"POST ") {
                    posts.set(posts.get() + 1);
                    loses_answer = posts.get() == 1;
                }
                service.write_all(&request).await?;
                request.clear();
            }
            read = service.read_buf(&mut answer) => {
                if read? == 0 || loses_answer {
                    return Ok(());
                }
                client.write_all(&answer).await?;
                answer.clear();
            }
        }
    }
}
