//! The gateway's own route table as requests: one for each method of each row.

use std::fs;

use crate::Error;
use crate::gateway::DEFAULT_FILE;

/// Stands in for `{id}`.
const ID: &str = "7b0f3a52-6f3c-4f1e-9a4e-0d6c1b2a3f40";

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) path: String,
}

pub(super) fn all() -> Result<Vec<Ask>, Error> {
    let asks = read(&fs::read_to_string(DEFAULT_FILE)?);
    if asks.is_empty() {
        return Err(format!("{DEFAULT_FILE} has no row that can be read").into());
    }
    Ok(asks)
}

/// Reads the rows, each of which is one line: `{ path = "/a/{id}", methods = ["GET"], … },`.
fn read(config: &str) -> Vec<Ask> {
    let rows = config.lines().filter_map(|line| {
        let (_, row) = line.split_once("{ path = \"")?;
        let (path, row) = row.split_once("\", methods = [")?;
        let (methods, _) = row.split_once(']')?;
        Some((path.replace("{id}", ID), methods))
    });
    rows.flat_map(|(path, methods)| {
        let ask = move |method: &str| Ask {
            method: method.trim_matches([' ', '"']).to_owned(),
            path: path.clone(),
        };
        methods.split(',').map(ask)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{Ask, ID, all, read};

    #[test]
    fn each_method_of_a_row_is_a_request() {
        let row = r#"    { path = "/a/{id}", methods = ["GET", "DELETE"], to = "/b", outage = "error" },"#;
        let ask = |method: &str| Ask {
            method: method.to_owned(),
            path: format!("/a/{ID}"),
        };
        assert_eq!(
            read(&format!("[routes]\n{row}\n")),
            [ask("GET"), ask("DELETE")]
        );
    }

    #[test]
    fn the_gateway_s_own_rows_can_be_read() {
        let all = all().unwrap();
        assert!(all.len() > 20, "{all:?}");
        assert!(all.iter().all(|ask| !ask.path.contains('{')));
    }
}
