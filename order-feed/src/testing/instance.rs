//! Starts a mock in the test's process, or as a process of its own.

use std::path::Path;
use std::process::Command;

use service_kit::env::Env;
use service_kit::serve::Application;
use service_kit::testing::{Client, Process};

use super::FakeOrderService;

/// A mock, as its tests start it: on a free port.
pub struct Instance {
    pub bind_variable: &'static str,
    /// The name of its file in the test's folder.
    pub file: &'static str,
    pub binary: &'static str,
}

impl Instance {
    /// Without an order service.
    #[must_use]
    pub fn env(&self, seed_demo: bool) -> Env {
        Env::of_pairs([
            (self.bind_variable, "127.0.0.1:0"),
            ("SEED_DEMO", &seed_demo.to_string()),
        ])
    }

    /// With samples, an order service and a file in `folder`.
    #[must_use]
    pub fn linked_env(&self, orders: &FakeOrderService, folder: &Path) -> Env {
        let file = folder.join(self.file);
        Env::of_pairs([
            (self.bind_variable, "127.0.0.1:0"),
            ("ORDERS_URL", &orders.url()),
            ("DATABASE_URL", &format!("sqlite://{}", file.display())),
        ])
    }

    /// Serves until the test's runtime ends.
    #[must_use]
    pub fn serve(application: Application) -> Client {
        let client = Client::of(application.addr());
        actix_web::rt::spawn(application.run_until(std::future::pending()));
        client
    }

    /// The program without samples. Its file has its default path below `folder`.
    #[must_use]
    pub fn process(&self, orders: &FakeOrderService, folder: &Path) -> Process {
        Process::start(
            Command::new(self.binary)
                .env_clear()
                .env(self.bind_variable, "127.0.0.1:0")
                .env("SEED_DEMO", "false")
                .env("ORDERS_URL", orders.url())
                .current_dir(folder),
        )
    }
}
