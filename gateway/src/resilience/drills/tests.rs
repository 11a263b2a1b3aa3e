//! Which drill applies to a request, and what becomes of the circuit that a drill opens.

use std::time::{Duration, Instant};

use shared_types::gateway::{BreakerState, DrillMode};

use super::{Drills, Place, Plan};
use crate::fault::Fault;
use crate::resilience::guard::{BreakerSettings, Evidence, Intake};

const SETTINGS: BreakerSettings = BreakerSettings {
    failures: 3,
    percent: 50,
    minimum: 8,
    window: Duration::from_secs(10),
    open: Duration::from_secs(3600),
    is_probed: false,
};

fn plan(mode: DrillMode, rate: f64) -> Plan {
    Plan {
        mode,
        rate,
        delay: Duration::ZERO,
        until: Instant::now() + Duration::from_secs(60),
    }
}

fn orders() -> Place {
    Place::Upstream("orders".to_owned())
}

fn begin(drills: &Drills, place: Place, plan: Plan) {
    drills.begin(place, plan, SETTINGS);
}

fn state(drills: &Drills) -> BreakerState {
    drills.phase("orders").state()
}

async fn fail(drills: &Drills) -> Fault {
    let drill = drills.of("orders", "/menu", 0.0).unwrap();
    let tried = match drill.admit(Intake::Whole) {
        Ok(tried) => tried,
        Err(open) => return open,
    };
    let fault = tried.act().await.unwrap_err();
    tried.settle(Evidence::Unreachable);
    fault
}

#[test]
fn a_route_s_drill_comes_before_its_upstream_s() {
    let drills = Drills::default();
    assert!(drills.of("orders", "/menu", 0.0).is_none());
    begin(&drills, orders(), plan(DrillMode::Down, 1.0));
    let menu = Place::Route("/menu".to_owned());
    begin(&drills, menu, plan(DrillMode::Slow, 1.0));
    let mode = |upstream: &str, route: &str| Some(drills.of(upstream, route, 0.0)?.mode());
    assert_eq!(mode("orders", "/menu"), Some(DrillMode::Slow));
    assert_eq!(mode("orders", "/orders"), Some(DrillMode::Down));
    assert_eq!(mode("kitchen", "/kitchen"), None);
}

#[tokio::test]
async fn a_drill_affects_the_share_of_the_requests_that_was_asked_for() {
    let drills = Drills::default();
    begin(&drills, orders(), plan(DrillMode::Flaky, 0.25));
    let act = async |part| {
        let drill = drills.of("orders", "/menu", part).unwrap();
        let tried = drill.admit(Intake::Whole).unwrap();
        tried.act().await
    };
    assert!(act(0.2).await.is_err());
    assert!(act(0.25).await.is_ok());
}

#[test]
fn a_drill_ends_by_itself() {
    let drills = Drills::default();
    let over = Plan {
        until: Instant::now(),
        ..plan(DrillMode::Down, 1.0)
    };
    begin(&drills, orders(), over);
    assert!(drills.of("orders", "/menu", 0.0).is_none());
    assert!(drills.all(Instant::now()).is_empty());
    assert!(!drills.end(&orders()));
}

#[tokio::test]
async fn a_drills_open_circuit_ends_with_the_drill() {
    let drills = Drills::default();
    begin(&drills, orders(), plan(DrillMode::Down, 1.0));
    for _ in 0..SETTINGS.failures {
        assert_eq!(state(&drills), BreakerState::Closed);
        assert_eq!(fail(&drills).await.drill(), Some(DrillMode::Down));
    }
    assert_eq!(state(&drills), BreakerState::Open);
    // The fault of the open circuit names the drill.
    assert_eq!(fail(&drills).await.drill(), Some(DrillMode::Down));
    assert!(drills.end(&orders()));
    assert_eq!(state(&drills), BreakerState::Closed);
    // The next drill begins with a closed circuit, too.
    begin(&drills, orders(), plan(DrillMode::Down, 1.0));
    assert_eq!(state(&drills), BreakerState::Closed);
}

#[tokio::test]
async fn an_expired_drill_refuses_nobody() {
    let drills = Drills::default();
    let short = Plan {
        until: Instant::now() + Duration::from_millis(50),
        ..plan(DrillMode::Down, 1.0)
    };
    begin(&drills, orders(), short);
    for _ in 0..SETTINGS.failures {
        let _ = fail(&drills).await;
    }
    assert_eq!(state(&drills), BreakerState::Open);
    tokio::time::sleep_until(short.until.into()).await;
    assert_eq!(state(&drills), BreakerState::Closed);
    assert!(drills.of("orders", "/menu", 0.0).is_none());
}

#[test]
fn a_probe_counts_where_the_drill_does_not_affect_it() {
    let drills = Drills::default();
    begin(&drills, orders(), plan(DrillMode::Flaky, 0.5));
    let check = |part, is_well| {
        let drill = drills.of("orders", "", part).unwrap();
        drill.check(is_well, Duration::from_secs(1));
    };
    for _ in 0..2 {
        check(0.0, true);
    }
    check(0.9, true);
    check(0.0, true);
    assert_eq!(state(&drills), BreakerState::Closed);
    for _ in 0..SETTINGS.failures {
        check(0.9, false);
    }
    assert_eq!(state(&drills), BreakerState::Open);
}
