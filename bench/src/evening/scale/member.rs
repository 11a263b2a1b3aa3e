//! A process of a fleet, with the address and the variables that it keeps over its restarts.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::machine::installed;
use crate::programs::Place;
use crate::programs::service::Service;

/// Local ports of connections to 127.0.0.1 are taken there, never here: a process that starts again
/// finds its port free.
const HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

pub(super) const REDIS: &str = "redis-server";

/// The programs with the variable for their own address.
const PROGRAMS: [(&str, &str); 6] = [
    (REDIS, ""),
    ("client-service", "CLIENT_SERVICE_BIND"),
    ("order-service", "ORDER_SERVICE_BIND"),
    ("kitchen-mock", "KITCHEN_MOCK_BIND"),
    ("delivery-mock", "DELIVERY_MOCK_BIND"),
    ("gateway", "GATEWAY_BIND"),
];

type Variables = Vec<(&'static str, String)>;

pub(super) struct Member {
    /// Such as `gateway 2`.
    pub(super) name: String,
    pub(super) program: &'static str,
    pub(super) addr: SocketAddr,
    /// The operator's address of a gateway.
    pub(super) operator: SocketAddr,
    pub(super) variables: Variables,
    pub(super) service: Option<Service>,
}

impl Member {
    /// Its log, in its part of the fleet's folder.
    pub(super) fn log(&self, folder: &Path) -> PathBuf {
        folder
            .join(self.id())
            .join(self.program)
            .with_extension("log")
    }

    /// Starts it, with its files in `folder`.
    pub(super) async fn run(&mut self, place: &Place, folder: &Path) -> Result<(), Error> {
        let service = if self.program == REDIS {
            let missing = "redis-server is not installed (apt-get install redis-server)";
            let mut redis = Command::new(installed(REDIS).ok_or(missing)?);
            // As deployed: what it holds comes back by itself.
            redis.args(["--save", "", "--logfile", "redis-server.log"]);
            redis.args(["--bind", &HOST.to_string()]);
            redis.args(["--port", &self.addr.port().to_string()]);
            redis.current_dir(folder);
            Service::start_on(self.addr, redis, &folder.join("stderr.log")).await
        } else {
            let mut program = Command::new(place.program(self.program));
            program.current_dir(folder);
            Service::start(program, folder, &self.variables).await
        };
        self.service = Some(service.map_err(|error| format!("{}: {error}", self.name))?);
        Ok(())
    }

    /// Its name without a space, for files.
    pub(super) fn id(&self) -> String {
        self.name.replace(' ', "-")
    }
}

/// So many members of each program, which do not run yet.
pub(super) fn members(counts: &[usize; PROGRAMS.len()]) -> Result<Vec<Member>, Error> {
    // All ports are held until the last is known, so that no two get the same one.
    let (mut members, mut held) = (Vec::new(), Vec::new());
    for ((program, bind), count) in PROGRAMS.into_iter().zip(counts) {
        for number in 1..=*count {
            let ports = [TcpListener::bind((HOST, 0))?, TcpListener::bind((HOST, 0))?];
            let [addr, operator] = &ports;
            let (addr, operator) = (addr.local_addr()?, operator.local_addr()?);
            members.push(Member {
                name: format!("{program} {number}"),
                program,
                addr,
                operator,
                variables: vec![(bind, addr.to_string())],
                service: None,
            });
            held.push(ports);
        }
    }
    Ok(members)
}

/// The URLs of all members that run `program`.
pub(super) fn urls(members: &[Member], program: &str) -> Vec<String> {
    let all = members.iter().filter(|member| member.program == program);
    all.map(|member| format!("http://{}", member.addr))
        .collect()
}
