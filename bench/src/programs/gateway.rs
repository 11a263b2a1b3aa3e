//! Starts the gateway in front of one upstream, with its default file except for a few values.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use toml::{Table, Value};

use super::Place;
use super::service::{Service, Variables};
use crate::Error;
use crate::machine::{any, told};

/// The file that is compiled into the gateway.
const DEFAULT_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../gateway/gateway.toml");

/// A route that anyone may GET and POST, and whose answers may not be kept.
pub(crate) const PATH: &str = "/client-api/clients";

/// The gateway's name and version, such as `gateway 0.1.0`.
pub(crate) fn version(place: &Place) -> Result<String, Error> {
    told(&place.program("gateway"), &["--version"])
}

/// The gateway's default file with the values of `changes`, a piece of TOML.
pub(crate) fn file(changes: &str) -> Result<Table, Error> {
    let mut file = fs::read_to_string(DEFAULT_FILE)?.parse()?;
    overlay(&mut file, changes.parse()?);
    Ok(file)
}

fn overlay(file: &mut Table, changes: Table) {
    for (key, change) in changes {
        match (file.get_mut(&key), change) {
            (Some(Value::Table(table)), Value::Table(changes)) => overlay(table, changes),
            (_, change) => {
                file.insert(key, change);
            }
        }
    }
}

/// The rows of all routes in a file, each with the name of its upstream.
pub(crate) fn routes(file: &mut Table) -> impl Iterator<Item = (&str, &mut Table)> {
    let routes = file.get_mut("routes").and_then(Value::as_table_mut);
    routes.into_iter().flatten().flat_map(|(upstream, rows)| {
        let rows = rows.as_array_mut().into_iter().flatten();
        rows.filter_map(|row| Some((upstream.as_str(), row.as_table_mut()?)))
    })
}

/// Starts the gateway with one worker and `changes` of its default file, with its files in
/// `folder`. One client may have all permits of the upstream, since all clients share one address.
pub(crate) async fn start(
    place: &Place,
    folder: &Path,
    upstream: SocketAddr,
    changes: &str,
) -> Result<Service, Error> {
    let shared = "[upstreams.clients]\nconcurrency = { per_client = 1000 }\n";
    let mut file = file(shared)?;
    overlay(&mut file, changes.parse()?);
    start_with(
        place,
        folder,
        &file.to_string(),
        &variables(any(), upstream, 1),
    )
    .await
}

/// Starts the gateway with its whole configuration in `text`.
pub(crate) async fn start_with(
    place: &Place,
    folder: &Path,
    text: &str,
    variables: &Variables,
) -> Result<Service, Error> {
    let file = folder.join("gateway.toml");
    fs::write(&file, text)?;
    let mut program = Command::new(place.program("gateway"));
    program.arg("--config").arg(file);
    Service::start(program, folder, variables).await
}

/// The gateway's environment variables, for listening on `addr`.
pub(crate) fn variables(
    addr: SocketAddr,
    upstream: SocketAddr,
    workers: usize,
) -> Vec<(&'static str, String)> {
    vec![
        ("GATEWAY_BIND", addr.to_string()),
        ("GATEWAY_ADMIN_BIND", any().to_string()),
        ("GATEWAY_WORKERS", workers.to_string()),
        // All clients share one address here.
        ("GATEWAY_RATE_LIMIT", "off".to_owned()),
        ("CLIENTS_URL", format!("http://{upstream}")),
        ("ORDERS_URL", format!("http://{upstream}")),
        ("KITCHEN_URL", format!("http://{upstream}")),
        ("DELIVERY_URL", format!("http://{upstream}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::{PATH, file, overlay, routes};

    #[test]
    fn a_value_is_changed_in_its_own_table() {
        let mut text = "[a]\nx = 1\ny = 2\n\n[b]\nx = 3".parse().unwrap();
        overlay(&mut text, "[b]\nx = 9\n[c]\nz = 4".parse().unwrap());
        let expected = "[a]\nx = 1\ny = 2\n\n[b]\nx = 9\n[c]\nz = 4";
        assert_eq!(text, expected.parse().unwrap());
    }

    #[test]
    fn the_default_file_has_the_upstream_and_its_path() {
        let mut file = file("").unwrap();
        assert!(file["upstreams"].get("clients").is_some());
        let mut rows = routes(&mut file);
        assert!(rows.any(|(upstream, row)| {
            upstream == "clients" && row["path"].as_str() == Some(PATH)
        }));
    }
}
