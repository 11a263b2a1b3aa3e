//! Tests that each exercise fails unsolved, passes with the model solution, and leaves a learner's
//! work alone.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod edited;
mod read;

use stack::exercises::{ALL, Exercise};

fn exercise(number: u8) -> &'static Exercise {
    Exercise::numbered(number).unwrap()
}

#[test]
fn the_exercises_are_numbered_in_their_order() {
    assert!(ALL.iter().map(|exercise| exercise.number).eq(1..=10));
}
