//! The environment of each server: that of the process, overridden by the variables that connect
//! the servers.

mod traces;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use service_kit::access::Access;
use service_kit::env::{ConfigError, Env};
use service_kit::health::reachable;
use service_kit::peer::PeerSecret;
use service_kit::program::RunError;

use crate::member::Member;
use crate::ports::{Reserved, reserve};
use crate::{Options, Ports, Service};

pub(crate) use traces::tracing;

const FREE: &str = "127.0.0.1:0";

/// The address of each service.
pub(crate) type Addrs = BTreeMap<Service, SocketAddr>;

/// Decides the address of each service before the first one starts, since they need each other's. A
/// service with port 0 gets a port that is free now, and reserved for as long as that is held.
pub(crate) fn addrs(options: &Options) -> Result<(Addrs, Reserved), RunError> {
    let mut reserved = Reserved::new();
    let mut addrs = Addrs::new();
    for each in options.services.iter().copied() {
        let mut bind = unaddressed(each, options)?.bind();
        if bind.port() == 0 {
            let free = reserve(bind)?;
            bind = free.local_addr()?;
            reserved.push(free);
        }
        addrs.insert(each, bind);
    }
    Ok((addrs, reserved))
}

pub(crate) fn service(
    service: Service,
    options: &Options,
    addrs: &Addrs,
) -> Result<Member, ConfigError> {
    member(service, &environment(service, options, addrs))
}

fn environment(service: Service, options: &Options, addrs: &Addrs) -> Env {
    let (bind_name, place) = match service {
        Service::Clients => ("CLIENT_SERVICE_BIND", 1),
        Service::Orders => ("ORDER_SERVICE_BIND", 2),
        Service::Kitchen => ("KITCHEN_MOCK_BIND", 3),
        Service::Delivery => ("DELIVERY_MOCK_BIND", 4),
        Service::Counter => ("COUNTER_SERVICE_BIND", 5),
    };
    let mut over = urls(addrs);
    if let Some(addr) = addrs.get(&service) {
        over.insert(bind_name, addr.to_string());
    } else {
        match options.ports {
            Ports::Usual => None,
            Ports::From(first) => over.insert(bind_name, loopback(first, place)),
            Ports::Free => over.insert(bind_name, FREE.to_owned()),
        };
    }
    if service == Service::Clients && shows_mails(options, addrs) {
        over.insert("DEV_OUTBOX", "on".to_owned());
    }
    // All services read this name, so no value of the process could be right for all of them.
    let path = options.data.join(service.database());
    over.insert("DATABASE_URL", format!("sqlite://{}", path.display()));
    overlay(&options.env, over)
}

fn member(service: Service, env: &Env) -> Result<Member, ConfigError> {
    Ok(match service {
        Service::Clients => Member::Clients(client_service::Config::from_env(env)?),
        Service::Orders => Member::Orders(order_service::Config::from_env(env)?),
        Service::Kitchen => Member::Kitchen(kitchen_mock::config(env)?),
        Service::Delivery => Member::Delivery(delivery_mock::config(env)?),
        Service::Counter => Member::Counter(counter_service::Config::from_env(env)?),
    })
}

/// Whether the mails are shown: the stack is there to be tried out. Whoever reads them can set any
/// password, so only if nobody but this machine reaches the service, and no mail server is set.
fn shows_mails(options: &Options, addrs: &Addrs) -> bool {
    let is_chosen = ["DEV_OUTBOX", "SMTP_URL"]
        .iter()
        .any(|name| options.env.get(name).is_some());
    let addr = addrs.get(&Service::Clients);
    !is_chosen && addr.is_some_and(|addr| addr.ip().is_loopback())
}

/// A service before any has an address. What strict access needs of them is known only then.
fn unaddressed(service: Service, options: &Options) -> Result<Member, ConfigError> {
    let open = BTreeMap::from([("ACCESS", "open".to_owned())]);
    let env = environment(service, options, &Addrs::new());
    member(service, &overlay(&env, open))
}

/// Checks every setting.
pub(crate) fn check(options: &Options) -> Result<(), ConfigError> {
    options.env.parse_or("ACCESS", Access::default())?;
    for service in options.services.iter().copied() {
        unaddressed(service, options)?;
    }
    gateway(options, &Addrs::new(), None).map(drop)
}

