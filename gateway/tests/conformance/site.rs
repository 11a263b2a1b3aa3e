//! A product before an upstream, and the questions that most cases ask them.

use serde_json::Value;

use crate::client::{Answer, Client};
use crate::product::{Product, Running};
use crate::upstream::{Request, Script, Step, Upstream};
use crate::verdict::{Verdict, each, ensure};

/// The upstream's answer if nothing else matters.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
const SERVING: &[Script] = &[&[Step::Serve(OK)]];

pub(crate) struct Site {
    product: Product,
    pub(crate) upstream: Upstream,
    running: Running,
}

/// A product's own refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    status: u16,
    /// The code of this gateway's problem body.
    code: &'static str,
    /// Other statuses that the standard allows.
    or: &'static [u16],
    /// Other statuses of the peers, which nobody can call wrong.
    peers: &'static [u16],
}

pub(crate) const BAD_REQUEST: Refusal = refusal(400, "bad_request", &[], &[]);
/// An unknown transfer coding may also be a 501 (RFC 9112 §6.1).
pub(crate) const BAD_CODING: Refusal = refusal(400, "bad_request", &[501], &[]);
pub(crate) const NOT_FOUND: Refusal = refusal(404, "route_not_found", &[], &[400]);
pub(crate) const URI_TOO_LONG: Refusal = refusal(414, "uri_too_long", &[], &[]);
pub(crate) const HEAD_TOO_LARGE: Refusal = refusal(431, "headers_too_large", &[], &[400]);
pub(crate) const BODY_TOO_LARGE: Refusal = refusal(413, "payload_too_large", &[], &[]);
pub(crate) const BAD_VERSION: Refusal = refusal(505, "http_version_not_supported", &[], &[400]);
const TOO_SLOW: Refusal = refusal(408, "request_timeout", &[], &[]);
pub(crate) const UNREACHABLE: Refusal = refusal(502, "upstream_unreachable", &[], &[503]);
pub(crate) const INVALID_ANSWER: Refusal = refusal(502, "upstream_invalid_response", &[], &[]);
pub(crate) const UPSTREAM_TIMEOUT: Refusal = refusal(504, "upstream_timeout", &[], &[503]);

const fn refusal(
    status: u16,
    code: &'static str,
    or: &'static [u16],
    peers: &'static [u16],
) -> Refusal {
    Refusal {
        status,
        code,
        or,
        peers,
    }
}

impl Refusal {
    pub(crate) const fn ours(status: u16, code: &'static str) -> Self {
        refusal(status, code, &[], &[])
    }

    pub(crate) const fn or_for_all(self, or: &'static [u16]) -> Self {
        Self { or, ..self }
    }

    pub(crate) const fn or_for_peers(self, peers: &'static [u16]) -> Self {
        Self { peers, ..self }
    }
}

impl Site {
    pub(crate) fn serving(product: Product) -> Self {
        Self::scripted(product, SERVING)
    }

    pub(crate) fn scripted(product: Product, scripts: &'static [Script]) -> Self {
        Self::before(product, Upstream::scripted(scripts))
    }

    pub(crate) fn before(product: Product, upstream: Upstream) -> Self {
        Self::with_variables(product, upstream, &[])
    }

    pub(crate) fn with_variables(
        product: Product,
        upstream: Upstream,
        variables: &[(&str, &str)],
    ) -> Self {
        Self {
            product,
            running: product.start(upstream.addr, variables),
            upstream,
        }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.running.addr)
    }

    /// Sends bytes on a new connection.
    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> Client {
        let mut client = self.connect();
        client.send(bytes);
        client
    }

    /// Checks that the answer is this refusal, and from this gateway with its body.
    pub(crate) fn is_refusal(&self, answer: &Answer, refusal: Refusal) -> Verdict {
        if refusal.or.contains(&answer.status) {
            return Ok(());
        }
        if self.product != Product::Gateway && refusal.peers.contains(&answer.status) {
            return Ok(());
        }
        answer.is(refusal.status)?;
        if self.product != Product::Gateway {
            return Ok(());
        }
        let is_problem = answer.head.all("content-type") == [b"application/problem+json"];
        ensure(is_problem, "answered without a problem body", answer)?;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let did = "answered with another code";
        ensure(problem["code"] == refusal.code, did, answer.text())
    }

    /// The requests that have reached the upstream. One more is sent first, to make sure that none
    /// is under way.
    pub(crate) fn reached(&self) -> Verdict<Vec<Request>> {
        let mut client = self.ask(b"GET /things/probe HTTP/1.1\r\nhost: a.example\r\n\r\n");
        client.answer()?.is_ok_with(b"fine")?;
        let mut requests = self.upstream.requests()?;
        requests.retain(|request| request.target() != "/inner/probe");
        Ok(requests)
    }

    pub(crate) fn nothing_reached(&self) -> Verdict {
        let reached = self.reached()?;
        ensure(reached.is_empty(), "relayed it", &reached)
    }
}

