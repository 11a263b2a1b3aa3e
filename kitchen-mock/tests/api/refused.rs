//! Tests of refused reports: they are sent again, unless the refusal is final.

use order_feed::testing::{Behaviour, FakeOrderService, new_order};
use service_kit::testing::{Client, eventually};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;

use crate::linked::{everything_is_settled, mark, ready, told};
use crate::{linked, process};

#[actix_web::test]
async fn a_refusal_that_is_not_final_is_repeated_before_the_next_mark() {
    use OrderStatus::{Preparing, Ready};
    for code in [Code::InternalError, Code::RouteNotFound] {
        let folder = tempfile::tempdir().unwrap();
        let known = new_order(OrderStatus::Pending);
        let orders = FakeOrderService::serving([known.clone()]);
        let kitchen = told(linked(&orders, folder.path()).await, [&known]).await;
        orders.behave(Behaviour::Refuse(code));
        mark(&kitchen, &known, "EN_PREPARATION").await;
        ready(&kitchen, &known).await;
        eventually("a second and a third try", async || {
            (orders.changes().len() >= 3).then_some(())
        })
        .await;
        orders.behave(Behaviour::Answer);
        orders.until(&known, Ready).await;
        let mut heard = orders.changes_to(&known);
        assert_eq!(heard.pop(), Some(Ready), "{code:?}");
        assert!(heard.iter().all(|each| *each == Preparing), "{heard:?}");
        everything_is_settled(&kitchen).await;
    }
}

#[actix_web::test]
async fn a_final_refusal_is_logged_and_delays_nothing() {
    let gone = new_order(OrderStatus::Pending);
    let (moved_on, other) = (
        new_order(OrderStatus::Pending),
        new_order(OrderStatus::Pending),
    );
    let cancelled = Order {
        status: OrderStatus::Cancelled,
        ..moved_on.clone()
    };
    let refusals = [(gone, "404 Not Found"), (moved_on, "409 Conflict")];
    for (refused, why) in refusals {
        let folder = tempfile::tempdir().unwrap();
        let orders = FakeOrderService::serving([cancelled.clone(), other.clone()]);
        let process = process(&orders, folder.path());
        let known = [refused.clone(), other.clone()];
        let kitchen = told(Client::of(process.addr()), &known).await;
        mark(&kitchen, &refused, "EN_PREPARATION").await;
        ready(&kitchen, &other).await;
        orders.until(&other, OrderStatus::Ready).await;
        everything_is_settled(&kitchen).await;

        assert_eq!(orders.changes_to(&refused), [OrderStatus::Preparing]);
        let line = process.line_with("refused for good");
        assert!(line.contains(why), "{line}");
        assert!(line.contains(&refused.id.to_string()), "{line}");
    }
}

#[actix_web::test]
async fn a_mark_is_sent_after_an_earlier_one_was_refused_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let known = new_order(OrderStatus::Pending);
    let orders = FakeOrderService::serving([known.clone()]);
    let kitchen = told(linked(&orders, folder.path()).await, [&known]).await;
    orders.behave(Behaviour::Refuse(Code::ImpossibleTransition));
    mark(&kitchen, &known, "EN_PREPARATION").await;
    everything_is_settled(&kitchen).await;
    orders.behave(Behaviour::Answer);
    ready(&kitchen, &known).await;
    orders.until(&known, OrderStatus::Ready).await;
}
