//! Which circuit an outcome opens, and properties that hold for every answer of one route.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use proptest::prelude::*;

use super::super::breaker::{BreakerSettings, Intake, Phase};
use super::super::evidence::Evidence;
use super::super::hearing::Hearing;
use super::super::names::RouteName;
use super::super::passage::Change;
use super::super::witness::Witness;
use super::Circuits;
use crate::fault::{CircuitOpen, Scope};

const OPEN: Duration = Duration::from_secs(1);
const SETTINGS: BreakerSettings = BreakerSettings {
    failures: 5,
    percent: 50,
    minimum: 10,
    window: Duration::from_secs(10),
    open: OPEN,
    is_probed: true,
};
const REFUSED: Evidence = Evidence::Refused {
    retry_after: Duration::from_secs(30),
};

/// The failing route, then the same path with another method, then two other routes.
const BAD: usize = 0;
const MENU: usize = 2;
const ORDERS: usize = 3;

fn circuits(is_probed: bool, now: Instant) -> Circuits {
    let routes = [
        (Method::GET, "/bad"),
        (Method::POST, "/bad"),
        (Method::GET, "/menu"),
        (Method::GET, "/orders"),
    ];
    let routes = routes.map(|(method, path)| RouteName {
        method,
        path: path.into(),
    });
    let settings = BreakerSettings {
        is_probed,
        ..SETTINGS
    };
    Circuits::new(settings, &routes, now)
}

/// Sends a request by a route. If it is admitted, this is its outcome.
fn ask(
    circuits: &Circuits,
    route: usize,
    evidence: Evidence,
    now: Instant,
) -> Result<[Option<Change>; 2], CircuitOpen> {
    ask_at(circuits, (route, Witness::ALONE), evidence, now)
}

/// Sends a request by a route to one of several replicas.
fn ask_at(
    circuits: &Circuits,
    (route, witness): (usize, Witness),
    evidence: Evidence,
    now: Instant,
) -> Result<[Option<Change>; 2], CircuitOpen> {
    let passage = circuits.admit(route, Intake::Whole, now)?;
    Ok(circuits.settle(passage, evidence, witness, now))
}

/// Runs the gateway's own probe.
fn check(circuits: &Circuits, is_well: bool, now: Instant) -> Option<Change> {
    circuits.settle_check(circuits.check(now)?, is_well, now)
}

/// How many requests of a route are admitted if all of them have this outcome.
fn let_through(circuits: &Circuits, route: usize, evidence: Evidence, now: Instant) -> usize {
    let asked = (0..100).take_while(|_| ask(circuits, route, evidence, now).is_ok());
    asked.count()
}

fn refused(circuits: &Circuits, route: usize, now: Instant) -> Option<CircuitOpen> {
    ask(circuits, route, Evidence::Answered, now).err()
}

/// The replica of this number among three that all get requests.
fn replica(number: u32) -> Witness {
    Witness {
        own: 1 << number,
        others: 0b111 & !(1 << number),
    }
}

#[test]
fn no_circuit_opens_because_of_one_replica_of_three() {
    let now = Instant::now();
    for is_probed in [true, false] {
        for evidence in [
            Evidence::Unreachable,
            Evidence::Broken,
            Evidence::Unavailable,
            REFUSED,
        ] {
            let circuits = circuits(is_probed, now);
            let _ = check(&circuits, true, now);
            for number in [1, 2] {
                let good = (MENU, replica(number));
                ask_at(&circuits, good, Evidence::Answered, now).unwrap();
            }
            for _ in 0..100 {
                ask_at(&circuits, (MENU, replica(0)), evidence, now).unwrap();
            }
            assert_eq!(circuits.phase(now), Phase::Closed, "{evidence:?}");
            assert_eq!(circuits.route_phase(MENU, now), Phase::Closed);
        }
    }
}

#[test]
fn the_circuit_opens_once_every_replica_fails() {
    let now = Instant::now();
    let circuits = circuits(false, now);
    for number in [0, 1, 2] {
        let good = (MENU, replica(number));
        ask_at(&circuits, good, Evidence::Answered, now).unwrap();
    }
    let mut asked = 0;
    while ask_at(&circuits, (MENU, replica(asked % 3)), Evidence::Broken, now).is_ok() {
        asked += 1;
    }
    // The first failures of two were spared.
    assert_eq!(asked, 2 + SETTINGS.failures);
}

#[test]
fn a_route_that_every_replica_fails_has_its_circuit_opened_and_the_others_go_on() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    let _ = check(&circuits, true, now);
    for number in 0..30 {
        let at = |route| (route, replica(number % 3));
        let _ = ask_at(&circuits, at(BAD), Evidence::Unavailable, now);
        ask_at(&circuits, at(MENU), Evidence::Answered, now).unwrap();
    }
    let open = refused(&circuits, BAD, now).unwrap();
    assert_eq!(open.scope, Scope::Route);
    assert_eq!(circuits.phase(now), Phase::Closed);
}

