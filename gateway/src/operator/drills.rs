//! `/drills`: lists, begins and ends failure drills, and gives a verdict.

mod rehearsal;

use std::time::{Duration, Instant};

use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::serve::resource;
use shared_types::problem::Code;
use shared_types::text::Text;

use super::{Operator, audit};
use crate::answer::site::Site;
use crate::fault::whole_seconds;
use crate::resilience::drills::{Drills, Order, Place, shown};
use crate::resilience::guard::BreakerSettings;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/drills", "GET").route(web::get().to(list)))
        .service(resource("/drills/verdict", "POST").route(web::post().to(verdict)))
        .service(
            resource("/drills/routes/{path:.*}", "PUT, DELETE")
                .route(web::put().to(begin_route))
                .route(web::delete().to(end_route)),
        )
        .service(
            resource("/drills/{upstream}", "PUT, DELETE")
                .route(web::put().to(begin_upstream))
                .route(web::delete().to(end_upstream)),
        );
}

async fn list(operator: web::Data<Operator>) -> Result<HttpResponse, Failure> {
    let drills = allowed(&operator)?.under_way(Instant::now());
    Ok(HttpResponse::Ok().json(drills))
}

async fn begin_upstream(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
    Json(order): Json<Order>,
) -> Result<HttpResponse, Failure> {
    let (place, settings) = upstream(&operator, &name)?;
    begin(&request, &operator, (place, settings), &order)
}

async fn begin_route(
    request: HttpRequest,
    operator: web::Data<Operator>,
    path: web::Path<String>,
    Json(order): Json<Order>,
) -> Result<HttpResponse, Failure> {
    let (place, settings) = route(&operator, &path)?;
    begin(&request, &operator, (place, settings), &order)
}

async fn end_upstream(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    end(&request, &operator, &upstream(&operator, &name)?.0)
}

async fn end_route(
    request: HttpRequest,
    operator: web::Data<Operator>,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    end(&request, &operator, &route(&operator, &path)?.0)
}

async fn verdict(
    request: HttpRequest,
    operator: web::Data<Operator>,
) -> Result<HttpResponse, Failure> {
    audit::note(&request, REHEARSAL, String::new());
    let drills = allowed(&operator)?;
    // Neither its drills nor the answers could be told from those of a closure.
    if operator
        .site()
        .closures
        .overlaps(None, None, rehearsal::LONGEST)
    {
        return Err(Failure::new(Code::ClosureConflict));
    }
    let _turn = operator.rehearsing.lock().await;
    audit::begins(&request, REHEARSAL);
    let verdict = rehearsal::run(&operator, drills).await?;
    audit::note(&request, REHEARSAL, verdict.to_string());
    Ok(HttpResponse::Ok().json(verdict))
}

/// The names of these changes in the audit log.
const BEGIN: &str = "drill_begun";
const END: &str = "drill_ended";
const REHEARSAL: &str = "rehearsal";

fn begin(
    request: &HttpRequest,
    operator: &Operator,
    (place, settings): (Place, BreakerSettings),
    order: &Order,
) -> Result<HttpResponse, Failure> {
    audit::note(request, BEGIN, place.name().to_owned());
    let drills = allowed(operator)?;
    let now = Instant::now();
    let plan = order.plan(now).map_err(Failure::invalid)?;
    if overlaps(
        &operator.site(),
        &place,
        plan.until.saturating_duration_since(now),
    ) {
        return Err(Failure::new(Code::ClosureConflict));
    }
    let (name, mode) = (place.name(), plan.mode.as_str());
    let time = whole_seconds(plan.until.saturating_duration_since(now));
    log::warn!("a failure drill begins: {name} is {mode} for {time}s");
    let (rate, delay) = (plan.rate, plan.delay);
    let details = format!("{name}: {mode} for {time}s, rate {rate}, delay {delay:?}");
    audit::note(request, BEGIN, details);
    let answer = HttpResponse::Ok().json(shown(&place, &plan, now));
    drills.begin(place, plan, settings);
    operator.feed.wake();
    Ok(answer)
}

fn end(request: &HttpRequest, operator: &Operator, place: &Place) -> Result<HttpResponse, Failure> {
    audit::note(request, END, place.name().to_owned());
    if allowed(operator)?.end(place) {
        log::warn!("a failure drill ends: {}", place.name());
        operator.feed.wake();
    }
    // The drill is over now, whether or not there was one.
    Ok(HttpResponse::NoContent().finish())
}

fn allowed(operator: &Operator) -> Result<&Drills, Failure> {
    let drills = operator.drills.as_deref();
    drills.ok_or_else(|| Failure::new(Code::DrillsOff))
}

/// An upstream, with the settings of its circuit.
fn upstream(operator: &Operator, name: &str) -> Result<(Place, BreakerSettings), Failure> {
    let site = operator.site();
    let mut known = site.upstreams.iter();
    let known = known.find(|upstream| **upstream.name() == *name);
    let upstream = known.ok_or_else(unknown)?;
    Ok((Place::Upstream(name.to_owned()), upstream.settings.breaker))
}

/// A route, with the settings of its upstream's circuit. The path may be written as configured,
/// braces included.
fn route(operator: &Operator, path: &str) -> Result<(Place, BreakerSettings), Failure> {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let path = format!("/{}", decoded.trim_start_matches('/'));
    let site = operator.site();
    let mut rows = site.routes.routes().filter(|row| *row.path == *path);
    let upstream = rows.find_map(|row| row.to.upstream());
    let upstream = upstream.ok_or_else(unknown)?;
    Ok((Place::Route(path), upstream.settings.breaker))
}

/// Whether a closure concerns the place at any time from now on for `duration`.
pub(super) fn overlaps(site: &Site, place: &Place, duration: Duration) -> bool {
    let closures = &site.closures;
    match place {
        Place::Upstream(name) => closures.overlaps(Some(name), None, duration),
        Place::Route(path) => {
            let rows = site.routes.routes().filter(|row| *row.path == **path);
            let mut upstreams = rows.filter_map(|row| row.to.upstream());
            upstreams.any(|one| closures.overlaps(Some(one.name()), Some(path), duration))
        }
    }
}

fn unknown() -> Failure {
    Failure::new(Code::RouteNotFound).with_detail(Text::fixed(|say| say.operator.nothing_to_drill))
}
