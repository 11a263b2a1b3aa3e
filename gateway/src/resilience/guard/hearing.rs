//! What is known of an upstream while its circuit is closed. It is for people: no request depends
//! on it.
//!
//! A circuit opens after several failures, so that a single one shuts nobody out. People are told
//! of the first.

use super::evidence::Probe;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// No probe has come back yet, and no request has been answered.
    Unheard,
    Well,
    /// The latest probe failed.
    Failing,
}

impl Hearing {
    pub(super) fn of(probe: Probe, has_answered: bool) -> Self {
        match (probe, has_answered) {
            (Probe::Failing, _) => Self::Failing,
            (Probe::Well, _) | (Probe::Unknown, true) => Self::Well,
            (Probe::Unknown, false) => Self::Unheard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hearing, Probe};

    #[test]
    fn nothing_is_known_until_a_probe_or_an_answer_has_come_back() {
        assert_eq!(Hearing::of(Probe::Unknown, false), Hearing::Unheard);
        assert_eq!(Hearing::of(Probe::Unknown, true), Hearing::Well);
        assert_eq!(Hearing::of(Probe::Well, false), Hearing::Well);
    }

    #[test]
    fn a_failed_probe_counts_despite_earlier_answers() {
        for has_answered in [false, true] {
            let hearing = Hearing::of(Probe::Failing, has_answered);
            assert_eq!(hearing, Hearing::Failing);
        }
    }
}