/// The operator's address, decided before the first service starts, since they send their spans there.
/// Port 0 becomes a free one, reserved for as long as `reserved` is held.
pub(crate) fn operator(options: &Options, reserved: &mut Reserved) -> Result<SocketAddr, RunError> {
    let bind: SocketAddr = match options.ports {
        Ports::Usual => options
            .env
            .parse_or("GATEWAY_ADMIN_BIND", (Ipv4Addr::LOCALHOST, 9000).into())?,
        Ports::From(first) => {
            let port = first.saturating_add(OPERATOR);
            (Ipv4Addr::LOCALHOST, port).into()
        }
        Ports::Free => (Ipv4Addr::LOCALHOST, 0).into(),
    };
    if bind.port() != 0 {
        return Ok(bind);
    }
    let free = reserve(bind)?;
    let addr = free.local_addr()?;
    reserved.push(free);
    Ok(addr)
}

/// The gateway's configuration, and where it is read again.
pub(crate) fn gateway(
    options: &Options,
    addrs: &Addrs,
    operator: Option<SocketAddr>,
) -> Result<(gateway::Config, gateway::Source), ConfigError> {
    let mut over = urls(addrs);
    // The demo accounts have published passwords, so they are not for the whole network.
    let public = match options.ports {
        Ports::Usual if options.env.get("GATEWAY_BIND").is_some() => None,
        Ports::Usual => Some(loopback(8000, 0)),
        Ports::From(first) => Some(loopback(first, 0)),
        Ports::Free => Some(FREE.to_owned()),
    };
    over.extend(public.map(|bind| ("GATEWAY_BIND", bind)));
    over.extend(operator.map(|bind| ("GATEWAY_ADMIN_BIND", bind.to_string())));
    if let Some(traces) = traces::kept(options) {
        over.insert("GATEWAY_TRACES", traces.to_owned());
        over.extend(traces::soon(options));
    }
    // The stack is there to be tried out, and only this machine reaches the operator's port.
    for name in ["GATEWAY_DEMO", "GATEWAY_DRILLS"] {
        if options.env.get(name).is_none() {
            over.insert(name, "on".to_owned());
        }
    }
    let source = gateway::Source::new(None, &overlay(&options.env, over));
    Ok((source.load()?, source))
}

/// The distance of the operator's port from the public one.
const OPERATOR: u16 = 1000;

fn loopback(first: u16, place: u16) -> String {
    format!("127.0.0.1:{}", first.saturating_add(place))
}

/// The variables by which the gateway finds the services, and the services each other.
fn urls(addrs: &Addrs) -> BTreeMap<&'static str, String> {
    let url = |(service, addr): (&Service, &SocketAddr)| {
        let name = match service {
            Service::Clients => "CLIENTS_URL",
            Service::Orders => "ORDERS_URL",
            Service::Kitchen => "KITCHEN_URL",
            Service::Delivery => "DELIVERY_URL",
            Service::Counter => "COUNTER_URL",
        };
        (name, format!("http://{}", reachable(*addr)))
    };
    addrs.iter().map(url).collect()
}

/// The environment with a password that the services share, unless it has one: in one process nobody
/// else needs to know it.
pub(crate) fn with_peer_secret(env: &Env) -> Env {
    let made = PeerSecret::random().expose().to_owned();
    let over = BTreeMap::from([("PEER_SECRET", made)]);
    match env.get("PEER_SECRET") {
        Some(_) => env.clone(),
        None => overlay(env, over),
    }
}

fn overlay(env: &Env, over: BTreeMap<&'static str, String>) -> Env {
    let env = env.clone();
    Env::new(move |name| over.get(name).cloned().or_else(|| env.get(name)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use service_kit::env::Env;

    use super::{addrs, gateway, operator, urls};
    use crate::{Options, Ports, Service};

    #[test]
    fn all_ports_follow_the_first_and_those_not_started_are_found_elsewhere() {
        let options = Options {
            data: PathBuf::from("nowhere"),
            is_fresh: false,
            ports: Ports::From(8100),
            services: vec![Service::Orders, Service::Delivery],
            env: Env::of_pairs([("KITCHEN_URL", "http://kitchen.example")]),
        };
        let (addrs, mut reserved) = addrs(&options).unwrap();
        let ports: Vec<_> = addrs.values().map(std::net::SocketAddr::port).collect();
        assert_eq!(ports, [8102, 8104]);
        assert!(!urls(&addrs).contains_key("KITCHEN_URL"));
        let operator = operator(&options, &mut reserved).unwrap();
        let (gateway, _source) = gateway(&options, &addrs, Some(operator)).unwrap();
        let kitchen = gateway
            .upstreams
            .iter()
            .find(|upstream| *upstream.name == *"kitchen");
        assert_eq!(kitchen.unwrap().url.origins(), "http://kitchen.example");
        let binds = (gateway.bind, gateway.admin_bind);
        assert_eq!(binds.0.to_string(), "127.0.0.1:8100");
        assert_eq!(binds.1.to_string(), "127.0.0.1:9100");
    }
}
