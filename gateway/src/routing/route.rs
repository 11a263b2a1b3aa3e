//! Which request goes where: what a row is. [`table`] has all of them, and finds one.

mod outage;
mod row;
mod settings;
mod table;
mod target;

use std::sync::Arc;

use actix_web::http::Method;

use crate::resilience::rate::RateLimit;

pub use crate::restaurant::tracking::View;
pub use outage::{Fallback, Kept, Outage};
pub use settings::Settings;
pub(crate) use table::Found;
pub use table::RouteTable;
pub use target::Target;
#[cfg(any(fuzzing, test))]
pub(crate) use target::invariants::hold as target_holds;
pub(crate) use target::is_one_segment;

/// One method of one path.
#[derive(Debug)]
pub struct Route {
    /// Its place in the table.
    pub(crate) number: usize,
    pub method: Method,
    pub path: Arc<str>,
    pub to: To,
    /// Each client's quota for the row, which all its methods share.
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
}

impl Route {
    /// Whether whoever watches over the process asks for it, every few seconds.
    pub(crate) fn is_probe(&self) -> bool {
        matches!(self.to, To::Own(Page::Live | Page::Ready))
    }
}

/// Who answers.
#[derive(Debug)]
pub enum To {
    Upstream(ToUpstream),
    Own(Page),
    /// The gateway, with what several upstreams say.
    Tracking(View),
}

#[derive(Clone, Debug)]
pub struct ToUpstream {
    /// The index in [`Config::upstreams`](crate::config::Config::upstreams).
    pub upstream: usize,
    /// The number of the route's circuit among those of its upstream.
    pub(crate) circuit: usize,
    pub target: Target,
    pub settings: Settings,
    pub outage: Outage,
    /// The rows of other paths whose answers are out of date once the request has succeeded.
    pub(crate) invalidates: Vec<Arc<Kept>>,
    /// The row of this path whose answers are stored.
    pub(crate) kept: Option<Arc<Kept>>,
}

/// What the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Welcome,
    Live,
    Ready,
    Status,
    /// What a problem's `type` leads to.
    Problem,
    /// The OpenAPI document.
    OpenApi,
    /// The page that shows it.
    Docs,
    /// What that page loads.
    DocsFile,
}

impl Page {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Welcome, "/"),
        (Self::Status, "/status"),
        (Self::Live, "/live"),
        (Self::Ready, "/ready"),
        (Self::Problem, "/problems/{code}"),
        (Self::OpenApi, "/openapi.json"),
        (Self::Docs, "/docs"),
        (Self::DocsFile, "/docs/{file}"),
    ];

    /// Whether it is part of what `GATEWAY_DOCS` turns off.
    fn documents(self) -> bool {
        matches!(self, Self::OpenApi | Self::Docs | Self::DocsFile)
    }
}

/// Which of its own routes the gateway has, beside those it always has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    /// Whether orders can be tracked.
    pub(crate) tracks: bool,
    /// `GATEWAY_DOCS`: whether the API is documented to the public; on by default.
    pub(crate) documents: bool,
}
