//! Several of each, as in `docker-compose.scale.yml`: processes that are stopped, killed and started
//! again, each with an address, a folder and variables that it keeps.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use super::balancer::Balancer;
use super::member::{Member, REDIS, members, urls};
use crate::Error;
use crate::programs::Place;
use crate::programs::postgres::Postgres;
use crate::programs::service::Service;
use crate::traffic::client::Client;

/// As in `docker-compose.scale.yml`: HAProxy asks each second.
const LAME_DUCK: &str = "3s";

/// Longer than a process may take to stop, and than all need to notice that it is back.
const PATIENCE: Duration = Duration::from_secs(40);

/// Kills its processes when it is dropped.
pub(super) struct Fleet<'p> {
    place: &'p Place,
    // In the order in which they end: each before those that it uses.
    members: Vec<Member>,
    pub(super) balancer: Balancer,
    _postgres: Option<Postgres>,
    folder: TempDir,
}

impl<'p> Fleet<'p> {
    /// The whole restaurant: `replicas` of each stored service, behind three gateways.
    pub(super) async fn restaurant(place: &'p Place, replicas: usize) -> Result<Self, Error> {
        let postgres = Postgres::start()?;
        let counts = [1, replicas, replicas, 1, 1, 3];
        let mut members = members(&counts)?;
        let databases = [
            ("client-service", postgres.database("clients")?),
            ("order-service", postgres.database("orders")?),
        ];
        let links = [
            ("CLIENTS_URL", "client-service"),
            ("ORDERS_URL", "order-service"),
            ("KITCHEN_URL", "kitchen-mock"),
            ("DELIVERY_URL", "delivery-mock"),
        ];
        let links = links.map(|(variable, program)| (variable, urls(&members, program)));
        for member in &mut members {
            for (variable, mut all) in links.clone() {
                // A gateway spreads its requests over all, and a service has one address.
                if member.program != "gateway" {
                    all.truncate(1);
                }
                member.variables.push((variable, all.join(",")));
            }
            let database = databases.iter().find(|(of, _)| *of == member.program);
            let database = database.map(|(_, url)| ("DATABASE_URL", url.clone()));
            member.variables.extend(database);
        }
        // The quotas are counted together, and none is ever used up.
        Self::start(place, members, "1000000/10s", Some(postgres)).await
    }

    /// `count` gateways that share a Redis, before one upstream.
    pub(super) async fn gateways(
        place: &'p Place,
        count: usize,
        upstream: SocketAddr,
        rate: &str,
    ) -> Result<Self, Error> {
        let mut members = members(&[1, 0, 0, 0, 0, count])?;
        for member in &mut members {
            let links = ["CLIENTS_URL", "ORDERS_URL", "KITCHEN_URL", "DELIVERY_URL"];
            let links = links.map(|link| (link, format!("http://{upstream}")));
            member.variables.extend(links);
        }
        Self::start(place, members, rate, None).await
    }