/// Checks that nothing reaches the upstream, that the refusal ends the connection, and that later
/// bytes are ignored.
pub(crate) fn refused(on: Product, bytes: impl AsRef<[u8]>, refusal: Refusal) -> Verdict {
    refused_or(on, bytes, refusal, |_| false)
}

/// Like [`refused`]; or a request that the standard lets a recipient forgive is relayed in an
/// unambiguous form. This gateway forgives nothing.
pub(crate) fn refused_or(
    on: Product,
    bytes: impl AsRef<[u8]>,
    refusal: Refusal,
    is_harmless: fn(&Request) -> bool,
) -> Verdict {
    let site = Site::serving(on);
    let mut client = site.ask(bytes);
    client.send(b"GET /things/smuggled HTTP/1.1\r\nhost: a.example\r\n\r\n");
    let answer = client.answer();
    let reached = site.reached()?;
    if on != Product::Gateway && !reached.is_empty() && reached.iter().all(is_harmless) {
        return Ok(());
    }
    let followed = reached.iter().all(is_next);
    ensure(followed, "relayed it", &reached)?;
    let answer = answer?;
    site.is_refusal(&answer, refusal)?;
    let did = "refused it and took what came after for a request";
    ensure(reached.is_empty(), did, &reached)?;
    if on == Product::Gateway {
        let says = answer.head.all("connection") == [b"close"];
        ensure(says, "did not say that it closes", &answer)?;
    }
    client.closes()
}

/// Like [`refused`], for a request whose end is beyond doubt, so that another server may go on with
/// the next.
pub(crate) fn refused_alone(on: Product, bytes: impl AsRef<[u8]>, refusal: Refusal) -> Verdict {
    if on == Product::Gateway {
        return refused(on, bytes, refusal);
    }
    let site = Site::serving(on);
    let answer = site.ask(bytes).answer();
    site.nothing_reached()?;
    site.is_refusal(&answer?, refusal)
}

/// Whether this is the request that [`refused`] sends behind its bytes.
pub(crate) fn is_next(seen: &Request) -> bool {
    seen.target() == "/inner/smuggled"
}

/// Checks that a late request is ended: by 408, or (by other products) by closing only.
pub(crate) fn ended_late(site: &Site, client: &mut Client) -> Verdict {
    match client.answer() {
        Ok(answer) => site.is_refusal(&answer, TOO_SLOW)?,
        Err(deviation) if site.product != Product::Gateway => {
            ensure(
                deviation.did.starts_with("closed"),
                "kept the connection open",
                deviation,
            )?;
        }
        Err(deviation) => return Err(deviation),
    }
    client.closes()
}

/// Checks that each variant is refused within the bytes that `within` puts it into.
pub(crate) fn each_refused(
    on: Product,
    variants: &[&str],
    refusal: Refusal,
    within: fn(&str) -> String,
) -> Verdict {
    each(variants, |variant| refused(on, within(variant), refusal))
}

/// Checks that the bytes are one request and answered. Returns the request as it reached the
/// upstream.
pub(crate) fn relayed(on: Product, bytes: impl AsRef<[u8]>) -> Verdict<Request> {
    let site = Site::serving(on);
    site.ask(bytes).answer()?.is_ok_with(b"fine")?;
    let mut requests = site.upstream.requests()?;
    let did = "made another number of requests of it";
    ensure(requests.len() == 1, did, &requests)?;
    Ok(requests.remove(0))
}

/// The answer to a client if the upstream has this script.
pub(crate) fn answered(on: Product, scripts: &'static [Script]) -> Verdict<Answer> {
    Site::scripted(on, scripts).ask(GET).answer()
}

/// The beginning of a body that ends in `end`, with `left` bytes still to come: more than a gateway
/// may await whole before it asks the upstream.
pub(crate) fn begin_sized(end: &str, left: usize) -> String {
    let begin = "x".repeat(64 * 1024);
    let length = begin.len() + end.len() + left;
    format!(
        "POST /things HTTP/1.1\r\nhost: a.example\r\ncontent-length: {length}\r\n\r\n{begin}{end}"
    )
}

/// The same as a first chunk.
pub(crate) fn begin_in_chunks(end: &str) -> String {
    let begin = "x".repeat(64 * 1024);
    let size = begin.len() + end.len();
    format!(
        "POST /things HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n{size:x}\r\n{begin}{end}\r\n"
    )
}

pub(crate) const GET: &[u8] = b"GET /things HTTP/1.1\r\nhost: a.example\r\n\r\n";
