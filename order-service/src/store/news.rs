//! Writes the event of an order for every subscriber.

use service_kit::outbox::News;
use shared_types::event::OrderEvent;
use shared_types::order::Order;
use sqlx::AnyConnection;

use super::{Store, StoreError};

impl Store {
    /// In the transaction that changed the order, so that neither exists without the other.
    pub(super) async fn write_event(
        &self,
        connection: &mut AnyConnection,
        order: &Order,
    ) -> Result<(), StoreError> {
        if !self.outbox.has_recipients() {
            return Ok(()); // no subscriber, so no body to render
        }
        let event = OrderEvent::about(order.clone());
        let body = serde_json::to_string(&event)?;
        let news = News {
            topic: &order.id.to_string(),
            step: event.step(),
            body: &body,
        };
        Ok(self.outbox.put(connection, news).await?)
    }
}
