//! Tests of a service that has little room for orders.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use service_kit::database::DatabaseUrl;
use service_kit::failure::Failure;
use service_kit::serve::Draining;
use service_kit::testing::eventually;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStage, OrderStatus};
use tempfile::TempDir;

use crate::testing::{FakeOrderService, new_order};
use crate::{Admission, Learned, LocalOrders, OrderFeed, receive};

/// It has room for `room` open orders.
struct Shelf {
    room: usize,
    orders: Mutex<BTreeMap<OrderId, OrderStatus>>,
}

impl Shelf {
    fn with_room_for(room: usize) -> Arc<Self> {
        Arc::new(Self {
            room,
            orders: Mutex::default(),
        })
    }

    fn orders(&self) -> MutexGuard<'_, BTreeMap<OrderId, OrderStatus>> {
        self.orders.lock().unwrap()
    }

    fn open(&self) -> Vec<OrderId> {
        let orders = self.orders();
        let open = orders
            .iter()
            .filter(|(_, status)| status.stage() == OrderStage::Kitchen);
        open.map(|(id, _)| *id).collect()
    }

    fn finish(&self, order: &Order) {
        self.orders().insert(order.id, OrderStatus::Ready);
    }

    async fn until(&self, expected: &[&Order]) {
        let expected: Vec<_> = expected.iter().map(|order| order.id).collect();
        eventually(&format!("{} to be open", expected.len()), async || {
            (self.open() == expected).then_some(())
        })
        .await;
    }
}

impl LocalOrders for Shelf {
    async fn learn(&self, order: &Order, admission: Admission) -> Result<Learned, Failure> {
        let known = self.orders().get(&order.id).copied();
        let is_new = known.is_none() && order.status.stage() == OrderStage::Kitchen;
        if is_new && (admission == Admission::Closed || !self.has_room()) {
            return Ok(Learned::NoRoom);
        }
        if known.is_none_or(|known| known.rank() < order.status.rank()) {
            self.orders().insert(order.id, order.status);
        }
        Ok(Learned::Known)
    }

    fn has_room(&self) -> bool {
        self.open().len() < self.room
    }
}

struct Linked {
    feed: OrderFeed,
    shelf: Arc<Shelf>,
    draining: Draining,
    _folder: TempDir,
}

impl Linked {
    async fn start(service: &FakeOrderService, room: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = DatabaseUrl::File(folder.path().join("reports.db"));
        let peer = service.url().parse().unwrap();
        let linked = Self {
            feed: OrderFeed::open(peer, &file).await.unwrap(),
            shelf: Shelf::with_room_for(room),
            draining: Draining::default(),
            _folder: folder,
        };
        let (feed, shelf) = (linked.feed.clone(), Arc::clone(&linked.shelf));
        actix_web::rt::spawn(feed.run(OrderStage::Kitchen, shelf, linked.draining.clone()));
        linked
    }

    async fn tell(&self, order: &Order) {
        let received = receive(Some(&self.feed), order, &*self.shelf);
        received.await.unwrap();
    }

    async fn until_caught_up(&self) {
        eventually("all to be known", async || {
            (!self.feed.is_full()).then_some(())
        })
        .await;
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.draining.begin();
    }
}

fn pending<const N: usize>() -> [Order; N] {
    [(); N].map(|()| new_order(OrderStatus::Pending))
}

#[actix_web::test]
async fn orders_without_room_are_taken_by_age_as_room_appears_and_newcomers_last() {
    let [a, b, c, d] = pending();
    let service = FakeOrderService::serving([a.clone(), b.clone(), c.clone(), d.clone()]);
    let linked = Linked::start(&service, 2).await;
    linked.shelf.until(&[&a, &b]).await;
    let [newcomer] = pending();
    service.put(newcomer.clone());
    linked.tell(&newcomer).await;

    // There is room now, but older orders come before the newcomer.
    linked.shelf.finish(&a);
    linked.tell(&newcomer).await;
    linked.shelf.until(&[&b, &c]).await;
    linked.shelf.finish(&b);
    linked.shelf.finish(&c);
    linked.shelf.until(&[&d, &newcomer]).await;
    linked.until_caught_up().await;

    linked.shelf.finish(&d);
    let [next] = pending();
    linked.tell(&next).await;
    assert_eq!(linked.shelf.open(), [newcomer.id, next.id]);
}

