//! Sends one body through the gateway and checks that all of it arrives.

use std::net::SocketAddr;

use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};

use crate::Error;
use crate::client::connect;
use crate::filler::Filler;
use crate::gateway::PATH;
use crate::upstream::{TAKEN, take};

use super::Scenario;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// From the client to the upstream.
    Up,
    Down,
}

/// Transfers `length` bytes as the scenario says. On the way down, the upstream must be set to the
/// same length.
pub(super) async fn transfer(
    gateway: SocketAddr,
    way: Way,
    length: u64,
    scenario: Scenario,
) -> Result<(), Error> {
    let (method, body) = match way {
        Way::Up => (Method::POST, Filler::new(length, scenario.framing)),
        Way::Down => (Method::GET, Filler::none()),
    };
    let request = Request::builder().method(method).uri(PATH);
    let request = request.header(HOST, gateway.to_string()).body(body)?;
    let answer = connect(gateway).await?.send_request(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("a body was answered {}", answer.status()).into());
    }
    let arrived = match way {
        Way::Up => {
            let taken = answer.headers().get(TAKEN);
            taken
                .ok_or("the upstream was not reached")?
                .to_str()?
                .parse()?
        }
        Way::Down => take(answer.into_body(), scenario.pace).await?,
    };
    if arrived != length {
        return Err(format!("{arrived} of {length} bytes arrived").into());
    }
    Ok(())
}
