//! The gateway of the outages: a file of its own, in which a route is there for each thing that is measured.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::service::Service;

/// What the gateway asks by itself.
pub(super) const PROBE: &str = "/ready";

/// A problem when `first` does not answer.
pub(super) const FIRST: &str = "/first";

/// Kept for when it does not.
pub(super) const STALE: &str = "/stale";

/// A problem when `second` does not answer.
pub(super) const SECOND: &str = "/second";

/// As many as the machine that it is measured on has cores.
pub(super) const WORKERS: usize = 2;

/// When `first` counts as down.
#[derive(Clone, Copy)]
pub(super) enum Breaker {
    Default,
    /// Practically never, so that nothing but the retries is seen.
    Off,
}

/// Starts the gateway, which is in the folder `programs`, with its files in `folder`.
pub(super) async fn start(
    programs: &Path,
    folder: &Path,
    [first, second]: [SocketAddr; 2],
    breaker: Breaker,
) -> Result<Service, Error> {
    let breaker = match breaker {
        Breaker::Default => "",
        Breaker::Off => {
            "breaker = { failures = 1000000, percent = 100, minimum = 1000000, window = \"10s\", open = \"1s\" }"
        }
    };
    let text = format!(
        r#"
[limits]
uri = "8KiB"
head = "32KiB"
request_body = "1MiB"
connections = 10000
# All clients are one address here, which may have all of them.
connections_per_client = 10000
head_timeout = "10s"
stall_timeout = "30s"
idle_timeout = "60s"
rate = "off"

[upstreams.first]
url = "http://{first}"
label = {{ fr = "Le premier", en = "The first" }}
connect_timeout = "1s"
timeout = "5s"
probe = "{PROBE}"
concurrency = {{ per_client = 1000 }}
{breaker}

[upstreams.second]
url = "http://{second}"
label = {{ fr = "Le second", en = "The second" }}
connect_timeout = "1s"
timeout = "5s"
probe = "{PROBE}"
concurrency = {{ per_client = 1000 }}

[routes]
first = [
    {{ path = "{FIRST}", methods = ["GET"], to = "/first", outage = "error" }},
    {{ path = "{STALE}", methods = ["GET"], to = "/stale", outage = "stale", fresh = "1h", stale_if_error = "1h", shared = true }},
]
second = [
    {{ path = "{SECOND}", methods = ["GET"], to = "/second", outage = "error" }},
]
"#
    );
    let file = folder.join("gateway.toml");
    fs::write(&file, text)?;
    let mut program = Command::new(programs.join("gateway"));
    program.arg("--config").arg(file);
    let variables = [
        ("GATEWAY_BIND", "127.0.0.1:0".to_owned()),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0".to_owned()),
        ("GATEWAY_WORKERS", WORKERS.to_string()),
    ];
    Service::start(program, folder, &variables).await
}
