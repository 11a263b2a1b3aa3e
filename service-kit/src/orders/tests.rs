//! What a service with little room asks the order service for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use shared_types::golden;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};
use tempfile::TempDir;

use super::{Admission, Keeper, Learned, Orders, hear};
use crate::database::DatabaseUrl;
use crate::failure::Failure;
use crate::serve::Draining;
use crate::testing::{OrdersStandIn, eventually};

const CONCERN: &[OrderStatus] = &[OrderStatus::Preparing, OrderStatus::Pending];

/// It has room for so many open orders.
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
        let open = orders.iter().filter(|(_, status)| CONCERN.contains(status));
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

impl Keeper for Shelf {
    async fn learn(&self, order: &Order, admission: Admission) -> Result<Learned, Failure> {
        let known = self.orders().get(&order.id).copied();
        let is_new = known.is_none() && CONCERN.contains(&order.status);
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
    orders: Orders,
    shelf: Arc<Shelf>,
    draining: Draining,
    _folder: TempDir,
}

impl Linked {
    async fn start(service: &OrdersStandIn, room: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = DatabaseUrl::File(folder.path().join("kept.db"));
        let peer = service.url().parse().unwrap();
        let linked = Self {
            orders: Orders::open(peer, &file).await.unwrap(),
            shelf: Shelf::with_room_for(room),
            draining: Draining::default(),
            _folder: folder,
        };
        let (orders, shelf) = (linked.orders.clone(), Arc::clone(&linked.shelf));
        actix_web::rt::spawn(orders.run(CONCERN, shelf, linked.draining.clone()));
        linked
    }

    async fn tell(&self, order: &Order) {
        let heard = hear(Some(&self.orders), order, &*self.shelf);
        heard.await.unwrap();
    }

    async fn until_caught_up(&self) {
        eventually("all to be known", async || {
            (!self.orders.intake.is_full()).then_some(())
        })
        .await;
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.draining.begin();
    }
}

/// A new one each time, younger than those before it.
fn order(status: OrderStatus) -> Order {
    let golden: Order = serde_json::from_str(golden::ORDER).unwrap();
    let id = OrderId::generate();
    Order {
        id,
        status,
        ..golden
    }
}

fn pending<const N: usize>() -> [Order; N] {
    [(); N].map(|()| order(OrderStatus::Pending))
}

#[actix_web::test]
async fn what_there_is_no_room_for_comes_in_by_age_as_places_become_free_newcomers_last() {
    let [a, b, c, d] = pending();
    let service = OrdersStandIn::with([a.clone(), b.clone(), c.clone(), d.clone()]);
    let linked = Linked::start(&service, 2).await;
    linked.shelf.until(&[&a, &b]).await;
    let [newcomer] = pending();
    service.put(newcomer.clone());
    linked.tell(&newcomer).await;

    // There is room now, and still the newcomer does not get it.
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
async fn a_full_service_asks_for_nothing_until_it_has_room_and_then_for_no_page_twice() {
    let known: [Order; 450] = pending();
    let service = OrdersStandIn::with(known.clone());
    let linked = Linked::start(&service, 400).await;
    let (taken, waiting) = known.split_at(400);
    linked.shelf.until(&taken.iter().collect::<Vec<_>>()).await;
    eventually("no room", async || {
        linked.orders.intake.is_full().then_some(())
    })
    .await;
    let before = service.pages();
    actix_web::rt::time::sleep(super::catch_up::LOOK * 3).await;
    assert_eq!(service.pages(), before);

    taken[..60]
        .iter()
        .for_each(|order| linked.shelf.finish(order));
    let rest = taken[60..].iter().chain(waiting);
    linked.shelf.until(&rest.collect::<Vec<_>>()).await;
    linked.until_caught_up().await;
    // One page of each status, and again the end of each.
    assert!(
        service.pages() <= before + 4,
        "{}",
        service.pages() - before
    );
}

#[actix_web::test]
async fn an_order_that_was_made_later_than_it_says_is_not_walked_past() {
    let [late, a, b, c] = pending();
    let service = OrdersStandIn::with([a.clone(), b.clone(), c.clone()]);
    let linked = Linked::start(&service, 2).await;
    linked.shelf.until(&[&a, &b]).await;
    eventually("no room", async || {
        linked.orders.intake.is_full().then_some(())
    })
    .await;
    // As by a replica whose commit took longer than those of the others.
    service.put(late.clone());
    linked.tell(&late).await;
    linked.shelf.finish(&a);
    linked.shelf.until(&[&late, &b]).await;
    linked.shelf.finish(&late);
    linked.shelf.until(&[&b, &c]).await;
    linked.until_caught_up().await;
}

#[actix_web::test]
async fn an_order_that_is_begun_while_it_waits_is_found_among_those_that_are() {
    let [first, begun, last] = pending();
    let service = OrdersStandIn::with([first.clone(), begun.clone(), last.clone()]);
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
async fn what_is_told_of_an_order_that_has_no_place_is_known_once_it_ends() {
    let [held, waiting] = pending();
    let service = OrdersStandIn::with([held.clone(), waiting.clone()]);
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
async fn without_an_order_service_to_ask_there_is_a_507_that_says_when_to_come_back() {
    let shelf = Shelf::with_room_for(1);
    let [held, refused] = pending();
    hear(None, &held, &*shelf).await.unwrap();
    let failure = hear(None, &refused, &*shelf).await.unwrap_err();
    assert_eq!(failure.code().status(), 507);
    assert_eq!(failure.header().unwrap().1, "60");
    hear(None, &held, &*shelf).await.unwrap();
}
