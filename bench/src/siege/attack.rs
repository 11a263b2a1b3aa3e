//! The attacks: what the attackers do, from how many addresses, and what the honest client asks for
//! meanwhile.

use std::io;
use std::time::Duration;

use super::acts::{self, SlowReader};
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

impl Attack {
    pub(super) const ALL: [Self; 7] = [
        Self::Windows,
        Self::Readers,
        Self::Uploads,
        Self::Pages,
        Self::Idle,
        Self::Streams,
        Self::Accounts,
    ];

    /// The attack's name in the report.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Windows => "12 HTTP/2 connections × 100 streams, no window",
            Self::Readers => "1,000 slow readers of 1 MiB",
            Self::Uploads => "1,200 slow bodies, four addresses",
            Self::Pages => "590 slow readers of a page of 1.5 MB",
            Self::Idle => "10,500 idle connections",
            Self::Streams => "1,200 watched orders",
            Self::Accounts => "new accounts, without a pause",
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

    fn size(self) -> Size {
        let (clients, rush, addresses) = match self {
            Self::Windows => (12, 100, 1),
            Self::Readers => (1000, 500, 1),
            Self::Uploads => (1200, 600, 4),
            Self::Pages => (590, 500, 1),
            Self::Idle => (10_500, 5000, 1),
            Self::Streams => (1200, 300, 1),
            Self::Accounts => (64, 100, 1),
        };
        Size {
            clients,
            rush,
            addresses,
        }
    }

    /// The time until all attackers are there. The rate limit lets 600 requests through at once and
    /// 60 more each second.
    pub(super) fn ramp(self) -> Duration {
        Duration::from_secs(match self {
            Self::Windows | Self::Readers | Self::Streams => 9,
            Self::Uploads | Self::Idle => 4,
            Self::Pages | Self::Accounts => 3,
        })
    }

    pub(super) fn begin(self, target: &Target) -> io::Result<Crowd> {
        let size = self.size();
        let reader = |path, bytes, every| SlowReader {
            path,
            bytes,
            every: Duration::from_secs(every),
        };
        match self {
            Self::Windows => Crowd::gather(target, size, |one| acts::hold_streams(one, ORDER)),
            Self::Readers => {
                let reader = reader(LARGE, 1, 1);
                Crowd::gather(target, size, move |one| reader.act(one))
            }
            Self::Uploads => Crowd::gather(target, size, acts::slow_upload),
            Self::Pages => {
                let reader = reader(OWN, 16, 5);
                Crowd::gather(target, size, move |one| reader.act(one))
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
