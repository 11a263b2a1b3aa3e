//! The faults of a request at the gateway: who is at fault, and what the client is told.

pub(crate) mod closed;
pub(crate) mod degraded;
pub(crate) mod refusal;

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use shared_types::gateway::DrillMode;
use shared_types::problem::Code;
use shared_types::text::Text;

use closed::Closed;

/// The circuit that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Upstream,
    Route,
}

/// A refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CircuitOpen {
    pub(crate) scope: Scope,
    pub(crate) retry_after: Duration,
}

/// Why no more may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// The budget is used up.
    Budget,
    /// The client has used its share.
    Share,
}

/// Why an upstream gave no answer that can be relayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamFault {
    /// The connection was refused, or its name or certificate led nowhere.
    Unreachable,
    /// It dropped the connection instead of answering the request.
    Dropped,
    /// It answered something that is not HTTP.
    InvalidResponse,
    /// Connecting took too long.
    ConnectTimeout,
    /// It was too slow to answer.
    Timeout,
    /// It answered with a failure, in a place that relays no answer.
    Failed,
    /// It was not asked: its circuit or the route's is open after too many failures.
    CircuitOpen {
        open: CircuitOpen,
        /// The drill that opened the circuit, if a drill did.
        drill: Option<DrillMode>,
    },
    /// It was not asked: too many requests to it are under way.
    Overloaded,
    /// A failure drill stands in for it: it was not asked, or looked too slow.
    Drill {
        mode: DrillMode,
        retry_after: Duration,
    },
    /// It was not asked: it or the feature is closed, as announced.
    Closed(Arc<Closed>),
}

/// Why a client's request could not be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientFault {
    /// The body is larger than the limit.
    TooLarge,
    /// The head, with the gateway's additions, is larger than an upstream reads.
    HeadTooLarge,
    /// The body's framing is broken, a path parameter must not be sent on, or a handshake has no
    /// valid key.
    Malformed,
    /// The body did not arrive within the deadline.
    TooSlow,
}

#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Upstream {
        fault: UpstreamFault,
        /// For the log only.
        cause: String,
    },
    Client(ClientFault),
    /// The client has used up its share of the requests to the upstream, and none of them ended in
    /// time.
    ShareUsed,
    /// There is no memory for the body of the request, or of its answer.
    NoRoom(NoRoom),
    /// The request keeps coming back: an upstream's URL leads to this gateway again.
    Loop,
    /// The gateway's own failure.
    Internal(String),
}

impl Fault {
    pub(crate) fn upstream(fault: UpstreamFault, cause: impl Into<String>) -> Self {
        Self::Upstream {
            fault,
            cause: cause.into(),
        }
    }

    pub(crate) fn circuit_open(open: CircuitOpen, drill: Option<DrillMode>) -> Self {
        let cause = match open.scope {
            Scope::Upstream => "not asked: the circuit is open",
            Scope::Route => "not asked: the route's circuit is open",
        };
        Self::upstream(UpstreamFault::CircuitOpen { open, drill }, cause)
    }

    /// The request was not sent for an announced closure.
    pub(crate) fn closed(closed: Closed) -> Self {
        let fault = UpstreamFault::Closed(Arc::new(closed));
        Self::upstream(fault, "not asked: closed, as announced")
    }

    /// The announced closure that caused this fault, if one did.
    pub(crate) fn closure(&self) -> Option<&Closed> {
        match self {
            Self::Upstream {
                fault: UpstreamFault::Closed(closed),
                ..
            } => Some(closed),
            _ => None,
        }
    }

    /// The failure drill that caused this fault, if any.
    pub(crate) fn drill(&self) -> Option<DrillMode> {
        match self {
            Self::Upstream { fault, .. } => match fault {
                UpstreamFault::CircuitOpen { drill, .. } => *drill,
                UpstreamFault::Drill { mode, .. } => Some(*mode),
                _ => None,
            },
            _ => None,
        }
    }

    /// The upstream's answer did not come in time.
    pub(crate) fn late() -> Self {
        Self::upstream(UpstreamFault::Timeout, "no answer within the deadline")
    }

