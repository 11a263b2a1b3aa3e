//! An order service for tests: it records events and answers what the test says.

use std::net::SocketAddr;
use std::sync::Mutex;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use service_kit::peer::PeerUrl;

pub(crate) struct OrderService {
    addr: SocketAddr,
    shared: web::Data<Shared>,
}

struct Shared {
    answer: Mutex<u16>,
    told: Mutex<Vec<Told>>,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) event: Value,
    pub(crate) authorization: Option<String>,
}

impl OrderService {
    /// It answers with this status until the test says otherwise.
    pub(crate) fn start(status: u16) -> Self {
        let shared = web::Data::new(Shared {
            answer: Mutex::new(status),
            told: Mutex::default(),
        });
        let data = shared.clone();
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone());
            app.route("/events", web::post().to(take))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let addr = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        Self { addr, shared }
    }

    pub(crate) fn url(&self) -> PeerUrl {
        format!("http://{}", self.addr).parse().unwrap()
    }

    pub(crate) fn answer(&self, status: u16) {
        *self.shared.answer.lock().unwrap() = status;
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.shared.told.lock().unwrap().clone()
    }
}

async fn take(shared: web::Data<Shared>, request: HttpRequest, event: web::Bytes) -> HttpResponse {
    let authorization = request.headers().get("authorization");
    let told = Told {
        event: serde_json::from_slice(&event).unwrap(),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
    };
    shared.told.lock().unwrap().push(told);
    let status = *shared.answer.lock().unwrap();
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish()
}
