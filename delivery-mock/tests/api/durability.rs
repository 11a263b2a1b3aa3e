//! Tests that an answered hand-over reaches the order service even if delivery is killed before.

use order_feed::testing::answered_marks_survive_a_kill;
use shared_types::order::OrderStatus::{Delivered, Ready};

use crate::process;

#[actix_web::test]
async fn an_answered_hand_over_survives_a_kill_while_the_order_service_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    answered_marks_survive_a_kill(process, folder.path(), Ready, Delivered).await;
}
