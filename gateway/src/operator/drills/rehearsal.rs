//! Rehearses every outage: each upstream in turn is made to look dead, each feature is asked for as
//! a client would, and the answer is compared with the configuration's declaration.
//!
//! Other requests meet the same drills, for a moment for each upstream. If an upstream is really
//! down, before the first drill or after any, there is no verdict: the real outage and the drill
//! could not be told apart.

mod client;
mod outage;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_service::{ServiceFactory as _, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use service_kit::failure::Failure;
use service_kit::serve::Draining;
use shared_types::gateway::DrillMode;

use crate::answer::dispatch::{Asker, Following};
use crate::answer::features::Feature;
use crate::answer::handler;
use crate::answer::site::{Live, Site};
use crate::operator::Operator;
use crate::resilience::drills::{Drills, Place, Plan};
use crate::upstream::Upstream;

use client::ask;
use outage::Lookout;
use verdict::{Cell, Received, Verdict, holds};

/// Longer than it takes to ask for all features. The drill ends as soon as they were asked.
const OUTAGE: Duration = Duration::from_secs(30);

/// Longer than a rehearsal takes.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

pub(super) async fn run(operator: &Operator, drills: &Drills) -> Result<Verdict, Failure> {
    let site = operator.site();
    let live = Live::always(Arc::clone(&site));
    let worker = Following::new(live, Draining::default(), Asker::Rehearsal);
    let app = App::new().default_service(handler::service(worker));
    let service = map_config(app, |()| AppConfig::default()).new_service(());
    let service = service
        .await
        .map_err(|()| Failure::internal("the rehearsal cannot be set up"))?;
    let lookout = Lookout::new(&site);
    let (mut cells, mut remarks) = (Vec::new(), Vec::new());
    for feature in &*site.features {
        // This also fills the cache.
        if ask(&service, &feature.probe).await.answer != Received::Works {
            remarks.push(format!("{} did not work before any drill", feature.name));
        }
    }
    let down = lookout.down(&service).await;
    if !down.is_empty() {
        return Ok(Verdict::impossible(down, cells));
    }
    for (path, refused) in site.cache.without_any() {
        remarks.push(format!(
            "{path} has no answer for an outage: {}",
            refused.reason
        ));
    }
    for upstream in &site.upstreams {
        let place = Place::Upstream(upstream.name().to_string());
        let breaker = upstream.settings.breaker;
        drills.begin(place.clone(), outage(), breaker);
        drills.open(upstream.name(), breaker.failures);
        let mut row = Vec::new();
        for feature in &*site.features {
            if let Some(policy) = feature.stored() {
                // A fresh answer would be served, and show nothing.
                site.cache.expire(policy);
            }
            let answer = ask(&service, &feature.probe).await.answer;
            row.push(cell(&site, feature, upstream, answer));
        }
        drills.end(&place);
        let down = lookout.down(&service).await;
        if !down.is_empty() {
            return Ok(Verdict::impossible(down, cells));
        }
        cells.append(&mut row);
    }
    Ok(Verdict::of(cells, remarks))
}

fn outage() -> Plan {
    Plan {
        mode: DrillMode::Down,
        rate: 1.0,
        delay: Duration::ZERO,
        until: Instant::now() + OUTAGE,
    }
}

fn cell(
    site: &Site,
    feature: &Feature<Arc<Upstream>>,
    upstream: &Arc<Upstream>,
    answer: Received,
) -> Cell {
    let declared = feature.declared(upstream);
    let status = feature.status(&site.cache, &site.closures).status;
    Cell {
        feature: feature.name.clone(),
        upstream: upstream.name().to_string(),
        declared,
        status,
        answer,
        pass: holds(feature.does_need(upstream), declared, status, answer),
    }
}
