//! How long idle connections are kept.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use service_kit::env::Env;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::advance;

use super::{Plan, Pool, Replicas};
use crate::config::Config;
use crate::upstream::answer::Expected;
use crate::upstream::exchange::Exchange;
use crate::upstream::exchange::interim::Interim;
use crate::upstream::exchange::sending::Sending;

/// An upstream that gives this answer to everything, on every connection.
async fn upstream(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    actix_web::rt::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            actix_web::rt::spawn(async move {
                while stream.read(&mut [0; 1024]).await.unwrap_or(0) > 0 {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    format!("http://{address}")
}

/// A pool of connections to it, with this additional key in the upstream's table.
fn pool(url: &str, key: &str) -> Rc<Pool> {
    let table = "[upstreams.clients]";
    let text = include_str!("../../../../gateway.toml").replace(table, &format!("{table}\n{key}"));
    let url = url.to_owned();
    let env = Env::new(move |name| (name == "CLIENTS_URL").then(|| url.clone()));
    let config = Config::parse("test.toml", &text, &env).unwrap();
    let clients = config.upstreams.iter();
    let clients = clients
        .into_iter()
        .find(|upstream| &*upstream.name == "clients")
        .unwrap();
    let replicas = Replicas::new(&clients.name, &clients.url);
    let plan = Plan::new(clients, config.limits.answers, &None);
    Rc::new(Pool::new(&replicas.all()[0], &replicas, &plan))
}

/// One exchange on a new connection, which is then given back.
async fn exchange(pool: &Rc<Pool>) {
    let lease = pool.dial().await.unwrap().finish().await.unwrap();
    let head = Bytes::from_static(b"GET / HTTP/1.1\r\n\r\n");
    let mut exchange = Exchange::new(lease, Sending::new(head, None), Expected::Body);
    exchange.head(&mut Interim::to(None)).await.unwrap();
    exchange.end();
}

/// Whether a connection that was idle for this long is used again.
async fn is_used_after(idle: Duration, answer: &'static str, key: &str) -> bool {
    tokio::time::resume();
    let pool = pool(&upstream(answer).await, key);
    exchange(&pool).await;
    tokio::time::pause();
    advance(idle).await;
    pool.take().is_some()
}

const PLAIN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const KEPT_5: &str =
    "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=99\r\ncontent-length: 0\r\n\r\n";
const KEPT_2: &str = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 0\r\n\r\n";
const KEPT_0: &str = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=0\r\ncontent-length: 0\r\n\r\n";
const KEPT_60: &str = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=60\r\ncontent-length: 0\r\n\r\n";

#[actix_web::test]
async fn an_idle_connection_is_used_for_as_long_as_both_sides_keep_it() {
    tokio::time::pause();
    let ten = "idle_timeout = \"10s\"";
    for (answer, key, kept) in [
        (PLAIN, "", 4000),
        (PLAIN, ten, 10_000),
        (KEPT_5, ten, 4000),
        (KEPT_2, "", 1000),
        // The upstream would allow more, but the gateway's own limit is shorter.
        (KEPT_60, ten, 10_000),
    ] {
        let kept = Duration::from_millis(kept);
        let moment = Duration::from_millis(100);
        assert!(is_used_after(kept - moment, answer, key).await, "{answer}");
        assert!(!is_used_after(kept, answer, key).await, "{answer}");
    }
    for (answer, key) in [(KEPT_0, ten), (PLAIN, "idle_timeout = \"0s\"")] {
        assert!(
            !is_used_after(Duration::ZERO, answer, key).await,
            "{answer}"
        );
    }
}
