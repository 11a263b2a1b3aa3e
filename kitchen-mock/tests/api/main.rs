//! The kitchen, seen from outside, on a free port.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod bad_input;
mod orders;

use kitchen_mock::Config;
use service_kit::testing::Client;

/// A kitchen of its own for each test. It stops with the test's runtime.
async fn kitchen(seed_demo: bool) -> Client {
    let bind = "127.0.0.1:0".parse().unwrap();
    let application = kitchen_mock::build(Config { bind, seed_demo })
        .await
        .unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
}
