//! A virtual clock goes over midnight, both changes of daylight saving and leap days, second by
//! second where it matters.

use std::time::Duration;

use actix_web::http::Method;
use shared_types::field::FromText as _;
use shared_types::gateway::{ClosureSource, ClosureTarget};
use shared_types::text::{Lang, Text};
use shared_types::value::Timestamp;

use super::{Calendar, Ended, FeatureRoutes, RouteAt};
use crate::resilience::closures::{Closure, ClosureFault};
use crate::resilience::guard::RouteName;

fn at(text: &str) -> Timestamp {
    Timestamp::from_text(text).unwrap()
}

fn closure(from: &str, until: &str, reason: &str) -> Closure {
    Closure::new(at(from), at(until), Text::untranslated(reason)).unwrap()
}

fn orders() -> ClosureTarget {
    ClosureTarget::Upstream("orders".to_owned())
}

fn ordering() -> ClosureTarget {
    ClosureTarget::Feature("ordering".to_owned())
}

fn route(method: Method) -> RouteName {
    RouteName {
        method,
        path: "/commandes".into(),
    }
}

/// The feature `ordering` is the route `POST /commandes` of `orders`.
fn calendar(closures: &[(ClosureTarget, Closure)]) -> Calendar {
    let at = RouteAt {
        upstream: "orders".into(),
        route: route(Method::POST),
    };
    let mut calendar = Calendar::default();
    let routes = FeatureRoutes::from([("ordering".to_owned(), vec![at])]);
    calendar.follow(closures, routes, |_| true);
    calendar
}

