//! Tests of how each service ends when its terminal is closed. For the gateway, which reads its
//! configuration again, there are tests of its own.

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
