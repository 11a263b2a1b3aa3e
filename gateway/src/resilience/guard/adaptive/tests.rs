//! The limit against a model of an upstream: so many servers, one queue, service times that vary.
//! Time is simulated, event by event.

mod simulator;

use std::time::{Duration, Instant};

use super::{ANSWERS, Adaptive, AdaptiveSettings, Sample};
use simulator::{Simulation, Stretch};

const SETTINGS: AdaptiveSettings = AdaptiveSettings {
    floor: 10,
    ceiling: 1000,
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An overload of three times the capacity.
fn overload(capacity: usize, service: Duration, seed: u64) -> Simulation {
    Simulation::new(
        SETTINGS,
        capacity,
        seed,
        vec![Stretch::at(ms(0), service, 3.0)],
    )
}

#[test]
fn the_limit_is_steady_in_an_overload_of_ten_minutes_and_goodput_is_the_capacity() {
    for (seed, (capacity, service)) in [(16, ms(50)), (40, ms(20)), (200, ms(100))]
        .into_iter()
        .enumerate()
    {
        let mut simulation = overload(capacity, service, seed as u64);
        simulation.run_until(ms(20_000));
        simulation.forget();
        simulation.run_until(ms(620_000));
        let limits = simulation.limits();
        let (least, most) = (limits.least as f64, limits.most as f64);
        let middle = f64::midpoint(least, most);
        let amplitude = (most - middle) / middle;
        assert!(amplitude < 0.2, "{capacity} servers: {least} to {most}");
        let goodput = simulation.goodput();
        assert!(goodput > 0.95, "{capacity} servers: {goodput}");
        // The queue at the upstream is short.
        assert!(most < 4.0 * capacity as f64, "{capacity} servers: {most}");
    }
}

#[test]
fn the_limit_recovers_within_five_seconds_of_a_slow_phase() {
    for slow_for in [2_000, 10_000, 60_000] {
        let phases = vec![
            Stretch::at(ms(0), ms(20), 1.5),
            Stretch::at(ms(20_000), ms(400), 1.5),
            Stretch::at(ms(20_000 + slow_for), ms(20), 1.5),
        ];
        let mut simulation = Simulation::new(SETTINGS, 30, 7, phases);
        simulation.run_until(ms(25_000 + slow_for));
        simulation.forget();
        simulation.run_until(ms(30_000 + slow_for));
        let goodput = simulation.goodput();
        assert!(goodput > 0.9, "after {slow_for} ms: {goodput}");
    }
}

#[test]
fn a_step_that_lasts_is_learned_at_the_floor_and_the_limit_rises_again() {
    let phases = vec![
        Stretch::at(ms(0), ms(20), 1.5),
        Stretch::at(ms(20_000), ms(100), 1.5),
    ];
    let mut simulation = Simulation::new(SETTINGS, 60, 3, phases);
    simulation.run_until(ms(50_000));
    simulation.forget();
    simulation.run_until(ms(80_000));
    assert!(simulation.goodput() > 0.9, "{}", simulation.goodput());
}

#[test]
fn an_upstream_with_room_is_never_limited() {
    let phases = vec![Stretch::at(ms(0), ms(50), 0.5)];
    let mut simulation = Simulation::new(SETTINGS, 100, 5, phases);
    simulation.run_until(ms(10_000));
    simulation.forget();
    simulation.run_until(ms(310_000));
    assert_eq!(simulation.refused(), 0);
}

/// Tells it so many answers of 20 ms, with this many under way.
fn answers(adaptive: &Adaptive, now: &mut Instant, (count, in_flight): (usize, usize)) {
    for _ in 0..count {
        *now += ms(10);
        let sample = Sample {
            route: 0,
            latency: ms(20),
            in_flight,
            is_overload: false,
        };
        adaptive.learn(sample, *now);
    }
}

/// A limit that has risen to more than a hundred.
fn risen(now: &mut Instant) -> Adaptive {
    let adaptive = Adaptive::new(SETTINGS, 2, *now);
    answers(&adaptive, now, (20 * ANSWERS, 100));
    assert!(adaptive.limit() > 100, "{}", adaptive.limit());
    adaptive
}

#[test]
fn one_slow_answer_changes_nothing() {
    let mut now = Instant::now();
    let adaptive = risen(&mut now);
    let before = adaptive.limit();
    for _ in 0..10 {
        let slow = Sample {
            route: 0,
            latency: Duration::from_secs(5),
            in_flight: 5,
            is_overload: true,
        };
        adaptive.learn(slow, now);
        answers(&adaptive, &mut now, (2 * ANSWERS, 5));
        assert_eq!(adaptive.limit(), before);
    }
}

#[test]
fn a_limit_that_is_not_used_does_not_grow() {
    let mut now = Instant::now();
    let adaptive = risen(&mut now);
    let before = adaptive.limit();
    answers(&adaptive, &mut now, (1000 * ANSWERS, 4));
    assert_eq!(adaptive.limit(), before);
}

#[test]
fn a_burst_on_a_slower_route_is_no_overload() {
    let mut now = Instant::now();
    let adaptive = risen(&mut now);
    let slower = |adaptive: &Adaptive, now: &mut Instant, count| {
        for _ in 0..count {
            *now += ms(10);
            let sample = Sample {
                route: 1,
                latency: ms(300),
                in_flight: 20,
                is_overload: false,
            };
            adaptive.learn(sample, *now);
        }
    };
    let before = adaptive.limit();
    slower(&adaptive, &mut now, 1);
    slower(&adaptive, &mut now, 10 * ANSWERS);
    assert_eq!(adaptive.limit(), before);
}

#[test]
fn refusals_of_the_upstream_are_signs_of_overload() {
    let mut now = Instant::now();
    let adaptive = risen(&mut now);
    for _ in 0..40 * ANSWERS {
        now += ms(10);
        let sample = Sample {
            route: 0,
            latency: ms(1),
            in_flight: 100,
            is_overload: true,
        };
        adaptive.learn(sample, now);
    }
    assert_eq!(adaptive.limit(), SETTINGS.floor);
}

#[test]
fn the_limit_is_never_beyond_floor_and_ceiling() {
    let mut now = Instant::now();
    let settings = AdaptiveSettings {
        floor: 3,
        ceiling: 20,
    };
    let adaptive = Adaptive::new(settings, 1, now);
    assert_eq!(adaptive.limit(), 3);
    answers(&adaptive, &mut now, (30 * ANSWERS, 20));
    assert_eq!(adaptive.limit(), 20);
}
