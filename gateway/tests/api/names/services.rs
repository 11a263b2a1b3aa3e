//! Upstreams whose hosts and ports are in SRV records.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hickory_resolver::proto::rr::RecordType;
use service_kit::testing::{Client, eventually, skip_one};

use super::dns::{Dns, Listed, SERVICE};
use super::{Named, ONE, OTHER, REQUIRED, Replica};

/// The answers would be asked for again by now, if they did not hold for longer.
const TWO_LOOKUPS: Duration = Duration::from_millis(2200);

/// The record of a replica that runs, and the replica.
fn replica(name: &'static str, address: Ipv4Addr) -> (Listed, Replica) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let listed = Listed {
        name,
        address,
        port,
        priority: 10,
    };
    (listed, Replica::on(listener))
}

/// A DNS server that says this, and a gateway that asks it. `None` if they are not allowed, which is
/// said.
async fn start_or_skip(test: &str, ttl: u32, listed: &[Listed]) -> Option<(Dns, Named)> {
    let Ok(dns) = Dns::start(ttl).await else {
        skip_one(test, "a DNS server takes port 53; root may", REQUIRED);
        return None;
    };
    dns.list(listed);
    let (url, system) = (format!("srv+http://{SERVICE}"), "/etc/resolv.conf");
    let server = format!("nameserver {}\n", dns.address);
    let named = Named::start_or_skip(test, &url, system, &server)?;
    Some((dns, named))
}

/// Asks several at once, so that no replica is the cheapest every time.
async fn ask(gateway: &Client) {
    let answers = join_all((0..4).map(|_| gateway.get("/things"))).await;
    for answer in answers {
        let _ = answer.ok(200);
    }
}

/// Waits for the line in the log while the DNS server answers.
async fn says(named: &Named, line: &str) -> String {
    eventually(line, async || {
        let log = named.process.log();
        log.into_iter().find(|one| one.contains(line))
    })
    .await
}

/// Waits for the line in the log while none of the requests fails.
async fn says_within_two_seconds(named: &Named, gateway: &Client, line: &str) {
    let begun = Instant::now();
    while !named.process.log().iter().any(|one| one.contains(line)) {
        ask(gateway).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{line}");
    }
}

/// Of two replicas that are listed with different priorities, the lower number counts.
#[actix_web::test]
async fn srv_records_name_the_replicas_and_are_followed() {
    let ((one, first), (other, second)) = (replica("one", ONE), replica("other", OTHER));
    let spare = Listed {
        priority: 20,
        ..other
    };
    let started = start_or_skip("SRV records", 1, &[one, spare]).await;
    let Some((dns, named)) = started else { return };
    let gateway = Client::of(named.process.addr());
    for _ in 0..5 {
        ask(&gateway).await;
    }
    assert_eq!((first.asked.get(), second.asked.get()), (20, 0));
    assert_eq!(*first.host.borrow(), format!("one.site.test:{}", one.port));

    dns.list(&[one, other]);
    says_within_two_seconds(&named, &gateway, "joined 127.0.0.3").await;
    while second.asked.get() == 0 {
        ask(&gateway).await;
    }
    assert_eq!(
        *second.host.borrow(),
        format!("other.site.test:{}", other.port)
    );

    dns.list(&[other]);
    says_within_two_seconds(&named, &gateway, "joined none, left 127.0.0.2").await;
    let before = first.asked.get();
    for _ in 0..5 {
        ask(&gateway).await;
    }
    assert_eq!(first.asked.get(), before);

    // Without records, and then without a server, the last addresses stay in use.
    dns.list(&[]);
    let line = says(&named, "its last addresses stay in use").await;
    assert!(line.contains(SERVICE), "{line}");
    ask(&gateway).await;
    dns.list(&[one]);
    says_within_two_seconds(&named, &gateway, "the name is resolved again").await;
    drop(dns);
    ask(&gateway).await;
}

/// The answers hold for an hour. When a replica is not where they say, they are asked for again.
#[actix_web::test]
async fn srv_records_are_asked_for_again_when_they_end_or_a_connection_fails() {
    let ((one, first), (other, second)) = (replica("one", ONE), replica("other", OTHER));
    let started = start_or_skip("SRV records that hold", 3600, &[one, other]).await;
    let Some((dns, named)) = started else { return };
    let gateway = Client::of(named.process.addr());
    let begun = Instant::now();
    while first.asked.get() == 0 || second.asked.get() == 0 || begun.elapsed() < TWO_LOOKUPS {
        ask(&gateway).await;
    }
    // The first request may ask as well.
    assert!(dns.asked() <= 2, "{}", dns.asked());

    let (moved, third) = replica("moved", Ipv4Addr::new(127, 0, 0, 4));
    dns.list(&[other, moved]);
    drop(first);
    says_within_two_seconds(&named, &gateway, "joined 127.0.0.4").await;
    while third.asked.get() == 0 {
        ask(&gateway).await;
    }
}

/// Nothing is known at first; each request asks.
#[actix_web::test]
async fn a_service_that_appears_is_found() {
    let started = start_or_skip("a service that appears", 1, &[]).await;
    let Some((dns, named)) = started else { return };
    let gateway = Client::of(named.process.addr());
    let answer = gateway.get("/things").await;
    let _ = answer.problem(502, "upstream_unreachable");
    let (one, _first) = replica("one", ONE);
    dns.list(&[one]);
    eventually("the replica to be asked", async || {
        let answer = gateway.get("/things").await;
        (answer.status == 200).then_some(())
    })
    .await;
}

/// Of one host, nothing is known; of another, only that it has an IPv4 address.
#[actix_web::test]
async fn a_host_that_cannot_be_looked_up_delays_no_other() {
    let (one, first) = replica("one", ONE);
    let (half, second) = replica("half", OTHER);
    let lost = Listed {
        name: "lost",
        ..one
    };
    let started = start_or_skip("a host that cannot be looked up", 1, &[one]).await;
    let Some((dns, named)) = started else { return };
    for (host, kind) in [
        ("lost", RecordType::A),
        ("lost", RecordType::AAAA),
        ("half", RecordType::AAAA),
    ] {
        dns.silence(host, kind);
    }
    let gateway = Client::of(named.process.addr());
    ask(&gateway).await;
    dns.list(&[one, lost, half]);
    let line = says(&named, "the host of an SRV record has no address").await;
    assert!(line.contains("lost.site.test"), "{line}");
    while first.asked.get() == 0 || second.asked.get() == 0 {
        ask(&gateway).await;
    }

    // It is left alone for a while, so that what follows is as quick as ever.
    dns.list(&[half, lost]);
    says_within_two_seconds(&named, &gateway, "left 127.0.0.2").await;
    let log = named.process.log();
    let complaints = log.iter().filter(|line| line.contains("has no address"));
    assert_eq!(complaints.count(), 1);
}