#[test]
fn the_first_failed_probe_is_known_before_any_circuit_opens() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    assert_eq!(circuits.hearing(), Hearing::Unheard);
    let _ = check(&circuits, true, now);
    assert_eq!(circuits.hearing(), Hearing::Well);
    assert_eq!(check(&circuits, false, now), None);
    assert_eq!(circuits.hearing(), Hearing::Failing);
    assert_eq!(circuits.failed_probes(), 1);
    assert_eq!(circuits.phase(now), Phase::Closed);
    // No client is refused because of it.
    assert_eq!(refused(&circuits, MENU, now), None);
    let _ = check(&circuits, true, now);
    assert_eq!(circuits.hearing(), Hearing::Well);
}

#[test]
fn without_a_probe_an_upstream_is_known_by_its_first_answer() {
    let now = Instant::now();
    for (evidence, hearing) in [
        (Evidence::Unreachable, Hearing::Unheard),
        (Evidence::Broken, Hearing::Unheard),
        (REFUSED, Hearing::Well),
        (Evidence::Answered, Hearing::Well),
    ] {
        let circuits = circuits(false, now);
        let _ = ask(&circuits, MENU, evidence, now);
        assert_eq!(circuits.hearing(), hearing, "{evidence:?}");
    }
}

#[test]
fn only_the_route_that_always_answers_503_is_shut() {
    for evidence in [REFUSED, Evidence::Unavailable] {
        for is_probed in [false, true] {
            let now = Instant::now();
            let circuits = circuits(is_probed, now);
            assert_eq!(let_through(&circuits, BAD, evidence, now), 5);
            let refusal = refused(&circuits, BAD, now).unwrap();
            assert_eq!(refusal.scope, Scope::Route);
            let retry_after = evidence.retry_after().unwrap_or(OPEN);
            assert_eq!(refusal.retry_after, retry_after);
            assert_eq!(refused(&circuits, MENU, now), None);
            assert_eq!(circuits.phase(now), Phase::Closed);
        }
    }
}

#[test]
fn a_request_to_the_route_closes_its_circuit() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    assert_eq!(let_through(&circuits, BAD, REFUSED, now), 5);
    let due = now + Duration::from_secs(30);
    let _ = check(&circuits, true, due);
    assert!(refused(&circuits, BAD, due - OPEN).is_some());
    let closed = ask(&circuits, BAD, Evidence::Answered, due);
    assert_eq!(closed, Ok([None, Some(Change::Closed(Scope::Route))]));
    assert_eq!(refused(&circuits, BAD, due), None);
}

#[test]
fn only_the_silent_route_is_shut_while_the_probe_is_well() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    let _ = check(&circuits, true, now);
    assert_eq!(let_through(&circuits, BAD, Evidence::Broken, now), 5);
    let refusal = refused(&circuits, BAD, now).unwrap();
    assert_eq!(refusal.scope, Scope::Route);
    assert_eq!(refused(&circuits, MENU, now), None);
}

#[test]
fn the_methods_of_one_path_do_not_count_as_other_routes() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    let _ = check(&circuits, true, now);
    for route in [BAD, BAD + 1] {
        assert_eq!(let_through(&circuits, route, Evidence::Broken, now), 5);
    }
    assert_eq!(refused(&circuits, MENU, now), None);
}

#[test]
fn silence_on_several_routes_opens_the_upstreams_circuit_even_if_the_probe_is_well() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    let _ = check(&circuits, true, now);
    let _ = ask(&circuits, BAD, Evidence::Broken, now);
    assert_eq!(let_through(&circuits, MENU, Evidence::Broken, now), 5);
    let refusal = refused(&circuits, ORDERS, now).unwrap();
    assert_eq!(refusal.scope, Scope::Upstream);
}

#[test]
fn a_dead_upstream_is_found_within_a_few_requests_of_one_route() {
    for (is_probed, evidence) in [
        (true, Evidence::Unreachable),
        (false, Evidence::Unreachable),
        (false, Evidence::Broken),
    ] {
        let now = Instant::now();
        let circuits = circuits(is_probed, now);
        let _ = ask(&circuits, MENU, Evidence::Answered, now);
        assert_eq!(let_through(&circuits, BAD, evidence, now), 5);
        let refusal = refused(&circuits, ORDERS, now).unwrap();
        assert_eq!(refusal.scope, Scope::Upstream);
    }
}

#[test]
fn a_failing_probe_and_a_few_requests_open_the_upstreams_circuit() {
    for evidence in [Evidence::Broken, Evidence::Unavailable] {
        let now = Instant::now();
        let circuits = circuits(true, now);
        let _ = ask(&circuits, MENU, Evidence::Answered, now);
        assert_eq!(check(&circuits, false, now), None);
        // The probe was the first of five failures.
        assert_eq!(let_through(&circuits, BAD, evidence, now), 4);
        let refusal = refused(&circuits, MENU, now).unwrap();
        assert_eq!(refusal.scope, Scope::Upstream);
    }
}

