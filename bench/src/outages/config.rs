//! Starts the gateway of `outages` with its own file, which has a route for each thing that is
//! measured.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::service::Service;

/// The path that the gateway probes.
pub(super) const PROBE: &str = "/ready";

/// A route that answers with a problem if `first` does not answer.
pub(super) const FIRST: &str = "/first";

/// A route whose answer is kept for when `first` does not answer.
pub(super) const STALE: &str = "/stale";

/// A route that answers with a problem if `second` does not answer.
pub(super) const SECOND: &str = "/second";

/// The number of cores of the machine on which this was measured.
pub(super) const WORKERS: usize = 2;

/// When `first` counts as down.
#[derive(Clone, Copy)]
pub(super) enum Breaker {
    Default,
    /// Practically never, so that only the effect of the retries shows.
    Off,
}

/// Starts the gateway from the folder `programs`, with its files in `folder`.
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
# All clients share one address here, which may have all connections.
connections_per_client = 10000
rate = "off"

[upstreams.first]
url = "http://{first}"
probe = "{PROBE}"
concurrency = {{ per_client = 1000 }}
{breaker}

[upstreams.second]
url = "http://{second}"
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
