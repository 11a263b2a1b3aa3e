//! Prints the verdict of a rehearsal as a table of features by upstreams.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde::Deserialize;
use service_kit::health::reachable;
use service_kit::program::RunError;
use shared_types::gateway::Availability;

use super::running;
use super::table::pad;
use super::terminal::plain;
use crate::config::Config;
use crate::settings::admin_token::AdminToken;

/// An upstream takes a second or two.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize)]
struct Verdict {
    pass: bool,
    #[serde(default)]
    down: Vec<String>,
    cells: Vec<Cell>,
    remarks: Vec<String>,
}

/// The error if there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotJudge {
    /// These upstreams are really down.
    #[error("cannot judge: {} down; try again once every service is up", are(.0))]
    Down(Vec<String>),
    #[error("cannot judge: the configuration has no [features]; add one for each service")]
    NoFeatures,
}

fn are(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

#[derive(Debug, Deserialize)]
struct Cell {
    feature: String,
    upstream: String,
    declared: Availability,
    answer: String,
    status: Availability,
    pass: bool,
}

pub(super) fn run(config: &Config, out: &mut impl Write) -> Result<(), RunError> {
    let url = format!("http://{}/drills/verdict", reachable(config.admin_bind));
    let token = config.admin_token.as_ref();
    let verdict = actix_web::rt::System::new().block_on(ask(&url, token))?;
    print(&verdict, out)?;
    if !verdict.down.is_empty() {
        return Err(CannotJudge::Down(verdict.down).into());
    }
    if verdict.cells.is_empty() {
        return Err(CannotJudge::NoFeatures.into());
    }
    if verdict.pass {
        writeln!(out, "pass: every feature behaves as declared")?;
        Ok(())
    } else {
        Err("fail: not every feature behaves as declared".into())
    }
}

async fn ask(url: &str, token: Option<&AdminToken>) -> Result<Verdict, RunError> {
    let client = awc::Client::builder().timeout(PATIENCE).finish();
    let request = running::with_token(client.post(url), token);
    let body = running::answer(request, url.to_owned()).await;
    // Exit code 69 says that a service is down, which nobody can tell here.
    let body = body.map_err(|error| error.to_string())?;
    Ok(serde_json::from_slice(&body)?)
}

fn print(verdict: &Verdict, out: &mut impl Write) -> Result<(), RunError> {
    if !verdict.cells.is_empty() {
        print_matrix(verdict, out)?;
    }
    for remark in &verdict.remarks {
        writeln!(out, "{}", plain(remark))?;
    }
    Ok(())
}

fn print_matrix(verdict: &Verdict, out: &mut impl Write) -> Result<(), RunError> {
    let mut rows: BTreeMap<&str, BTreeMap<&str, &Cell>> = BTreeMap::new();
    for cell in &verdict.cells {
        let row = rows.entry(&cell.feature).or_default();
        row.insert(&cell.upstream, cell);
    }
    let upstreams = rows.values().flat_map(BTreeMap::keys).copied();
    let mut upstreams: Vec<_> = upstreams.collect();
    upstreams.sort_unstable();
    upstreams.dedup();
    let features = rows.keys().map(|name| name.chars().count());
    let wide = features.max().unwrap_or_default().max("FEATURE".len());
    write!(out, "{}", pad("FEATURE", wide))?;
    for upstream in &upstreams {
        write!(out, "  {}", pad(&format!("{upstream} DOWN"), 18))?;
    }
    writeln!(out)?;
    for (feature, cells) in &rows {
        write!(out, "{}", pad(feature, wide))?;
        for upstream in &upstreams {
            let cell = cells
                .get(upstream)
                .map_or_else(String::new, |cell| cell.show());
            write!(out, "  {}", pad(&cell, 18))?;
        }
        writeln!(out)?;
    }
    for cell in verdict.cells.iter().filter(|cell| !cell.pass) {
        writeln!(out, "{}", plain(&cell.explain()))?;
    }
    Ok(())
}

impl Cell {
    fn show(&self) -> String {
        let verdict = if self.pass { "pass" } else { "FAIL" };
        format!("{:9} {verdict}", self.answer)
    }

    fn explain(&self) -> String {
        format!(
            "{} without {}: declared {:?}, reported {:?}, answered {}",
            self.feature, self.upstream, self.declared, self.status, self.answer
        )
    }
}
