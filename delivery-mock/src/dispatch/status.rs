//! The life of a delivery: which status may follow which.

use shared_types::delivery::DeliveryStatus;
use shared_types::delivery::DeliveryStatus::{
    Cancelled, Delivered, Pending, PickedUp, ToClient, ToRestaurant,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImpossibleMove {
    pub(crate) from: DeliveryStatus,
    pub(crate) to: DeliveryStatus,
}

/// One step at a time, or a cancellation before the end. The same status again is no move and always possible.
pub(super) fn advance(
    from: DeliveryStatus,
    to: DeliveryStatus,
) -> Result<DeliveryStatus, ImpossibleMove> {
    let follows = match from {
        Pending => matches!(to, ToRestaurant | Cancelled),
        ToRestaurant => matches!(to, PickedUp | Cancelled),
        PickedUp => matches!(to, ToClient | Cancelled),
        ToClient => matches!(to, Delivered | Cancelled),
        Delivered | Cancelled => false,
    };
    if follows || from == to {
        Ok(to)
    } else {
        Err(ImpossibleMove { from, to })
    }
}

/// The one shortcut, taken by a mark at the client's door: it hands over whatever steps were not reported.
pub(super) fn hand_over(from: DeliveryStatus) -> Result<DeliveryStatus, ImpossibleMove> {
    match from {
        Pending | ToRestaurant | PickedUp | ToClient | Delivered => Ok(Delivered),
        Cancelled => Err(ImpossibleMove {
            from,
            to: Delivered,
        }),
    }
}

pub(super) fn is_finished(status: DeliveryStatus) -> bool {
    match status {
        Pending | ToRestaurant | PickedUp | ToClient => false,
        Delivered | Cancelled => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Cancelled, Delivered, DeliveryStatus, ImpossibleMove, Pending, PickedUp, ToClient,
        ToRestaurant, advance, hand_over, is_finished,
    };

    #[test]
    fn every_pair_of_statuses_is_decided() {
        let possible = [
            (Pending, ToRestaurant),
            (ToRestaurant, PickedUp),
            (PickedUp, ToClient),
            (ToClient, Delivered),
            (Pending, Cancelled),
            (ToRestaurant, Cancelled),
            (PickedUp, Cancelled),
            (ToClient, Cancelled),
        ];
        for &from in DeliveryStatus::ALL {
            for &to in DeliveryStatus::ALL {
                let expected = if from == to || possible.contains(&(from, to)) {
                    Ok(to)
                } else {
                    Err(ImpossibleMove { from, to })
                };
                assert_eq!(advance(from, to), expected, "{from} → {to}");
            }
        }
    }

    #[test]
    fn everything_but_a_cancelled_delivery_can_be_handed_over() {
        for &from in DeliveryStatus::ALL {
            assert_eq!(hand_over(from).is_ok(), from != Cancelled, "{from}");
        }
    }

    #[test]
    fn a_finished_delivery_goes_nowhere() {
        for &from in DeliveryStatus::ALL {
            let stays = DeliveryStatus::ALL
                .iter()
                .all(|&to| from == to || advance(from, to).is_err());
            assert_eq!(is_finished(from), stays, "{from}");
        }
    }
}
