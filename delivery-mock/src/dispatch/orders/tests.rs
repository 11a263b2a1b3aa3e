//! Tests of learning orders, and helpers for the tests of drafts.

use order_feed::Admission;
use serde_json::json;
use shared_types::delivery::{Delivery, DeliveryStatus};
use shared_types::golden;
use shared_types::id::{ClientId, OrderId, OrderRef};
use shared_types::order::{Order, OrderStatus};

use crate::dispatch::tests::{ROOM_FOR_ONE, at, hire, learn, parsed};
use crate::dispatch::{Dispatch, Limits, Refusal};

/// A new order each time.
pub(crate) fn order(status: OrderStatus) -> Order {
    let id = OrderId::generate();
    let golden: Order = serde_json::from_str(golden::ORDER).unwrap();
    Order {
        id,
        status,
        ..golden
    }
}

pub(crate) fn order_ref(order: &Order) -> OrderRef {
    order.id.into()
}

pub(crate) fn delivery_of(dispatch: &Dispatch, order: &Order) -> Option<Delivery> {
    dispatch.deliveries.of_order(&order_ref(order)).cloned()
}

/// The delivery of an order that has each of `statuses` in turn.
fn delivery_after(statuses: &[OrderStatus]) -> Option<Delivery> {
    let mut dispatch = Dispatch::new(Limits::default());
    let order = order(OrderStatus::Pending);
    for &status in statuses {
        let order = Order {
            status,
            ..order.clone()
        };
        learn(&mut dispatch, &order, 0).unwrap();
    }
    delivery_of(&dispatch, &order)
}

#[test]
fn an_order_is_drafted_from_when_it_is_ready_until_it_ends() {
    use OrderStatus::{Cancelled, Delivered, Delivering, Pending, Preparing, Ready};
    for (status, expected) in [
        (Pending, None),
        (Preparing, None),
        (Ready, Some(DeliveryStatus::Pending)),
        (Delivering, Some(DeliveryStatus::PickedUp)),
        (Delivered, None),
        (Cancelled, None),
    ] {
        let drafted = delivery_after(&[status]).map(|draft| draft.status);
        assert_eq!(drafted, expected, "{status}");
    }
}

#[test]
fn a_draft_has_the_address_and_the_telephone_of_its_order() {
    let order = order(OrderStatus::Ready);
    let mut dispatch = Dispatch::new(Limits::default());
    learn(&mut dispatch, &order, 7).unwrap();
    let draft = delivery_of(&dispatch, &order).unwrap();
    assert_eq!(draft.order_id.as_str(), order.id.to_string());
    assert_eq!(draft.dropoff_address, order.address);
    assert_eq!(draft.client_phone, order.phone);
    assert_eq!((draft.created_at, draft.updated_at), (at(7), at(7)));
}

#[test]
fn texts_that_post_livraisons_would_refuse_are_left_out() {
    let order = Order {
        address: Some("x".repeat(201)),
        phone: Some("call me".to_owned()),
        ..order(OrderStatus::Ready)
    };
    let mut dispatch = Dispatch::new(Limits::default());
    learn(&mut dispatch, &order, 0).unwrap();
    let draft = delivery_of(&dispatch, &order).unwrap();
    assert_eq!((draft.dropoff_address, draft.client_phone), (None, None));
}

#[test]
fn events_in_any_sequence_end_at_the_furthest_status() {
    let unfinished = |statuses: &[OrderStatus]| {
        let status = delivery_after(statuses)?.status;
        matches!(status, DeliveryStatus::Pending | DeliveryStatus::PickedUp).then_some(status)
    };
    for &a in OrderStatus::ALL {
        for &b in OrderStatus::ALL {
            for &c in OrderStatus::ALL {
                let heard = [a, b, c, a];
                let furthest = *heard.iter().max_by_key(|status| status.rank()).unwrap();
                assert_eq!(unfinished(&heard), unfinished(&[furthest]), "{heard:?}");
            }
        }
    }
}

#[test]
fn a_delivery_ends_as_its_order_does() {
    use OrderStatus::{Cancelled, Delivered, Delivering, Ready};
    for (heard, expected) in [
        ([Ready, Delivered], DeliveryStatus::Delivered),
        ([Delivering, Delivered], DeliveryStatus::Delivered),
        ([Ready, Cancelled], DeliveryStatus::Cancelled),
        ([Delivering, Cancelled], DeliveryStatus::Cancelled),
    ] {
        assert_eq!(
            delivery_after(&heard).unwrap().status,
            expected,
            "{heard:?}"
        );
    }
}

#[test]
fn a_delivery_that_was_opened_before_its_order_was_ready_is_no_draft() {
    let order = order(OrderStatus::Ready);
    let mut dispatch = Dispatch::new(Limits::default());
    let new = json!({"commandeId": order_ref(&order)});
    let opened = dispatch.open(parsed(new.clone()), None, at(0)).unwrap();
    hire(&mut dispatch, "a@example.com").unwrap();
    learn(&mut dispatch, &order, 1).unwrap();
    assert_eq!(delivery_of(&dispatch, &order), Some(opened));
    let again = dispatch.open(parsed(new), None, at(2));
    assert_eq!(again, Err(Refusal::DeliveryExists));
}

