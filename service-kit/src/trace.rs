//! The trace that a request belongs to (W3C Trace Context). A service records no spans: it logs the
//! trace id and passes `traceparent` on unchanged (§4.3), so that one id finds everything about an
//! order.

use std::future::Future;
use std::rc::Rc;

use actix_web::http::header::HeaderMap;

use crate::traceparent;

tokio::task_local! {
    static CURRENT: Option<Trace>;
}

/// A valid `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace(Rc<str>);

impl Trace {
    /// `None` when the request has no `traceparent`, or more than one.
    #[must_use]
    pub fn of(fields: &HeaderMap) -> Option<Self> {
        let value = traceparent::sent(fields)?;
        traceparent::parse(value.as_bytes())?;
        value.to_str().ok().map(|text| Self(text.into()))
    }

    /// The trace of the request that is being answered.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok().flatten()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the whole trace.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.get(3..35).unwrap_or("-")
    }
}

/// Runs `work` as a part of the trace.
pub async fn within<F: Future>(trace: Option<Trace>, work: F) -> F::Output {
    CURRENT.scope(trace, work).await
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderMap;

    use super::{Trace, within};
    use crate::traceparent::HEADER;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn of(values: &[&str]) -> Option<Trace> {
        let mut fields = HeaderMap::new();
        for value in values {
            fields.append(HEADER, value.parse().unwrap());
        }
        Trace::of(&fields)
    }

    #[tokio::test]
    async fn the_work_of_a_request_knows_its_trace() {
        assert_eq!(Trace::current(), None);
        let trace = of(&[SENT]).unwrap();
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let found = within(Some(trace.clone()), async { Trace::current() }).await;
        assert_eq!(found, Some(trace));
    }

    #[test]
    fn an_invalid_traceparent_is_none() {
        for values in [&[][..], &["x"], &[SENT, SENT]] {
            assert_eq!(of(values), None, "{values:?}");
        }
    }
}