/// The end that a request to `orders` is told.
fn end(calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
    let closed = calendar.closed("orders", Some(&route(Method::POST)), now);
    closed.map(|closed| closed.until)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_closure_lasts_as_long_as_its_offsets_say_whatever_the_clock_on_the_wall_does() {
    for (what, from, until, hours) in [
        (
            "midnight",
            "2026-12-31T23:30:00+01:00",
            "2027-01-01T00:30:00+01:00",
            1,
        ),
        // From 2 o'clock it is 3 o'clock in Paris.
        (
            "spring",
            "2027-03-28T01:30:00+01:00",
            "2027-03-28T03:30:00+02:00",
            1,
        ),
        // Half past two comes twice.
        (
            "autumn",
            "2027-10-31T02:30:00+02:00",
            "2027-10-31T02:30:00+01:00",
            1,
        ),
        (
            "all of that day",
            "2027-10-31T00:00:00+02:00",
            "2027-11-01T00:00:00+01:00",
            25,
        ),
        (
            "leap day",
            "2028-02-28T23:00:00+01:00",
            "2028-03-01T01:00:00+01:00",
            26,
        ),
        (
            "no leap day",
            "2027-02-28T23:00:00+01:00",
            "2027-03-01T01:00:00+01:00",
            2,
        ),
        (
            "another offset",
            "2028-02-29T00:00:00+14:00",
            "2028-02-29T00:00:00-12:00",
            26,
        ),
    ] {
        let calendar = calendar(&[(orders(), closure(from, until, "work"))]);
        let (from, until) = (at(from), at(until));
        let length = Duration::from_secs(hours * 3600);
        assert_eq!(until.since(from), length, "{what}");
        // From a minute before until a minute after.
        let mut now = from.before(Duration::from_secs(60));
        while now < until.after(Duration::from_secs(60)) {
            let expected = (from <= now && now < until).then_some(until);
            assert_eq!(end(&calendar, now), expected, "{what}: {now}");
            now = now.after(SECOND);
        }
        assert_eq!(
            end(&calendar, until.before(Duration::from_millis(1))),
            Some(until)
        );
    }
}

#[test]
fn a_day_that_does_not_exist_is_no_moment() {
    for text in [
        "2027-02-29T12:00:00Z",
        "2028-02-30T12:00:00Z",
        "2028-02-29T12:00:00",
    ] {
        assert!(Timestamp::from_text(text).is_err(), "{text}");
    }
    assert!(Timestamp::from_text("2028-02-29T12:00:00Z").is_ok());
}

#[test]
fn closures_without_a_gap_between_them_have_one_end() {
    let calendar = calendar(&[
        (
            orders(),
            closure("2028-02-29T10:00:00Z", "2028-02-29T11:00:00Z", "first"),
        ),
        (
            ordering(),
            closure("2028-02-29T10:30:00Z", "2028-02-29T12:00:00Z", "second"),
        ),
        (
            orders(),
            closure("2028-02-29T12:00:00Z", "2028-02-29T13:00:00Z", "third"),
        ),
        (
            orders(),
            closure("2028-02-29T13:00:01Z", "2028-02-29T14:00:00Z", "fourth"),
        ),
    ]);
    let told = |time: &str| end(&calendar, at(time));
    assert_eq!(
        told("2028-02-29T10:00:00Z"),
        Some(at("2028-02-29T13:00:00Z"))
    );
    assert_eq!(
        told("2028-02-29T12:59:59Z"),
        Some(at("2028-02-29T13:00:00Z"))
    );
    assert_eq!(told("2028-02-29T13:00:00Z"), None);
    assert_eq!(
        told("2028-02-29T13:00:01Z"),
        Some(at("2028-02-29T14:00:00Z"))
    );
    // Other routes of the upstream are open in the feature's own hour.
    let other = calendar.closed(
        "orders",
        Some(&route(Method::GET)),
        at("2028-02-29T11:30:00Z"),
    );
    assert!(other.is_none());
    let notice = calendar.notice(|target| *target == orders(), at("2028-02-29T09:00:00Z"));
    assert_eq!(notice.unwrap().until, at("2028-02-29T11:00:00Z"));
}

#[test]
fn a_feature_is_closed_at_its_routes_only_and_keeps_nothing_for_later() {
    let span = ("2027-01-01T10:00:00Z", "2027-01-01T11:00:00Z");
    let now = at(span.0);
    let calendar = calendar(&[
        (orders(), closure(span.0, span.1, "work")),
        (ordering(), closure(span.0, span.1, "stocktaking")),
    ]);
    let of = |upstream: &str, method| calendar.closed(upstream, Some(&route(method)), now);
    let post = of("orders", Method::POST).unwrap();
    assert_eq!(post.reason.to(Lang::En), "stocktaking");
    assert!(!post.is_planned_work);
    let get = of("orders", Method::GET).unwrap();
    assert_eq!(get.reason.to(Lang::En), "work");
    assert!(get.is_planned_work);
    assert!(of("kitchen", Method::POST).is_none());
    assert_eq!(
        calendar.feature_closed_until("ordering", now),
        Some(at(span.1))
    );
    assert_eq!(calendar.feature_closed_until("menu", now), None);
    assert_eq!(calendar.present(now).len(), 2);
}

#[test]
fn the_next_closure_is_announced_until_it_is_over() {
    let calendar = calendar(&[
        (
            ordering(),
            closure("2027-02-01T00:00:00Z", "2027-02-02T00:00:00Z", "later"),
        ),
        (
            ordering(),
            closure("2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z", "sooner"),
        ),
    ]);
    let told = |time: &str| {
        let notice = calendar.notice(|target| *target == ordering(), at(time));
        notice.map(|notice| notice.reason.to(Lang::Fr).clone())
    };
    for (time, expected) in [
        ("2026-06-01T00:00:00Z", Some("sooner")),
        ("2027-01-01T23:59:59Z", Some("sooner")),
        ("2027-01-02T00:00:00Z", Some("later")),
        ("2027-02-02T00:00:00Z", None),
    ] {
        assert_eq!(told(time).as_deref(), expected, "{time}");
    }
    let listed = calendar.announced(at("2026-12-31T23:59:00Z"));
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].begins_in_seconds, Some(60));
    assert_eq!(listed[0].ends_in_seconds, 60 + 86_400);
    assert_eq!(listed[0].upstreams, ["orders"]);
    let next = calendar.next(at("2027-01-01T00:00:00Z"));
    assert_eq!(next, Some(at("2027-01-02T00:00:00Z")));
}