#[test]
fn a_full_list_takes_a_draft_once_another_delivery_is_finished() {
    let (first, second) = (order(OrderStatus::Ready), order(OrderStatus::Ready));
    let mut dispatch = Dispatch::new(ROOM_FOR_ONE);
    learn(&mut dispatch, &first, 0).unwrap();
    assert_eq!(learn(&mut dispatch, &second, 1), Err(Refusal::Full));
    // Even when full, a repetition is recognised.
    assert_eq!(learn(&mut dispatch, &first, 1), Ok(()));

    let status = OrderStatus::Delivered;
    let delivered = Order {
        status,
        ..first.clone()
    };
    learn(&mut dispatch, &delivered, 2).unwrap();
    assert_eq!(learn(&mut dispatch, &second, 3), Ok(()));
    assert_eq!(delivery_of(&dispatch, &first), None);
    // A removed one is not drafted again.
    assert_eq!(learn(&mut dispatch, &first, 4), Ok(()));
    assert_eq!(delivery_of(&dispatch, &first), None);
}

#[test]
fn only_so_many_ended_orders_are_remembered() {
    let mut dispatch = Dispatch::new(ROOM_FOR_ONE);
    let ended = [(); 2].map(|()| order(OrderStatus::Delivered));
    for order in &ended {
        learn(&mut dispatch, order, 0).unwrap();
    }
    let [_, last] = ended;
    assert!(dispatch.ended.iter().eq([&last.id]));
}

#[test]
fn while_older_orders_come_first_no_draft_is_made_and_known_orders_move_on() {
    let [known, new] = [(); 2].map(|()| order(OrderStatus::Ready));
    let mut dispatch = Dispatch::new(Limits::default());
    learn(&mut dispatch, &known, 0).unwrap();
    let mut closed = |order: &Order| dispatch.learn(order, Admission::Closed, at(1));
    assert_eq!(closed(&new), Err(Refusal::Full));
    let status = OrderStatus::Delivering;
    let picked_up = Order {
        status,
        ..known.clone()
    };
    assert_eq!(closed(&picked_up), Ok(()));
    let status = OrderStatus::Cancelled;
    assert_eq!(
        closed(&Order {
            status,
            ..new.clone()
        }),
        Ok(())
    );
    let moved = delivery_of(&dispatch, &known).unwrap().status;
    assert_eq!(moved, DeliveryStatus::PickedUp);
    assert_eq!(delivery_of(&dispatch, &new), None);
}

#[test]
fn an_order_whose_delivery_was_given_up_gets_a_second_draft() {
    let ready = order(OrderStatus::Ready);
    let mut dispatch = Dispatch::new(Limits::default());
    learn(&mut dispatch, &ready, 0).unwrap();
    let given_up = delivery_of(&dispatch, &ready).unwrap().id;
    let cancelled = parsed(json!({"statut": "ANNULEE"}));
    dispatch
        .change_delivery(given_up, cancelled, at(1))
        .unwrap();
    let second = delivery_of(&dispatch, &ready).unwrap();
    assert_ne!(second.id, given_up);
    assert_eq!((second.created_at, second.updated_at), (at(1), at(1)));
    learn(&mut dispatch, &ready, 2).unwrap();
    assert_eq!(delivery_of(&dispatch, &ready), Some(second.clone()));

    let new = json!({"commandeId": order_ref(&ready)});
    let opened = dispatch.open(parsed(new.clone()), None, at(3)).unwrap();
    assert_eq!(opened.status, DeliveryStatus::Pending);
    assert_eq!(opened.id, second.id);
    let again = dispatch.open(parsed(new), None, at(4));
    assert_eq!(again, Err(Refusal::DeliveryExists));
    let status = OrderStatus::Delivered;
    learn(&mut dispatch, &Order { status, ..ready }, 5).unwrap();
    let delivered = dispatch.delivery(opened.id).unwrap().status;
    assert_eq!(delivered, DeliveryStatus::Delivered);
    let kept = dispatch.delivery(given_up).unwrap().status;
    assert_eq!(kept, DeliveryStatus::Cancelled);
}

#[test]
fn nothing_is_left_of_the_client_of_an_order_that_was_made_anonymous() {
    let mut dispatch = Dispatch::new(Limits::default());
    let ready = order(OrderStatus::Ready);
    learn(&mut dispatch, &ready, 0).unwrap();
    let first = delivery_of(&dispatch, &ready).unwrap();
    // Its second delivery, which replaces the first.
    let cancelled =
        parsed(json!({"statut": "ANNULEE", "commentaires": "personne au 12 rue des Lilas"}));
    dispatch
        .change_delivery(first.id, cancelled, at(1))
        .unwrap();
    let second = delivery_of(&dispatch, &ready).unwrap();
    assert_ne!(second.id, first.id);
    let owner = ready.client_id;
    let ended = Order {
        status: OrderStatus::Delivered,
        ..ready
    };
    learn(&mut dispatch, &ended, 2).unwrap();
    assert!(dispatch.owners.owns(owner, &order_ref(&ended)));
    let anonymous = Order {
        client_id: ClientId::NOBODY,
        ..ended
    };
    learn(&mut dispatch, &anonymous, 3).unwrap();
    for id in [first.id, second.id] {
        let left = dispatch.deliveries.get(id).unwrap();
        let told = [
            &left.pickup_address,
            &left.dropoff_address,
            &left.client_phone,
            &left.client_name,
            &left.comments,
        ];
        assert_eq!(told, [&None; 5]);
    }
    assert!(!dispatch.owners.owns(owner, &order_ref(&anonymous)));
}