    /// Whether the upstream was asked.
    pub(crate) fn was_sent(&self) -> bool {
        match self {
            Self::Upstream { fault, .. } => match fault {
                UpstreamFault::Unreachable
                | UpstreamFault::Dropped
                | UpstreamFault::InvalidResponse
                | UpstreamFault::Failed
                | UpstreamFault::ConnectTimeout
                | UpstreamFault::Timeout => true,
                UpstreamFault::CircuitOpen { .. }
                | UpstreamFault::Overloaded
                | UpstreamFault::Closed(_)
                | UpstreamFault::Drill { .. } => false,
            },
            Self::Client(_)
            | Self::ShareUsed
            | Self::NoRoom(_)
            | Self::Loop
            | Self::Internal(_) => false,
        }
    }

    pub(crate) fn is_timeout(&self) -> bool {
        self.code() == Code::UpstreamTimeout
    }

    /// When to ask again, in whole seconds for `Retry-After`: never 0, which would mean at once.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Upstream { fault, .. } => fault.retry_after(),
            Self::ShareUsed | Self::NoRoom(_) => Some(1),
            Self::Client(_) | Self::Loop | Self::Internal(_) => None,
        }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Upstream { fault, .. } => fault.code(),
            Self::Client(ClientFault::TooLarge) => Code::PayloadTooLarge,
            Self::Client(ClientFault::HeadTooLarge) => Code::HeadersTooLarge,
            Self::Client(ClientFault::Malformed) => Code::BadRequest,
            Self::Client(ClientFault::TooSlow) => Code::RequestTimeout,
            Self::ShareUsed | Self::NoRoom(NoRoom::Share) => Code::RateLimited,
            Self::NoRoom(NoRoom::Budget) => Code::ServiceUnavailable,
            Self::Loop => Code::LoopDetected,
            Self::Internal(_) => Code::InternalError,
        }
    }
}

impl UpstreamFault {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable | Self::Dropped => Code::UpstreamUnreachable,
            Self::InvalidResponse => Code::UpstreamInvalidResponse,
            Self::ConnectTimeout
            | Self::Timeout
            | Self::Drill {
                mode: DrillMode::Slow,
                ..
            } => Code::UpstreamTimeout,
            Self::Failed | Self::CircuitOpen { .. } | Self::Drill { .. } => {
                Code::UpstreamUnavailable
            }
            Self::Overloaded => Code::UpstreamOverloaded,
            Self::Closed(_) => Code::Closed,
        }
    }

    /// `None` for a closure, which has a date.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Drill {
                mode: DrillMode::Slow,
                ..
            } => None,
            Self::CircuitOpen {
                open: CircuitOpen { retry_after, .. },
                ..
            }
            | Self::Drill { retry_after, .. } => Some(whole_seconds(*retry_after)),
            Self::Failed | Self::Overloaded => Some(1),
            Self::Unreachable
            | Self::Dropped
            | Self::InvalidResponse
            | Self::ConnectTimeout
            | Self::Timeout
            | Self::Closed(_) => None,
        }
    }

    /// The sentence that names the upstream. It does not advise to repeat a request that must not
    /// be repeated blindly (RFC 9110 §9.2.2) if the upstream may have carried it out.
    pub(crate) fn detail(&self, label: &Text, method: &Method) -> Text {
        if let Self::Closed(closed) = self {
            return closed.reason.clone();
        }
        Text::about(label, |say, service| {
            let say = &say.upstreams;
            let sentence = match self {
                Self::Dropped
                | Self::Timeout
                | Self::InvalidResponse
                | Self::Drill {
                    mode: DrillMode::Slow,
                    ..
                } if !method.is_idempotent() => say.unconfirmed,
                Self::Unreachable | Self::Dropped => say.unreachable,
                Self::InvalidResponse => say.invalid_response,
                Self::ConnectTimeout
                | Self::Timeout
                | Self::Drill {
                    mode: DrillMode::Slow,
                    ..
                } => say.too_slow,
                Self::CircuitOpen {
                    open:
                        CircuitOpen {
                            scope: Scope::Route,
                            ..
                        },
                    ..
                } => say.route_unavailable,
                Self::Failed | Self::CircuitOpen { .. } | Self::Drill { .. } | Self::Closed(_) => {
                    say.unavailable
                }
                Self::Overloaded => say.overloaded,
            };
            sentence(service)
        })
    }
}

/// Rounds up to whole seconds, at least 1.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let up = u64::from(duration.subsec_nanos() > 0);
    (duration.as_secs() + up).max(1)
}

impl From<CircuitOpen> for Fault {
    fn from(open: CircuitOpen) -> Self {
        Self::circuit_open(open, None)
    }
}

impl From<NoRoom> for Fault {
    fn from(reason: NoRoom) -> Self {
        Self::NoRoom(reason)
    }
}
