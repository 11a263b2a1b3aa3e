//! The kitchen, seen from outside, on a free port.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod bad_input;
mod events;
mod orders;

use kitchen_mock::Config;
use service_kit::env::Env;
use service_kit::testing::Client;

/// A kitchen of its own for each test. It stops with the test's runtime.
async fn kitchen(seed_demo: bool) -> Client {
    let seed_demo = seed_demo.to_string();
    let env = [
        ("KITCHEN_MOCK_BIND", "127.0.0.1:0"),
        ("SEED_DEMO", &seed_demo),
    ];
    let config = Config::from_env(&Env::of_pairs(env)).unwrap();
    let application = kitchen_mock::build(config).await.unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
}
