//! The attacks: what the attackers do, from how many addresses, and what the honest client asks for
//! meanwhile.

use std::io;
use std::time::Duration;

use super::acts;
use super::crowd::{Crowd, Size};
use super::guest::Call;
use super::net::Target;
use crate::Error;

const ORDER: &str = "/order-api/commandes/7";

/// An order whose answer is large.
const LARGE: &str = "/order-api/commandes/large";

/// A page that the gateway itself answers with, of 1.5 MB.
pub(super) const OWN: &str = "/docs/swagger-ui-bundle.js";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Attack {
    /// HTTP/2 streams with a window of 0, which has no room even for tiny answers
    Windows,
    /// Answers of 1 MiB, read one byte a second
    Readers,
    /// Bodies that are sent byte by byte
    Uploads,
    /// The gateway's own pages, read slowly
    Pages,
    /// Connections on which nothing is sent
    Idle,
    /// Watched orders
    Streams,
    /// New accounts, each of which costs a password hash
    Accounts,
}

/// The numbers of an attack.
pub(super) struct Plan {
    /// The attack's name in the report.
    pub(super) name: &'static str,
    size: Size,
    /// The time until all attackers are there. The rate limit lets 600 requests through at once and
    /// 60 more each second.
    pub(super) ramp: Duration,
}

impl Attack {
    pub(super) fn plan(self) -> Plan {
        let (name, clients, rush, addresses, ramp) = match self {
            Self::Windows => {
                let name = "12 HTTP/2 connections × 100 streams, no window";
                (name, 12, 100, 1, 9)
            }
            Self::Readers => ("1,000 slow readers of 1 MiB", 1000, 500, 1, 9),
            Self::Uploads => ("1,200 slow bodies, four addresses", 1200, 600, 4, 4),
            Self::Pages => ("590 slow readers of a page of 1.5 MB", 590, 500, 1, 3),
            Self::Idle => ("10,500 idle connections", 10_500, 5000, 1, 4),
            Self::Streams => ("1,200 watched orders", 1200, 300, 1, 9),
            Self::Accounts => ("new accounts, without a pause", 64, 100, 1, 3),
        };
        Plan {
            name,
            size: Size {
                clients,
                rush,
                addresses,
            },
            ramp: Duration::from_secs(ramp),
        }
    }

    pub(super) fn needs_tls(self) -> bool {
        self == Self::Windows
    }

    /// Whether the attack makes sense against nginx.
    pub(super) fn is_for_nginx(self) -> bool {
        self != Self::Streams
    }

    /// Whether it matters if nginx awaits a body before it asks the upstream.
    pub(super) fn has_bodies(self) -> bool {
        matches!(self, Self::Uploads | Self::Accounts)
    }

    pub(super) fn begin(self, target: &Target) -> io::Result<Crowd> {
        let size = self.plan().size;
        match self {
            Self::Windows => Crowd::gather(target, size, |one| acts::hold_streams(one, ORDER)),
            Self::Readers => {
                let second = Duration::from_secs(1);
                Crowd::gather(target, size, move |one| {
                    acts::read_slowly(one, LARGE, 1, second)
                })
            }
            Self::Uploads => Crowd::gather(target, size, acts::slow_upload),
            Self::Pages => {
                let seconds = Duration::from_secs(5);
                Crowd::gather(target, size, move |one| {
                    acts::read_slowly(one, OWN, 16, seconds)
                })
            }
            Self::Idle => Crowd::gather(target, size, acts::idle),
            Self::Streams => Crowd::gather(target, size, acts::watch),
            Self::Accounts => Crowd::gather(target, size, acts::sign_up),
        }
    }

    /// The requests of the honest client. Prepares the accounts that they need.
    ///
    /// # Errors
    /// The client is refused before the attack has begun.
    pub(super) async fn calls(self, target: &Target) -> Result<Vec<(&'static str, Call)>, Error> {
        Ok(match self {
            Self::Windows | Self::Readers | Self::Uploads | Self::Pages | Self::Idle => {
                vec![("an order", Call::get(ORDER))]
            }
            Self::Streams => {
                let watch = Call {
                    is_stream: true,
                    rate: 20,
                    ..Call::get("/suivi/guest/flux")
                };
                vec![("to watch an order", watch)]
            }
            Self::Accounts => {
                // Two accounts, since an account that logs in again and again ends its oldest session.
                account(target, "often").await?;
                let log_in = Call {
                    rate: 3,
                    ..Call::post("/client-api/login", &credentials("often"))
                };
                account(target, "once").await?;
                let session = Call::post("/client-api/login", &credentials("once"));
                let session: Session = serde_json::from_slice(&session.answer(target).await?)?;
                let sessions = Call {
                    bearer: Some(session.access_token),
                    ..Call::get("/client-api/sessions")
                };
                vec![("its sessions", sessions), ("to log in", log_in)]
            }
        })
    }
}

/// Makes an account of this name.
async fn account(target: &Target, name: &str) -> Result<(), Error> {
    let body = credentials(name).replace('}', r#","firstName":"A","lastName":"B"}"#);
    let sign_up = Call::post("/client-api/clients", &body);
    sign_up.answer(target).await.map(drop)
}

fn credentials(name: &str) -> String {
    format!(r#"{{"email":"{name}@example.org","password":"secret1"}}"#)
}

#[derive(serde::Deserialize)]
struct Session {
    access_token: String,
}
