//! The routes: one for each method of a row. [`table`] holds all of them, and finds one.

mod outage;
mod row;
mod settings;
mod table;
mod target;

use std::sync::Arc;

use actix_web::http::Method;

use crate::resilience::rate::Rate;

pub use outage::{CachePolicy, Fallback, Keeper, Outage};
pub(crate) use row::{check_path, names_of};
pub use settings::Settings;
pub(crate) use table::Found;
pub use table::RouteTable;
pub use target::Target;
#[cfg(any(fuzzing, test))]
pub(crate) use target::invariants::hold as target_holds;

/// One method of one path. `T` is [`To`] in the configuration, and in a running gateway a
/// destination that holds everything that its requests need.
#[derive(Debug)]
pub struct Route<T = To> {
    /// Its index in the table.
    pub(crate) number: usize,
    pub method: Method,
    pub path: Arc<str>,
    pub to: T,
    /// Each client's quota for the row, shared by all its methods.
    pub(crate) rate_limit: Option<Rate>,
    /// Whether an orchestrator asks for it every few seconds, to watch over the process.
    pub(crate) is_probe: bool,
}

/// The answerer of a route.
#[derive(Debug)]
pub enum To {
    Upstream(ToUpstream),
    Own(Page),
    /// The gateway, from the answers of several upstreams: a view of the aggregate with this index
    /// in [`Config::aggregates`](crate::config::Config::aggregates).
    Aggregate(usize, View),
}

#[derive(Clone, Debug)]
pub struct ToUpstream {
    /// The index in [`Config::upstreams`](crate::config::Config::upstreams).
    pub upstream: usize,
    /// The number of the route's circuit among those of its upstream.
    pub(crate) circuit: usize,
    /// The number of the row in the file. The methods of a row share its quota.
    pub(crate) row: usize,
    pub target: Target,
    pub settings: Settings,
    pub outage: Outage,
    /// The rows of other paths whose cached answers are out of date once the request has succeeded.
    pub(crate) invalidates: Vec<Arc<CachePolicy>>,
    /// The row of this path whose answers are cached.
    pub(crate) cache_policy: Option<Arc<CachePolicy>>,
}

/// A page that the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Welcome,
    Live,
    Ready,
    Status,
    /// The list of all problems.
    Problems,
    /// The page of a problem's `type`.
    Problem,
    /// The OpenAPI document.
    OpenApi,
    /// The page that shows the OpenAPI document.
    Docs,
    /// A file that the page loads.
    DocsFile,
    /// All rooms of the demonstration.
    Demo,
    /// One room of the demonstration, or a file that its pages load.
    DemoFile,
}

impl Page {
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::Welcome, "/"),
        (Self::Status, "/status"),
        (Self::Live, "/live"),
        (Self::Ready, "/ready"),
        (Self::Problems, "/problems"),
        (Self::Problem, "/problems/{code}"),
        (Self::OpenApi, "/openapi.json"),
        (Self::Docs, "/docs"),
        (Self::DocsFile, "/docs/{file}"),
        (Self::Demo, "/demo"),
        (Self::DemoFile, "/demo/{file}"),
    ];
}

/// How a client looks at an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Once,
    Stream,
}

/// A path that an aggregate answers.
#[derive(Clone, Debug)]
pub(crate) struct AggregatePath {
    /// The key in the file.
    pub(crate) key: String,
    pub(crate) path: Arc<str>,
    pub(crate) index: usize,
    pub(crate) view: View,
}

/// The gateway's own routes that are optional.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) aggregates: Vec<AggregatePath>,
    /// `GATEWAY_DOCS`: whether the API is documented to the public; on by default.
    pub(crate) documents: bool,
    /// `GATEWAY_DEMO`: whether the demonstration's pages are served; off by default.
    pub(crate) demo: bool,
}

impl Own {
    /// Whether the page is served.
    fn has(&self, page: Page) -> bool {
        match page {
            Page::OpenApi | Page::Docs | Page::DocsFile => self.documents,
            Page::Demo | Page::DemoFile => self.demo,
            Page::Welcome
            | Page::Live
            | Page::Ready
            | Page::Status
            | Page::Problems
            | Page::Problem => true,
        }
    }
}