#[actix_web::test]
async fn a_full_service_requests_nothing_until_it_has_room_and_then_no_page_twice() {
    let known: [Order; 450] = pending();
    let service = FakeOrderService::serving(known.clone());
    let linked = Linked::start(&service, 400).await;
    let (taken, waiting) = known.split_at(400);
    linked.shelf.until(&taken.iter().collect::<Vec<_>>()).await;
    eventually("no room", async || linked.feed.is_full().then_some(())).await;
    let before = service.pages();
    actix_web::rt::time::sleep(crate::catch_up::ROOM_CHECK * 3).await;
    assert_eq!(service.pages(), before);

    taken[..60]
        .iter()
        .for_each(|order| linked.shelf.finish(order));
    let rest = taken[60..].iter().chain(waiting);
    linked.shelf.until(&rest.collect::<Vec<_>>()).await;
    linked.until_caught_up().await;
    // One page of each status, and the last page of each again.
    assert!(
        service.pages() <= before + 4,
        "{}",
        service.pages() - before
    );
}

#[actix_web::test]
async fn an_order_committed_later_than_its_timestamp_is_not_passed_over() {
    let [late, a, b, c] = pending();
    let service = FakeOrderService::serving([a.clone(), b.clone(), c.clone()]);
    let linked = Linked::start(&service, 2).await;
    linked.shelf.until(&[&a, &b]).await;
    eventually("no room", async || linked.feed.is_full().then_some(())).await;
    // A replica whose commit took longer than the others does this.
    service.put(late.clone());
    linked.tell(&late).await;
    linked.shelf.finish(&a);
    linked.shelf.until(&[&late, &b]).await;
    linked.shelf.finish(&late);
    linked.shelf.until(&[&b, &c]).await;
    linked.until_caught_up().await;
}

#[actix_web::test]
async fn an_order_that_is_begun_while_it_waits_is_found_in_its_new_status() {
    let [first, begun, last] = pending();
    let service = FakeOrderService::serving([first.clone(), begun.clone(), last.clone()]);
    let linked = Linked::start(&service, 1).await;
    linked.shelf.until(&[&first]).await;
    let status = OrderStatus::Preparing;
    let begun = Order { status, ..begun };
    service.put(begun.clone());
    linked.tell(&begun).await;
    linked.shelf.finish(&first);
    for order in [&begun, &last] {
        linked.shelf.until(&[order]).await;
        linked.shelf.finish(order);
    }
    linked.until_caught_up().await;
}

#[actix_web::test]
async fn an_order_without_room_is_known_once_it_is_cancelled() {
    let [held, waiting] = pending();
    let service = FakeOrderService::serving([held.clone(), waiting.clone()]);
    let linked = Linked::start(&service, 1).await;
    linked.shelf.until(&[&held]).await;
    let cancelled = Order {
        status: OrderStatus::Cancelled,
        ..waiting.clone()
    };
    service.put(cancelled.clone());
    linked.tell(&cancelled).await;
    linked.shelf.finish(&held);
    linked.until_caught_up().await;
    assert_eq!(linked.shelf.open(), []);
}

#[actix_web::test]
async fn a_full_service_without_an_order_service_answers_507_with_retry_after() {
    let shelf = Shelf::with_room_for(1);
    let [held, refused] = pending();
    receive(None, &held, &*shelf).await.unwrap();
    let failure = receive(None, &refused, &*shelf).await.unwrap_err();
    assert_eq!(failure.code().status(), 507);
    assert_eq!(failure.header().unwrap().1, "60");
    receive(None, &held, &*shelf).await.unwrap();
}
