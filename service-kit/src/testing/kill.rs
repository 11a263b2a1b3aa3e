//! Kills a process with `kill -9` while clients use it, and remembers their answers.

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;

use super::{Process, eventually};

/// The answers of the clients. Clones share them.
pub type Answered<T> = Rc<RefCell<Vec<T>>>;

/// Kills a process once its clients have had enough answers. Each client gets its number, and ends
/// by itself when the process is gone.
///
/// # Panics
/// The answers do not come, or a client panics.
pub async fn kill_amid<T: 'static, C: Future<Output = ()> + 'static>(
    process: &mut Process,
    clients: usize,
    answers: usize,
    client: impl Fn(usize, SocketAddr, Answered<T>) -> C,
) -> Vec<T> {
    let answered = Answered::default();
    let addr = process.addr();
    let clients: Vec<_> = (0..clients)
        .map(|number| actix_web::rt::spawn(client(number, addr, Rc::clone(&answered))))
        .collect();
    eventually("enough answers", async || {
        (answered.borrow().len() >= answers).then_some(())
    })
    .await;
    process.kill();
    for client in clients {
        client.await.expect("the client does not panic");
    }
    answered.take()
}
