//! Starts the gateway with one worker in front of one upstream, with its default file except for a
//! few values.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::service::Service;

/// The file that is compiled into the gateway.
pub(crate) const DEFAULT_FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../gateway/gateway.toml");

/// A route that anyone may GET and POST, and whose answers may not be kept.
pub(crate) const PATH: &str = "/client-api/clients";

/// The table of the upstream that `PATH` leads to.
pub(crate) const UPSTREAM: &str = "[upstreams.clients]";

/// A value of the default file to be replaced.
pub(crate) struct Change<'a> {
    pub(crate) table: &'a str,
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// The gateway's name and version, such as `gateway 0.1.0`.
pub(crate) fn version(programs: &Path) -> Result<String, Error> {
    let told = Command::new(programs.join("gateway"))
        .arg("--version")
        .output()?;
    Ok(String::from_utf8(told.stdout)?.trim().to_owned())
}

/// Starts the gateway from the folder `programs`, with one worker and its files in `folder`.
pub(crate) async fn start(
    programs: &Path,
    folder: &Path,
    upstream: SocketAddr,
    changes: &[Change<'_>],
) -> Result<Service, Error> {
    let mut config = with_one_client(&fs::read_to_string(DEFAULT_FILE)?);
    for change in changes {
        config = change
            .apply(&config)
            .ok_or_else(|| format!("{DEFAULT_FILE} has no {} {}", change.table, change.key))?;
    }
    let file = folder.join("gateway.toml");
    fs::write(&file, config)?;
    let mut program = Command::new(programs.join("gateway"));
    program.arg("--config").arg(file);
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let variables = variables(any, upstream, 1);
    Service::start(program, folder, &variables).await
}

/// Allows one client all permits of the upstream, since all clients share one address here.
fn with_one_client(config: &str) -> String {
    let all = format!("\n{UPSTREAM}\nconcurrency = {{ per_client = 1000 }}\n");
    config.replacen(&format!("\n{UPSTREAM}\n"), &all, 1)
}

/// The gateway's environment variables, for listening on `addr`.
pub(crate) fn variables(
    addr: SocketAddr,
    upstream: SocketAddr,
    workers: usize,
) -> [(&'static str, String); 8] {
    [
        ("GATEWAY_BIND", addr.to_string()),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0".to_owned()),
        ("GATEWAY_WORKERS", workers.to_string()),
        // All clients share one address here.
        ("GATEWAY_RATE_LIMIT", "off".to_owned()),
        ("CLIENTS_URL", format!("http://{upstream}")),
        ("ORDERS_URL", format!("http://{upstream}")),
        ("KITCHEN_URL", format!("http://{upstream}")),
        ("DELIVERY_URL", format!("http://{upstream}")),
    ]
}

impl Change<'_> {
    /// `text` with the value replaced, or `None` if the value is not in it.
    pub(crate) fn apply(&self, text: &str) -> Option<String> {
        let table = format!("\n{}\n", self.table);
        let key = format!("\n{} = ", self.key);
        let body = text.find(&table)? + table.len() - 1;
        let (before, body) = text.split_at(body);
        let end = body.find("\n[").unwrap_or(body.len());
        let at = body.get(..end)?.find(&key)? + key.len();
        let (kept, rest) = body.split_at(at);
        let rest = rest.find('\n').and_then(|end| rest.get(end..));
        let (rest, value) = (rest.unwrap_or_default(), self.value);
        Some(format!("{before}{kept}{value}{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Change, DEFAULT_FILE, PATH, UPSTREAM, with_one_client};

    const TEXT: &str = "# top\n[a]\nx = 1 # one\ny = 2\n\n[b]\nx = 3\nz = \"4\"";

    fn changed(table: &str, key: &str, value: &str) -> Option<String> {
        Change { table, key, value }.apply(TEXT)
    }

    #[test]
    fn a_value_is_changed_in_its_own_table() {
        let first = changed("[a]", "x", "9").unwrap();
        assert_eq!(first, TEXT.replace("1 # one", "9"));
        let second = changed("[b]", "x", "9").unwrap();
        assert_eq!(second, TEXT.replace('3', "9"));
        let last = changed("[b]", "z", "\"9\"").unwrap();
        assert_eq!(last, TEXT.replace('4', "9"));
    }

    #[test]
    fn a_missing_value_is_not_added() {
        assert_eq!(changed("[a]", "z", "9"), None);
        assert_eq!(changed("[c]", "x", "9"), None);
    }

    #[test]
    fn one_client_may_have_all_permits() {
        let text = fs::read_to_string(DEFAULT_FILE).unwrap();
        assert_eq!(text.matches("per_client = 1000 }").count(), 0);
        let config = with_one_client(&text);
        assert_eq!(config.matches("per_client = 1000 }").count(), 1);
    }

    #[test]
    fn the_default_file_has_the_upstream_and_its_path() {
        let text = fs::read_to_string(DEFAULT_FILE).unwrap();
        assert!(text.contains(UPSTREAM) && text.contains(PATH));
    }
}