    async fn start(
        place: &'p Place,
        mut members: Vec<Member>,
        rate: &str,
        postgres: Option<Postgres>,
    ) -> Result<Self, Error> {
        let folder = place.fresh()?;
        let redis = urls(&members, REDIS).concat();
        for member in &mut members {
            member.variables.extend([
                ("GATEWAY_ADMIN_BIND", member.operator.to_string()),
                ("GATEWAY_WORKERS", "1".to_owned()),
                ("GATEWAY_LAME_DUCK", LAME_DUCK.to_owned()),
                ("GATEWAY_REDIS_URL", redis.replacen("http", "redis", 1)),
                ("GATEWAY_RATE_LIMIT", rate.to_owned()),
                // HAProxy, which says in X-Forwarded-For who asks.
                ("GATEWAY_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
                ("LAME_DUCK", LAME_DUCK.to_owned()),
                ("ORDERS_OPEN_PER_ADDRESS", "off".to_owned()),
                (
                    "JWT_SECRET",
                    "shared by all client-services here".to_owned(),
                ),
            ]);
        }
        let gateways = members.iter().filter(|member| member.program == "gateway");
        let gateways: Vec<_> = gateways.map(|one| (one.id(), one.addr)).collect();
        let mut fleet = Self {
            balancer: Balancer::start(folder.path(), &gateways).await?,
            place,
            folder,
            members,
            _postgres: postgres,
        };
        for at in 0..fleet.members.len() {
            fleet.run(at).await?;
        }
        for at in 0..fleet.members.len() {
            fleet.is_known(at).await?;
        }
        Ok(fleet)
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The places of all members that run `program`.
    pub(super) fn all(&self, program: &str) -> Vec<usize> {
        let all = self.members.iter().enumerate();
        let all = all.filter(|(_, member)| member.program == program);
        all.map(|(at, _)| at).collect()
    }

    /// All members that run `program`.
    pub(super) fn each(&self, program: &str) -> impl Iterator<Item = &Member> {
        let all = self.members.iter();
        all.filter(move |member| member.program == program)
    }

    pub(super) fn redis(&self) -> Result<usize, Error> {
        let first = self.all(REDIS).first().copied();
        Ok(first.ok_or("there is no Redis")?)
    }

    pub(super) fn member(&self, at: usize) -> Result<&Member, Error> {
        Ok(self.members.get(at).ok_or("no such process")?)
    }

    pub(super) fn service(&self, at: usize) -> Result<&Service, Error> {
        let member = self.member(at)?;
        let service = member.service.as_ref();
        Ok(service.ok_or_else(|| format!("{} does not run", member.name))?)
    }

    /// Stops it as `docker stop` does, starts it again, and waits until all who ask it know that.
    pub(super) async fn restart(&mut self, at: usize) -> Result<(), Error> {
        self.service(at)?.signal("TERM")?;
        let begun = Instant::now();
        while let Some(service) = self
            .members
            .get_mut(at)
            .and_then(|one| one.service.as_mut())
        {
            if service.has_ended()? {
                break;
            }
            wait(begun, "the end of a process").await?;
        }
        self.kill(at);
        self.run(at).await?;
        self.is_known(at).await
    }

    /// Kills it (`kill -9`).
    pub(super) fn kill(&mut self, at: usize) {
        if let Some(member) = self.members.get_mut(at) {
            member.service = None;
        }
    }

    /// Starts a process that does not run.
    pub(super) async fn run(&mut self, at: usize) -> Result<(), Error> {
        let folder = self.folder.path().join(self.member(at)?.id());
        fs::create_dir_all(&folder)?;
        let member = self.members.get_mut(at).ok_or("no such process")?;
        member.run(self.place, &folder).await
    }

    /// Waits until it is ready, and HAProxy or all gateways know that.
    ///
    /// # Errors
    /// That takes too long; the error has its log.
    pub(super) async fn is_known(&self, at: usize) -> Result<(), Error> {
        let known = self.notice(at).await;
        let log = self.member(at)?.log(self.folder.path());
        known.map_err(|error| {
            format!("{error}\n{}", fs::read_to_string(log).unwrap_or_default()).into()
        })
    }

    async fn notice(&self, at: usize) -> Result<(), Error> {
        let (member, begun) = (self.member(at)?, Instant::now());
        let what = &format!("all to know that {} is ready", member.name);
        if member.program == REDIS {
            return Ok(());
        }
        let mut client = Client::new(member.addr);
        while client.get("/ready").await.is_err() {
            wait(begun, what).await?;
        }
        if member.program == "gateway" {
            while !self.balancer.sees(&member.id()).await? {
                wait(begun, what).await?;
            }
            return Ok(());
        }
        for gateway in self.each("gateway") {
            let mut operator = Client::new(gateway.operator);
            let mut status = operator.get("/status").await;
            while !status.is_ok_and(|status| all_up(status.body())) {
                wait(begun, what).await?;
                status = operator.get("/status").await;
            }
        }
        Ok(())
    }
}

/// Whether every upstream is up, with all of its replicas.
fn all_up(status: &[u8]) -> bool {
    let status: Value = serde_json::from_slice(status).unwrap_or_default();
    let is_up = |one: &Value| one.get("status").is_some_and(|status| status == "up");
    let upstreams = status.get("upstreams").and_then(Value::as_object);
    let mut upstreams = upstreams.into_iter().flatten();
    upstreams.all(|(_, upstream)| {
        let replicas = upstream.get("replicas").and_then(Value::as_array);
        is_up(upstream) && replicas.into_iter().flatten().all(is_up)
    })
}

/// Waits a moment for something that has been awaited since `begun`.
pub(super) async fn wait(begun: Instant, what: &str) -> Result<(), Error> {
    if begun.elapsed() > PATIENCE {
        let seconds = PATIENCE.as_secs();
        return Err(format!("waited {seconds} s for {what}").into());
    }
    sleep(Duration::from_millis(10)).await;
    Ok(())
}
