//! Who may use the operator's port, and the lines that a change there leaves.

mod audit;
mod guesses;
mod token;
mod traces;

use actix_web::http::Method;
use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::{Answer, Client};

use crate::outages::Moody;
use crate::{CONFIG, parse};

const TOKEN: &str = "0123456789abcdef";

const WRONG: &str = "fedcba9876543210";

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
            "GATEWAY_TRUSTED_PROXIES" => Some("127.0.0.1".to_owned()),
            "BACKEND_URL" => Some(url.clone()),
            _ => None,
        });
        let gateway = Gateway::build(parse(CONFIG, &env)).unwrap();
        let operator = Client::of(gateway.admin_addr());
        actix_web::rt::spawn(gateway.run_until(std::future::pending()));
        Self { operator, backend }
    }

    async fn get_with(&self, path: &str, token: &str) -> Answer {
        let request = self.operator.request(Method::GET, path);
        request.bearer(token).send().await
    }

    async fn log_in(&self, token: &str) -> Answer {
        let request = self.operator.request(Method::POST, "/login");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.send_body(format!("token={token}").into()).await
    }
}
