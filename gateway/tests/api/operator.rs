//! Who may use the operator's port, and the lines that a change there leaves.

mod audit;
mod token;

use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::Client;

use crate::outages::Moody;
use crate::{CONFIG, parse};

const TOKEN: &str = "0123456789abcdef";

/// A gateway whose operator's port has [`TOKEN`].
struct Guarded {
    operator: Client,
    backend: Moody,
}

impl Guarded {
    async fn open() -> Self {
        let backend = Moody::start().await;
        let url = format!("http://{}", backend.addr);
        let env = Env::new(move |name| match name {
            "GATEWAY_BIND" | "GATEWAY_ADMIN_BIND" => Some("127.0.0.1:0".to_owned()),
            "GATEWAY_WORKERS" => Some("1".to_owned()),
            "GATEWAY_DRILLS" => Some("on".to_owned()),
            "GATEWAY_ADMIN_TOKEN" => Some(TOKEN.to_owned()),
            "BACKEND_URL" => Some(url.clone()),
            _ => None,
        });
        let gateway = Gateway::build(parse(CONFIG, &env)).unwrap();
        let operator = Client::of(gateway.admin_addr());
        actix_web::rt::spawn(gateway.run_until(std::future::pending()));
        Self { operator, backend }
    }
}
