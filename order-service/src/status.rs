//! The state machine of an order's status. No I/O.
//!
//! Requesting the status that an order already has is not a move, but it is answered like one: a
//! client that repeats a request after a lost answer is told that all is well.

use shared_types::order::OrderStatus::{
    self, Cancelled, Delivered, Delivering, Pending, Preparing, Ready,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Stay,
    Move,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImpossibleMove {
    pub(crate) from: OrderStatus,
    pub(crate) to: OrderStatus,
}

pub(crate) fn transition(from: OrderStatus, to: OrderStatus) -> Result<Step, ImpossibleMove> {
    if from == to {
        Ok(Step::Stay)
    } else if successors(from).contains(&to) {
        Ok(Step::Move)
    } else {
        Err(ImpossibleMove { from, to })
    }
}

/// Whether no other status can follow.
pub(crate) fn is_final(status: OrderStatus) -> bool {
    successors(status).is_empty()
}

fn successors(from: OrderStatus) -> &'static [OrderStatus] {
    match from {
        Pending => &[Preparing, Ready, Cancelled],
        Preparing => &[Ready, Cancelled],
        Ready => &[Delivering, Delivered, Cancelled],
        Delivering => &[Delivered, Cancelled],
        Delivered | Cancelled => &[],
    }
}

#[cfg(test)]
mod tests {
    use shared_types::order::OrderStatus;

    use super::{ImpossibleMove, Step, transition};

    /// The table of docs/API.md, in the wire's spelling.
    const TABLE: &[(&str, &[&str])] = &[
        ("EN_ATTENTE", &["EN_PREPARATION", "PRETE", "ANNULEE"]),
        ("EN_PREPARATION", &["PRETE", "ANNULEE"]),
        ("PRETE", &["EN_LIVRAISON", "LIVREE", "ANNULEE"]),
        ("EN_LIVRAISON", &["LIVREE", "ANNULEE"]),
        ("LIVREE", &[]),
        ("ANNULEE", &[]),
    ];

    #[test]
    fn every_pair_of_statuses_is_decided_as_the_contract_says() {
        assert_eq!(TABLE.len(), OrderStatus::ALL.len());
        for &from in OrderStatus::ALL {
            let (_, targets) = TABLE
                .iter()
                .find(|(name, _)| *name == from.as_str())
                .unwrap();
            for &to in OrderStatus::ALL {
                let expected = if from == to {
                    Ok(Step::Stay)
                } else if targets.contains(&to.as_str()) {
                    Ok(Step::Move)
                } else {
                    Err(ImpossibleMove { from, to })
                };
                assert_eq!(transition(from, to), expected, "{from} → {to}");
            }
        }
    }

    #[test]
    fn every_move_is_a_move_up() {
        for &from in OrderStatus::ALL {
            for &to in OrderStatus::ALL {
                if transition(from, to) == Ok(Step::Move) {
                    assert!(to.rank() > from.rank(), "{from} → {to}");
                }
            }
        }
    }
}