#[test]
fn a_reload_replaces_the_files_closures_and_keeps_the_operators() {
    let now = at("2027-01-01T00:00:00Z");
    let long = || closure("2027-01-01T00:00:00Z", "2027-01-09T00:00:00Z", "long");
    let mut calendar = calendar(&[(orders(), long())]);
    assert_eq!(calendar.end(&orders(), now), Ended::OfFile);
    calendar.announce(ordering(), long());
    calendar.announce(
        ordering(),
        closure("2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z", "x"),
    );
    let routes = calendar.routes.clone();
    calendar.follow(&[], routes.clone(), |_| true);
    let listed = calendar.announced(now);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].by, &listed[0].target),
        (ClosureSource::Operator, &ordering())
    );
    assert_eq!(listed[0].notice.until, at("2027-01-02T00:00:00Z"));
    // The new configuration has no such feature.
    calendar.follow(&[], routes, |target| *target != ordering());
    assert!(calendar.is_empty());
    assert_eq!(calendar.end(&ordering(), now), Ended::None);
    calendar.announce(ordering(), long());
    assert_eq!(calendar.end(&ordering(), now), Ended::Yes);
    calendar.announce(ordering(), long());
    assert_eq!(
        calendar.end(&ordering(), at("2027-01-09T00:00:00Z")),
        Ended::None
    );
}

#[test]
fn a_drill_overlaps_with_the_closures_of_its_target() {
    let calendar = calendar(&[
        (
            ordering(),
            closure("2027-01-01T10:00:00Z", "2027-01-01T11:00:00Z", "x"),
        ),
        (
            ClosureTarget::Upstream("kitchen".to_owned()),
            closure("2027-01-01T20:00:00Z", "2027-01-01T21:00:00Z", "x"),
        ),
    ]);
    let overlaps = |upstream, path, from: &str, until: &str| {
        calendar.overlaps((upstream, path), (at(from), at(until)))
    };
    let (before, begins) = ("2027-01-01T09:59:00Z", "2027-01-01T10:00:00Z");
    let (last, ends) = ("2027-01-01T10:59:59Z", "2027-01-01T11:00:00Z");
    let evening = "2027-01-01T20:30:00Z";
    let commandes = Some("/commandes");
    for (upstream, path, from, until, expected) in [
        (Some("orders"), None, before, begins, true),
        (Some("orders"), None, before, before, false),
        (Some("orders"), commandes, last, ends, true),
        (Some("orders"), commandes, ends, ends, false),
        (Some("orders"), Some("/menu"), begins, ends, false),
        (Some("kitchen"), None, begins, ends, false),
        (Some("kitchen"), Some("/kitchen"), evening, evening, true),
        (None, None, evening, evening, true),
        (None, None, ends, ends, false),
    ] {
        let held = overlaps(upstream, path, from, until);
        assert_eq!(held, expected, "{upstream:?} {path:?} {from} {until}");
    }
}

#[test]
fn a_span_and_a_reason_have_limits() {
    let (from, until) = (at("2027-01-01T00:00:00Z"), at("2027-01-02T00:00:00Z"));
    let refused = |until, reason: &str| Closure::new(from, until, Text::untranslated(reason)).err();
    assert_eq!(refused(until, "work"), None);
    assert_eq!(refused(from, "work"), Some(ClosureFault::EndsFirst));
    assert_eq!(refused(at("2027-04-01T00:00:00Z"), "work"), None);
    let late = refused(at("2027-04-01T00:00:01Z"), "work");
    assert_eq!(late, Some(ClosureFault::TooLong));
    for reason in ["", " ", "a\nb", &"é".repeat(301)] {
        assert_eq!(
            refused(until, reason),
            Some(ClosureFault::Reason),
            "{reason}"
        );
    }
    assert_eq!(refused(until, &"é".repeat(300)), None);
}
