//! The state machine of a delivery's status, and its relation to the order's status.

use shared_types::delivery::DeliveryStatus;
use shared_types::delivery::DeliveryStatus::{
    Cancelled, Delivered, Pending, PickedUp, ToClient, ToRestaurant,
};
use shared_types::order::OrderStatus;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImpossibleMove {
    pub(crate) from: DeliveryStatus,
    pub(crate) to: DeliveryStatus,
}

/// One step at a time, or a cancellation before the end. The same status again is no move and
/// always possible.
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

/// The one shortcut, for a mark at the client's door: it hands over whatever steps were not
/// reported.
pub(super) fn hand_over(from: DeliveryStatus) -> Result<DeliveryStatus, ImpossibleMove> {
    match from {
        Pending | ToRestaurant | PickedUp | ToClient | Delivered => Ok(Delivered),
        Cancelled => Err(ImpossibleMove {
            from,
            to: Delivered,
        }),
    }
}

/// Whether the food is still at the restaurant.
pub(super) fn is_before_pick_up(status: DeliveryStatus) -> bool {
    match status {
        Pending | ToRestaurant => true,
        PickedUp | ToClient | Delivered | Cancelled => false,
    }
}

pub(super) fn is_finished(status: DeliveryStatus) -> bool {
    match status {
        Pending | ToRestaurant | PickedUp | ToClient => false,
        Delivered | Cancelled => true,
    }
}

/// The delivery's status once its order's status is known. A delivery that is ahead of its order
/// stays there.
pub(super) fn catch_up(from: DeliveryStatus, order: OrderStatus) -> DeliveryStatus {
    match (order, from) {
        (_, Delivered | Cancelled) => from,
        (OrderStatus::Pending | OrderStatus::Preparing | OrderStatus::Ready, _) => from,
        (OrderStatus::Delivering, Pending | ToRestaurant) => PickedUp,
        (OrderStatus::Delivering, PickedUp | ToClient) => from,
        (OrderStatus::Delivered, _) => Delivered,
        (OrderStatus::Cancelled, _) => Cancelled,
    }
}

/// The order's status that follows from a delivery's, if any. A cancelled delivery does not change
/// the order: the order service decides what happens to it.
pub(crate) fn order_status(delivery: DeliveryStatus) -> Option<OrderStatus> {
    match delivery {
        Pending | ToRestaurant | Cancelled => None,
        PickedUp | ToClient => Some(OrderStatus::Delivering),
        Delivered => Some(OrderStatus::Delivered),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Cancelled, Delivered, DeliveryStatus, ImpossibleMove, OrderStatus, Pending, PickedUp,
        ToClient, ToRestaurant, advance, catch_up, hand_over, is_finished, order_status,
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

    #[test]
    fn a_delivery_catches_up_with_its_order_and_never_falls_back() {
        let moves = [
            (OrderStatus::Delivering, Pending, PickedUp),
            (OrderStatus::Delivering, ToRestaurant, PickedUp),
            (OrderStatus::Delivered, Pending, Delivered),
            (OrderStatus::Delivered, ToRestaurant, Delivered),
            (OrderStatus::Delivered, PickedUp, Delivered),
            (OrderStatus::Delivered, ToClient, Delivered),
            (OrderStatus::Cancelled, Pending, Cancelled),
            (OrderStatus::Cancelled, ToRestaurant, Cancelled),
            (OrderStatus::Cancelled, PickedUp, Cancelled),
            (OrderStatus::Cancelled, ToClient, Cancelled),
        ];
        for &order in OrderStatus::ALL {
            for &from in DeliveryStatus::ALL {
                let moved = moves.iter().find(|each| (each.0, each.1) == (order, from));
                let expected = moved.map_or(from, |each| each.2);
                assert_eq!(catch_up(from, order), expected, "{order}: {from}");
            }
        }
    }

    #[test]
    fn an_order_is_delivering_once_picked_up_and_delivered_once_handed_over() {
        let expected = [
            (Pending, None),
            (ToRestaurant, None),
            (PickedUp, Some(OrderStatus::Delivering)),
            (ToClient, Some(OrderStatus::Delivering)),
            (Delivered, Some(OrderStatus::Delivered)),
            (Cancelled, None),
        ];
        for (delivery, order) in expected {
            assert_eq!(order_status(delivery), order, "{delivery}");
        }
    }

    #[test]
    fn an_order_status_that_comes_from_a_delivery_does_not_move_it() {
        for &delivery in DeliveryStatus::ALL {
            let echo = order_status(delivery).map(|order| catch_up(delivery, order));
            assert_eq!(echo.unwrap_or(delivery), delivery);
        }
    }
}