#[test]
fn a_failing_probe_opens_the_upstreams_circuit_without_any_request() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    let changes: Vec<_> = (0..5).map(|_| check(&circuits, false, now)).collect();
    assert_eq!(changes[4], Some(Change::Opened(Scope::Upstream)));
    let closed = check(&circuits, true, now + OPEN);
    assert_eq!(closed, Some(Change::Closed(Scope::Upstream)));
}

#[test]
fn the_routes_failures_are_forgotten_after_an_outage() {
    let now = Instant::now();
    let circuits = circuits(true, now);
    assert_eq!(let_through(&circuits, BAD, Evidence::Unreachable, now), 5);
    let back = now + OPEN;
    assert_eq!(
        check(&circuits, true, back),
        Some(Change::Closed(Scope::Upstream))
    );
    // Five new failures.
    assert_eq!(let_through(&circuits, BAD, REFUSED, back), 5);
}

#[test]
fn a_503_to_the_trial_closes_the_upstreams_circuit() {
    let now = Instant::now();
    let circuits = circuits(false, now);
    assert_eq!(let_through(&circuits, BAD, Evidence::Unreachable, now), 5);
    let changes = ask(&circuits, BAD, REFUSED, now + OPEN);
    assert_eq!(changes, Ok([Some(Change::Closed(Scope::Upstream)), None]));
}

#[test]
fn a_shut_route_holds_back_no_trial_of_its_upstream() {
    let now = Instant::now();
    let circuits = circuits(false, now);
    assert_eq!(let_through(&circuits, BAD, REFUSED, now), 5);
    assert_eq!(let_through(&circuits, MENU, Evidence::Unreachable, now), 5);
    let due = now + OPEN;
    assert_eq!(refused(&circuits, BAD, due).unwrap().scope, Scope::Route);
    assert_eq!(refused(&circuits, MENU, due), None);
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A request of the bad route, and its outcome.
    Bad(Evidence),
    /// A request of another route, which is well.
    Good(usize),
    Check,
    Wait(u16),
}

fn event(bad: impl Strategy<Value = Evidence> + 'static) -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => bad.prop_map(Event::Bad),
        1 => prop_oneof![Just(MENU), Just(ORDERS)].prop_map(Event::Good),
        1 => Just(Event::Check),
        1 => (0..12_000_u16).prop_map(Event::Wait),
    ]
}

/// Any 503.
fn unavailable() -> impl Strategy<Value = Evidence> {
    let refused = (0..100_u64).prop_map(|seconds| Evidence::Refused {
        retry_after: Duration::from_secs(seconds),
    });
    prop_oneof![refused, Just(Evidence::Unavailable)]
}

/// Whether no request of another route is ever refused.
fn others_are_never_refused(is_probed: bool, events: Vec<Event>) -> Result<(), TestCaseError> {
    let mut now = Instant::now();
    let circuits = circuits(is_probed, now);
    if is_probed {
        let _ = check(&circuits, true, now);
    }
    for event in events {
        match event {
            Event::Bad(evidence) => {
                let _ = ask(&circuits, BAD, evidence, now);
            }
            Event::Good(route) => prop_assert_eq!(refused(&circuits, route, now), None),
            Event::Check => {
                let _ = is_probed.then(|| check(&circuits, true, now));
            }
            Event::Wait(millis) => now += Duration::from_millis(millis.into()),
        }
        prop_assert_eq!(circuits.phase(now), Phase::Closed);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_client_that_makes_one_route_answer_503_shuts_no_other(is_probed: bool, events in prop::collection::vec(event(unavailable()), 0..300)) {
        others_are_never_refused(is_probed, events)?;
    }

    #[test]
    fn a_client_that_silences_one_route_shuts_no_other_while_the_probe_is_well(
        events in prop::collection::vec(event(prop_oneof![unavailable(), Just(Evidence::Broken)]), 0..300)
    ) {
        others_are_never_refused(true, events)?;
    }

    /// This holds after any earlier events, and for any routes asked then.
    #[test]
    fn a_dead_upstream_is_found_within_two_tenths_of_the_window_and_a_few_requests(
        before in prop::collection::vec(event(unavailable()), 0..100),
        routes in prop::collection::vec(MENU..=ORDERS, 20),
    ) {
        let mut now = Instant::now();
        let circuits = circuits(true, now);
        for event in before {
            match event {
                Event::Bad(evidence) => _ = ask(&circuits, BAD, evidence, now),
                Event::Good(route) => _ = refused(&circuits, route, now),
                Event::Check => _ = check(&circuits, true, now),
                Event::Wait(millis) => now += Duration::from_millis(millis.into()),
            }
        }
        now += SETTINGS.window / 5;
        let dead = routes.into_iter().take_while(|route| ask(&circuits, *route, Evidence::Unreachable, now).is_ok());
        prop_assert!(dead.count() <= 5);
    }
}
