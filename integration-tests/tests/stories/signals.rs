//! Tests of how each service ends. For the gateway, which reads its configuration again when its
//! terminal is closed, there are tests of its own.

use std::process::Command;

use service_kit::testing::{Client, Process, eventually};

use crate::processes::{Processes, SERVICES};

#[actix_web::test]
async fn a_hangup_is_a_stop_for_every_service() {
    let restaurant = Processes::start("info");
    let services = SERVICES.map(|(name, ..)| name);
    for name in services {
        restaurant.process(name).hang_up();
        // The last line of a process that has drained. A process that the signal ends writes none.
        let _ = restaurant.process(name).line_with("has stopped");
    }
}

#[actix_web::test]
async fn a_service_that_is_a_lame_duck_is_not_ready_and_still_answers() {
    let restaurant = Processes::start("info");
    let mut kitchen = Process::start(
        Command::new(restaurant.program("kitchen-mock"))
            .env_clear()
            .env("KITCHEN_MOCK_BIND", "127.0.0.1:0")
            .env("LAME_DUCK", "2s"),
    );
    let client = Client::of(kitchen.addr());
    assert_eq!(client.get("/ready").await.status, 200);
    kitchen.terminate();
    eventually("a stop that was announced", async || {
        (client.get("/ready").await.status == 503).then_some(())
    })
    .await;
    assert_eq!(client.get("/orders").await.status, 200);
    let _ = kitchen.line_with("has stopped");
    assert!(kitchen.wait().success());
}
