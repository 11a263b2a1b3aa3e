//! HAProxy with the configuration that `docker-compose.scale.yml` uses, except for its addresses.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::Error;
use crate::machine::{free_addr, installed};
use crate::programs::service::Service;

const DEPLOYED: &str = include_str!("../../../../deploy/scale/haproxy.cfg");

pub(super) struct Balancer {
    pub(super) service: Service,
    /// Where it answers questions about itself.
    socket: PathBuf,
}

impl Balancer {
    /// Starts it before these gateways, which may start later.
    pub(super) async fn start(
        folder: &Path,
        gateways: &[(String, SocketAddr)],
    ) -> Result<Self, Error> {
        let program = installed("haproxy");
        let program = program.ok_or("HAProxy is not installed (apt-get install haproxy)")?;
        // Held by HAProxy to the end, so no other can take it.
        let (addr, socket) = (free_addr()?, folder.join("haproxy.sock"));
        let text = configuration(addr, &socket, gateways);
        let text = text.ok_or("deploy/scale/haproxy.cfg has another form than expected")?;
        let file = folder.join("haproxy.cfg");
        fs::write(&file, text)?;
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(file).stdout(Stdio::null());
        let log = folder.join("haproxy.log");
        let service = Service::start_on(addr, command, &log).await?;
        Ok(Self { service, socket })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// Whether it sends requests to this gateway.
    pub(super) async fn sees(&self, gateway: &str) -> Result<bool, Error> {
        let mut stream = UnixStream::connect(&self.socket).await?;
        stream.write_all(b"show stat\n").await?;
        let mut told = String::new();
        stream.read_to_string(&mut told).await?;
        let lines = told.lines();
        let mut lines = lines.filter(|line| line.starts_with(&format!("gateways,{gateway},")));
        Ok(lines.any(|line| line.contains(",UP,")))
    }
}

/// The deployed file, with these addresses instead of the names of the compose network.
fn configuration(
    addr: SocketAddr,
    socket: &Path,
    gateways: &[(String, SocketAddr)],
) -> Option<String> {
    let (before, rest) = DEPLOYED.split_once("resolvers compose\n")?;
    let (_, guests) = rest.split_once("\n\n")?;
    let (guests, _) = guests.split_once(" resolvers compose")?;
    let before = before.replacen(
        "global\n",
        &format!("global\n    stats socket {} mode 600\n", socket.display()),
        1,
    );
    let guests = guests.replacen("bind :8080", &format!("bind {addr}"), 1);
    let servers = gateways.iter();
    let servers: String = servers
        .map(|(name, addr)| format!("    server {name} {addr}\n"))
        .collect();
    Some(format!("{before}{guests}\n{servers}"))
}

#[cfg(test)]
mod tests {
    use super::configuration;

    #[test]
    fn only_the_addresses_differ_from_the_deployed_file() {
        let addr = "127.0.0.1:9".parse().unwrap();
        let gateways = [("gateway-1".to_owned(), addr)];
        let text = configuration(addr, "/s".as_ref(), &gateways).unwrap();
        for line in [
            "    stats socket /s mode 600\n",
            "    bind 127.0.0.1:9\n",
            "    option redispatch 1\n",
            "    http-request disable-l7-retry unless METH_GET\n",
            "    default-server check inter 1s fall 1 rise 1\n    server gateway-1 127.0.0.1:9\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!text.contains("resolve"), "{text}");
    }
}
