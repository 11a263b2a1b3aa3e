//! What each server of the stack is told: the process's environment, and over it what makes them one restaurant.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use service_kit::env::{ConfigError, Env};

use crate::member::Member;
use crate::{Options, Ports, Service};

const FREE: &str = "127.0.0.1:0";

/// `at` is the address it had before, where it is started again.
pub(crate) fn service(
    service: Service,
    options: &Options,
    at: Option<SocketAddr>,
) -> Result<Member, ConfigError> {
    let (bind_name, file) = match service {
        Service::Clients => ("CLIENT_SERVICE_BIND", Some("clients.db")),
        Service::Orders => ("ORDER_SERVICE_BIND", Some("orders.db")),
        Service::Kitchen => ("KITCHEN_MOCK_BIND", None),
        Service::Delivery => ("DELIVERY_MOCK_BIND", None),
    };
    let mut over = BTreeMap::new();
    if let Some(addr) = at {
        over.insert(bind_name, addr.to_string());
    } else if options.ports == Ports::Free {
        over.insert(bind_name, FREE.to_owned());
    }
    if let Some(file) = file {
        // Both services read this name, so one value of the process could not be meant for both.
        let path = options.data.join(file);
        over.insert("DATABASE_URL", format!("sqlite://{}", path.display()));
    }
    let env = overlay(&options.env, over);
    Ok(match service {
        Service::Clients => Member::Clients(client_service::Config::from_env(&env)?),
        Service::Orders => Member::Orders(order_service::Config::from_env(&env)?),
        Service::Kitchen => Member::Kitchen(kitchen_mock::Config::from_env(&env)?),
        Service::Delivery => Member::Delivery(delivery_mock::Config::from_env(&env)?),
    })
}

pub(crate) fn gateway(
    options: &Options,
    services: BTreeMap<Service, SocketAddr>,
) -> Result<gateway::Config, ConfigError> {
    let mut over = BTreeMap::new();
    for (service, addr) in services {
        let name = match service {
            Service::Clients => "CLIENTS_URL",
            Service::Orders => "ORDERS_URL",
            Service::Kitchen => "KITCHEN_URL",
            Service::Delivery => "DELIVERY_URL",
        };
        over.insert(name, format!("http://{addr}"));
    }
    if options.ports == Ports::Free {
        over.insert("GATEWAY_BIND", FREE.to_owned());
        over.insert("GATEWAY_ADMIN_BIND", FREE.to_owned());
    } else if options.env.get("GATEWAY_BIND").is_none() {
        // Demo accounts with published passwords are not for the whole network.
        over.insert("GATEWAY_BIND", "127.0.0.1:8000".to_owned());
    }
    gateway::Config::load(None, &overlay(&options.env, over))
}

fn overlay(env: &Env, over: BTreeMap<&'static str, String>) -> Env {
    let env = env.clone();
    Env::new(move |name| over.get(name).cloned().or_else(|| env.get(name)))
}
