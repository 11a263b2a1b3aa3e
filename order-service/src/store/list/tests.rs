//! Tests that a list and its further pages show each order once, whatever happens between two
//! reads.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::sample::{Index, select};
use serde_json::{Map, Value};
use shared_types::field::FieldErrors;
use shared_types::id::{ClientId, OrderId};
use shared_types::order::OrderStatus::{self, Cancelled, Delivered, Pending, Preparing};
use shared_types::value::Timestamp;

use super::{List, Sizes, Store};
use crate::page::Listing;

/// An order before the list is requested.
#[derive(Clone, Debug)]
struct Given {
    status: OrderStatus,
    created_at: i64,
    ended_lately: bool,
    of_other: bool,
}

/// A change between two reads.
#[derive(Clone, Debug)]
enum Event {
    Ends(Index, OrderStatus),
    Arrives,
}

fn given() -> impl Strategy<Value = Given> {
    let status = select(&[Pending, Preparing, Delivered, Cancelled]);
    // Few times, so that many orders share one.
    (status, 0_i64..8, any::<bool>(), any::<bool>()).prop_map(
        |(status, created_at, ended_lately, of_other)| Given {
            status,
            created_at,
            ended_lately,
            of_other,
        },
    )
}

fn event() -> impl Strategy<Value = Option<Event>> {
    let ended = select(&[Delivered, Cancelled]);
    (0..3_u8, any::<Index>(), ended).prop_map(|(kind, index, ended)| match kind {
        0 => None,
        1 => Some(Event::Ends(index, ended)),
        _ => Some(Event::Arrives),
    })
}

struct Restaurant {
    store: Store,
    clients: [ClientId; 2],
    orders: Vec<(OrderId, ClientId)>,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

impl Restaurant {
    async fn open(given: &[Given]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("orders.db").display());
        let mut restaurant = Self {
            store: Store::open(&url.parse().unwrap(), Vec::new(), Default::default())
                .await
                .unwrap(),
            clients: [ClientId::generate(), ClientId::generate()],
            orders: Vec::new(),
            now: Timestamp::now(),
            _folder: folder,
        };
        for order in given {
            let changed = if order.ended_lately {
                restaurant.now.millis()
            } else {
                10
            };
            let client = restaurant.clients[usize::from(order.of_other)];
            restaurant
                .add(order.status, (order.created_at, changed), client)
                .await;
        }
        restaurant
    }

    async fn add(&mut self, status: OrderStatus, (created, changed): (i64, i64), client: ClientId) {
        let id = OrderId::generate();
        let mut transaction = self.store.database.write().await.unwrap();
        sqlx::query(
            "INSERT INTO orders (id, client_id, status, total_cents, created_at, updated_at)
             VALUES ($1, $2, $3, 100, $4, $5)",
        )
        .bind(id.to_string())
        .bind(client.to_string())
        .bind(status.as_str())
        .bind(created)
        .bind(changed)
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO order_lines
             (order_id, position, dish_id, name, quantity, unit_price_cents)
             VALUES ($1, 0, $1, 'Tarte', 1, 100)",
        )
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        self.orders.push((id, client));
    }

    async fn happen(&mut self, event: &Event) {
        match event {
            Event::Ends(index, status) if !self.orders.is_empty() => {
                let (id, _) = index.get(&self.orders);
                sqlx::query(
                    "UPDATE orders SET status = $1, updated_at = $2
                     WHERE id = $3 AND status NOT IN ('LIVREE', 'ANNULEE')",
                )
                .bind(status.as_str())
                .bind(self.now.millis() + 1)
                .bind(id.to_string())
                .execute(&mut *self.store.database.writer().await.unwrap())
                .await
                .unwrap();
            }
            Event::Ends(..) => {}
            Event::Arrives => {
                let now = self.now.millis() + 1;
                self.add(Pending, (now, now), self.clients[0]).await;
            }
        }
    }

    /// Reads a list and all its further pages. Returns how often each order was shown.
    async fn read_all(
        &mut self,
        mut query: Map<String, Value>,
        sizes: Sizes,
        mut between: impl Iterator<Item = Option<Event>>,
    ) -> BTreeMap<OrderId, usize> {
        let mut shown = BTreeMap::new();
        loop {
            let listing = Value::Object(query.clone());
            let listing: Listing = deserr::deserialize::<_, _, FieldErrors>(listing).unwrap();
            let settled = self.now;
            let mut list: List = self.store.list_of(&listing, settled, sizes).await.unwrap();
            while !list.is_read() {
                for order in self.store.read_on(&mut list).await.unwrap() {
                    *shown.entry(order.id).or_default() += 1;
                }
                if let Some(Some(event)) = between.next() {
                    self.happen(&event).await;
                }
            }
            let Some(next) = list.next else {
                return shown;
            };
            query.insert("cursor".to_owned(), next.to_string().into());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_cursor_leads_to_exactly_the_remaining_orders(
        given in vec(given(), 0..40),
        events in vec(event(), 0..20),
        ended in 1_u32..6,
        chunk in 1_u32..6,
        one_client in any::<bool>(),
    ) {
        actix_web::rt::System::new().block_on(async {
            let mut restaurant = Restaurant::open(&given).await;
            let client = restaurant.clients[0];
            let mut query = Map::new();
            if one_client {
                query.insert("clientId".to_owned(), client.to_string().into());
            }
            let known = restaurant.orders.clone();
            let wanted = known.iter().filter(|(_, of)| !one_client || *of == client);
            let wanted: BTreeMap<_, _> = wanted.map(|(id, _)| (*id, 1)).collect();
            let sizes = Sizes { ended, chunk };
            let mut shown = restaurant.read_all(query, sizes, events.into_iter()).await;
            // Later orders are shown at most once.
            for (id, _) in restaurant.orders.iter().skip(known.len()) {
                assert!(shown.remove(id).unwrap_or_default() <= 1, "{id}");
            }
            assert_eq!(shown, wanted);
        });
    }
}
