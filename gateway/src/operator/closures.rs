//! `/closures`: lists, announces and ends closures, and follows them as they begin and end.

mod follow;
mod order;

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::serve::resource;
use shared_types::gateway::ClosureTarget;
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::{Operator, audit};
use crate::resilience::closures::Ended;
pub(crate) use follow::run;
use order::Order;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/closures", "GET").route(web::get().to(list)))
        .service(
            resource("/closures/{name}", "PUT, DELETE")
                .route(web::put().to(close))
                .route(web::delete().to(open)),
        )
        .service(
            resource("/closures/upstreams/{name}", "PUT, DELETE")
                .route(web::put().to(close_upstream))
                .route(web::delete().to(open_upstream)),
        )
        .service(
            resource("/closures/features/{name}", "PUT, DELETE")
                .route(web::put().to(close_feature))
                .route(web::delete().to(open_feature)),
        );
}

async fn list(operator: web::Data<Operator>) -> HttpResponse {
    HttpResponse::Ok().json(operator.site().closures.announced())
}

async fn close(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
    Json(order): Json<Order>,
) -> Result<HttpResponse, Failure> {
    let target = either(&operator, name.into_inner());
    announce(&request, &operator, target, order)
}

async fn open(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let target = either(&operator, name.into_inner());
    end(&request, &operator, &target)
}

/// The upstream or feature with this name. Of two, the upstream: its feature is closed with it.
fn either(operator: &Operator, name: String) -> ClosureTarget {
    let site = operator.site();
    match site.upstreams.iter().any(|one| **one.name() == *name) {
        true => ClosureTarget::Upstream(name),
        false => ClosureTarget::Feature(name),
    }
}

async fn close_upstream(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
    Json(order): Json<Order>,
) -> Result<HttpResponse, Failure> {
    let target = ClosureTarget::Upstream(name.into_inner());
    announce(&request, &operator, target, order)
}

async fn close_feature(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
    Json(order): Json<Order>,
) -> Result<HttpResponse, Failure> {
    let target = ClosureTarget::Feature(name.into_inner());
    announce(&request, &operator, target, order)
}

async fn open_upstream(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let target = ClosureTarget::Upstream(name.into_inner());
    end(&request, &operator, &target)
}

async fn open_feature(
    request: HttpRequest,
    operator: web::Data<Operator>,
    name: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let target = ClosureTarget::Feature(name.into_inner());
    end(&request, &operator, &target)
}

/// The names of these changes in the audit log.
const ANNOUNCE: &str = "closure_announced";
const END: &str = "closure_ended";

fn announce(
    request: &HttpRequest,
    operator: &Operator,
    target: ClosureTarget,
    order: Order,
) -> Result<HttpResponse, Failure> {
    audit::note(request, ANNOUNCE, named(&target));
    check(operator, &target)?;
    let closure = order.closure(Timestamp::now()).map_err(Failure::invalid)?;
    let (from, until) = (closure.from(), closure.until());
    let details = format!("{}: from {from} until {until}", named(&target));
    log::info!("a closure is announced: {details}");
    audit::note(request, ANNOUNCE, details);
    let closures = &operator.site().closures;
    closures.announce(target.clone(), closure);
    operator.feed.wake();
    let announced = closures.announced();
    let told = announced
        .into_iter()
        .find(|one| one.target == target && (one.notice.from, one.notice.until) == (from, until));
    Ok(HttpResponse::Ok().json(told))
}

fn end(
    request: &HttpRequest,
    operator: &Operator,
    target: &ClosureTarget,
) -> Result<HttpResponse, Failure> {
    audit::note(request, END, named(target));
    check(operator, target)?;
    match operator.site().closures.end(target) {
        Ended::Yes => {
            log::info!("a closure is ended: {}", named(target));
            operator.feed.wake();
        }
        // It is over now, whether or not there was one.
        Ended::None => {}
        Ended::OfFile => {
            let why = Text::fixed(|say| say.operator.closed_by_the_file);
            return Err(Failure::new(Code::ClosureConflict).with_detail(why));
        }
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Whether the target can be closed.
fn check(operator: &Operator, target: &ClosureTarget) -> Result<(), Failure> {
    let site = operator.site();
    let is_known = match target {
        ClosureTarget::Upstream(name) => site.upstreams.iter().any(|one| **one.name() == **name),
        ClosureTarget::Feature(name) => site.features.iter().any(|one| one.name == *name),
    };
    let refuse = |why| Err(Failure::new(Code::RouteNotFound).with_detail(why));
    match target {
        _ if !is_known => refuse(Text::fixed(|say| say.operator.nothing_to_close)),
        ClosureTarget::Feature(name) if !site.closures.has_routes(name) => {
            refuse(Text::fixed(|say| say.operator.no_route_to_close))
        }
        ClosureTarget::Upstream(_) | ClosureTarget::Feature(_) => Ok(()),
    }
}

fn named(target: &ClosureTarget) -> String {
    match target {
        ClosureTarget::Upstream(name) => format!("upstream {name}"),
        ClosureTarget::Feature(name) => format!("feature {name}"),
    }
}
