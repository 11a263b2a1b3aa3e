//! The body of a list, written as it is read, so that its memory does not grow with its length.
//!
//! The next orders are read when the client has taken the orders before. A failed read breaks the
//! body off: the last chunk never comes (RFC 9112 §7.1), so nobody takes a part for the whole.

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use service_kit::request_id::RequestId;
use shared_types::order::Order;

use crate::store::{List, Store, StoreError};

struct Writing {
    store: Store,
    list: List,
    /// Read and not written yet.
    read: Option<Vec<Order>>,
    step: Step,
    request_id: Option<RequestId>,
}

#[derive(Clone, Copy)]
enum Step {
    First,
    Further,
    End,
}

/// `first` holds the orders that were read already.
pub(super) fn of(
    store: Store,
    first: Vec<Order>,
    list: List,
    request_id: Option<RequestId>,
) -> impl Stream<Item = Result<Bytes, StoreError>> {
    let writing = Writing {
        store,
        list,
        read: Some(first),
        step: Step::First,
        request_id,
    };
    try_unfold(writing, |mut writing| async move {
        match writing.next().await {
            Ok(part) => Ok(part.map(|part| (part, writing))),
            Err(error) => {
                writing.log(&error);
                Err(error)
            }
        }
    })
}

impl Writing {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut part = Vec::new();
        match self.step {
            Step::First => part.push(b'['),
            Step::Further => {}
            Step::End => return Ok(None),
        }
        let orders = match self.read.take() {
            Some(orders) => orders,
            None => self.store.read_on(&mut self.list).await?,
        };
        for order in &orders {
            if !matches!(self.step, Step::First) {
                part.push(b',');
            }
            self.step = Step::Further;
            serde_json::to_writer(&mut part, order)?;
        }
        if self.list.is_read() {
            part.push(b']');
            self.step = Step::End;
        }
        Ok(Some(Bytes::from(part)))
    }

    fn log(&self, error: &StoreError) {
        let id = self.request_id.as_ref().map_or("-", RequestId::as_str);
        log::error!(service = "orders", request_id = id; "a list of orders was broken off: {error}");
    }
}
