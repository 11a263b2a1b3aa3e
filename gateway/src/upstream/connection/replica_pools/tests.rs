//! How connections are made, and how they fail.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use service_kit::env::Env;
use service_kit::testing::unused_address;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{ConnectError, Plan, ReplicaPools};
use crate::config::Config;
use crate::resilience::balance::Tried;
use crate::upstream::connection::pick::Pick;
use crate::upstream::replicas::{LookupError, Replicas};

/// The pools of an upstream with replicas at these addresses.
fn pools(addresses: &[SocketAddr]) -> Rc<ReplicaPools> {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    let upstream = &config.upstreams[0];
    let urls: Vec<_> = addresses
        .iter()
        .map(|one| format!("http://{one}"))
        .collect();
    let replicas = Replicas::new(&upstream.name, &urls.join(",").parse().unwrap());
    let plan = Plan::new(upstream, config.limits.answers, &None);
    Rc::new(ReplicaPools::new(&replicas, plan))
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A listener that accepts nothing and whose queue is full: the system swallows the next SYN.
struct Swallowing {
    address: SocketAddr,
    _listener: Socket,
    _queue: Vec<TcpStream>,
}

async fn swallowing() -> Swallowing {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        queue.push(connected.unwrap());
    }
    Swallowing {
        address,
        _listener: listener,
        _queue: queue,
    }
}

/// The addresses that get new requests.
fn available(pools: &ReplicaPools) -> Vec<SocketAddr> {
    let (all, now) = (pools.all(), Instant::now());
    let replicas = all.iter().map(|pool| pool.replica());
    let good = replicas.filter(|replica| replica.state.is_available(now));
    good.map(|replica| replica.address).collect()
}

#[actix_web::test]
async fn another_replica_is_reached_although_the_first_swallows_packets_or_refuses() {
    let (swallowing, refusing) = (swallowing().await, unused_address());
    let (_listener, there) = listener().await;
    // A connection that is only late is not held against a replica at once.
    for (bad, times) in [(swallowing.address, 5), (refusing, 1)] {
        let pools = pools(&[bad, there]);
        let all = pools.all();
        let first = all.iter().find(|pool| pool.replica().address == bad);
        for _ in 0..times {
            assert_eq!(available(&pools).len(), 2);
            let lease = pools.connect(first).await.unwrap();
            assert_eq!(lease.pool().replica().address, there);
        }
        // The next request does not begin with the bad one.
        assert_eq!(available(&pools), [there]);
        for _ in 0..20 {
            let pick = Pick::of(&pools, Tried::default());
            assert_eq!(pick.pool().unwrap().replica().address, there);
        }
    }
}

#[actix_web::test]
async fn an_upstream_is_unreachable_if_no_replica_accepts_a_connection() {
    let (one, other) = (unused_address(), unused_address());
    let pools = pools(&[one, other]);
    let refused = Pick::of(&pools, Tried::default()).connect().await;
    assert!(matches!(refused, Err(ConnectError::Refused(_))));
    // At most half of them get nothing new.
    assert_eq!(available(&pools).len(), 1);
}

#[actix_web::test]
async fn an_upstream_whose_replicas_all_swallow_packets_is_given_up_on_in_time() {
    let (one, other) = (swallowing().await, swallowing().await);
    let pools = pools(&[one.address, other.address]);
    let given_up = Pick::of(&pools, Tried::default()).connect().await;
    assert!(matches!(given_up, Err(ConnectError::Timeout(_))));
}

#[actix_web::test]
async fn a_name_without_an_address_is_an_error() {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    let upstream = &config.upstreams[0];
    let replicas = Replicas::new(&upstream.name, &"http://nowhere.invalid".parse().unwrap());
    let plan = Plan::new(upstream, config.limits.answers, &None);
    let pools = Rc::new(ReplicaPools::new(&replicas, plan));
    let pick = Pick::of(&pools, Tried::default());
    assert!(pick.pool().is_none());
    let unresolved = pick.connect().await;
    assert!(matches!(
        unresolved,
        Err(ConnectError::Lookup(LookupError::Dns(_)))
    ));
}
