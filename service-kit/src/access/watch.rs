//! Asks the client service for its public keys and the sessions that ended early.
//!
//! Each replica asks for itself, several times a second. Events pushed by the client service would
//! reach one replica of a service only, since they share an address; and a replica that starts
//! needs all of them anyway.

use std::time::Duration;

use actix_web::http::StatusCode;
use awc::Client;
use shared_types::value::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::known::Known;
use super::revocations::{PATH, Revocations, START};
use crate::peer::{Backoff, PeerUrl};

/// A logout is known everywhere within a second.
const INTERVAL: Duration = Duration::from_millis(400);

const DEADLINE: Duration = Duration::from_secs(2);

const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(2),
};

/// How often expired entries are dropped.
const TIDY: Duration = Duration::from_secs(60);

/// More than [`PAGE`](super::revocations::PAGE) sessions and a few keys take.
const MAX_BYTES: usize = 1 << 20;

/// Never returns.
pub(super) async fn watch(known: &Known, peer: &PeerUrl) {
    let client = peer.client();
    let mut cursor = START.to_owned();
    let mut failures = 0_u32;
    let mut tidied = Instant::now();
    loop {
        let pause = match ask(&client, peer, &cursor).await {
            Ok(told) => {
                if failures > 0 {
                    log::info!("the client service tells again which sessions have ended");
                }
                failures = 0;
                let is_complete = told.is_complete();
                if let Some(last) = told.ended.last() {
                    cursor = last.cursor();
                }
                if !known.learn(told, Timestamp::now()) {
                    log::warn!(
                        "too many sessions have ended: the tokens of some are accepted until they expire"
                    );
                }
                if is_complete {
                    INTERVAL
                } else {
                    Duration::ZERO
                }
            }
            Err(why) => {
                if failures == 0 {
                    log::warn!(
                        "the client service does not tell which sessions have ended, so a logout is not known here: {why}"
                    );
                }
                let pause = BACKOFF.jittered(failures, 0.5, rand::random());
                failures = failures.saturating_add(1);
                pause
            }
        };
        if tidied.elapsed() >= TIDY {
            known.forget_expired(Timestamp::now());
            tidied = Instant::now();
        }
        sleep(pause).await;
    }
}

async fn ask(client: &Client, peer: &PeerUrl, cursor: &str) -> Result<Revocations, String> {
    let url = peer.at(&format!("{PATH}/{cursor}"));
    let asked = async {
        let answer = client.get(url).send().await;
        let mut answer = answer.map_err(|error| error.to_string())?;
        match answer.status() {
            status if status.is_success() => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err("it does not accept PEER_SECRET".to_owned());
            }
            status => return Err(format!("it answered {status}")),
        }
        let body = answer.json().limit(MAX_BYTES).await;
        body.map_err(|error| error.to_string())
    };
    let answered = timeout(DEADLINE, asked).await;
    answered.map_err(|_elapsed| "out of time".to_owned())?
}
