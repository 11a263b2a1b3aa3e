//! Announced closures: for a known time and on purpose, an upstream gets no requests, or a feature
//! takes none.
//!
//! A closure acts where the upstream would be asked, as a drill does, so that stale answers,
//! fallbacks, kept requests and partial answers need no rule of their own. It comes before circuits,
//! permits and drills: none of them learns anything from it.
//!
//! The file declares closures, and the operator may announce others. A reload replaces the former and
//! keeps the latter. Each gateway has its own: closures are not shared.
//!
//! The wall clock decides. A closure is from one moment until another, so no time zone matters here.

mod calendar;
mod closure;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use shared_types::gateway::{AnnouncedClosure, ClosureNotice, ClosureTarget};
use shared_types::value::Timestamp;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::fault::closed::Closed;
use crate::resilience::guard::RouteName;
use calendar::Calendar;

pub(crate) use calendar::{Ended, FeatureRoutes, RouteAt};
pub(crate) use closure::{Closure, ClosureFault, LONGEST_DAYS, LONGEST_REASON};

/// The longest pause of whoever follows the closures: the wall clock may be set.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Closures {
    /// Whether there is a closure that is not over. This is all that a request reads without one.
    is_any: AtomicBool,
    calendar: RwLock<Calendar>,
    changed: Notify,
}

impl Closures {
    /// Takes the closures and features of a configuration. Keeps the operator's closures of what
    /// `has` still names.
    pub(crate) fn follow(
        &self,
        declared: &[(ClosureTarget, Closure)],
        routes: FeatureRoutes,
        has: impl Fn(&ClosureTarget) -> bool,
    ) {
        self.change(|calendar| calendar.follow(declared, routes, has));
    }

    /// Announces the operator's closure, in place of an earlier one of the same target.
    pub(crate) fn announce(&self, target: ClosureTarget, closure: Closure) {
        self.change(|calendar| calendar.announce(target, closure));
    }

    /// Ends or withdraws the operator's closure.
    pub(crate) fn end(&self, target: &ClosureTarget) -> Ended {
        self.change(|calendar| calendar.end(target, Timestamp::now()))
    }

    /// Whether requests of the feature are sent to an upstream.
    pub(crate) fn has_routes(&self, feature: &str) -> bool {
        self.calendar().has_routes(feature)
    }

    /// The closures that are not over, as the operator sees them.
    pub(crate) fn announced(&self) -> Vec<AnnouncedClosure> {
        self.calendar().announced(Timestamp::now())
    }

    /// The closure of a request to the upstream. `route` is the route that it belongs to.
    pub(crate) fn of(&self, upstream: &str, route: Option<&RouteName>) -> Option<Closed> {
        let calendar = self.any()?;
        calendar.closed(upstream, route, Timestamp::now())
    }

    /// For how long the feature itself is closed, if it is.
    pub(crate) fn of_feature(&self, feature: &str) -> Option<Duration> {
        let (calendar, now) = (self.any()?, Timestamp::now());
        Some(calendar.feature_closed_until(feature, now)?.since(now))
    }

    /// The present or next closure of a target that `concerns` accepts.
    pub(crate) fn notice(
        &self,
        concerns: impl Fn(&ClosureTarget) -> bool,
    ) -> Option<ClosureNotice> {
        self.any()?.notice(concerns, Timestamp::now())
    }

    /// The present or next closure of a request to the upstream.
    pub(crate) fn notice_of(
        &self,
        upstream: &str,
        route: Option<&RouteName>,
    ) -> Option<ClosureNotice> {
        let calendar = self.any()?;
        calendar.notice_of(upstream, route, Timestamp::now())
    }

    /// Whether a closure concerns requests to the upstream, or those of one path only, at any time
    /// from now on for `duration`.
    pub(crate) fn overlaps(
        &self,
        upstream: Option<&str>,
        path: Option<&str>,
        duration: Duration,
    ) -> bool {
        let now = Timestamp::now();
        self.any()
            .is_some_and(|calendar| calendar.overlaps((upstream, path), (now, now.after(duration))))
    }

    /// The targets that are closed now. Forgets what is over.
    pub(crate) fn present(&self) -> BTreeSet<ClosureTarget> {
        let now = Timestamp::now();
        let mut calendar = self.write();
        calendar.forget_past(now);
        self.is_any.store(!calendar.is_empty(), Ordering::Release);
        calendar.present(now)
    }

    /// Waits until the closures may have changed: at the next beginning or end, and when they were
    /// changed.
    pub(crate) async fn wait(&self) {
        let now = Timestamp::now();
        let next = self.any().map(|calendar| calendar.next(now));
        let pause = next.map(|next| next.map_or(LOOK, |next| next.since(now).min(LOOK)));
        tokio::select! {
            () = self.changed.notified() => {}
            () = async {
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Calendar) -> T) -> T {
        let mut calendar = self.write();
        let outcome = change(&mut calendar);
        calendar.forget_past(Timestamp::now());
        self.is_any.store(!calendar.is_empty(), Ordering::Release);
        drop(calendar);
        self.changed.notify_one();
        outcome
    }

    /// The calendar, if there is anything in it.
    fn any(&self) -> Option<RwLockReadGuard<'_, Calendar>> {
        let is_any = self.is_any.load(Ordering::Acquire);
        is_any.then(|| self.calendar())
    }

    fn calendar(&self) -> RwLockReadGuard<'_, Calendar> {
        self.calendar.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Calendar> {
        self.calendar
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
