//! The answers and the state of the fake order service.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpResponse, web};
use serde_json::Value;
use service_kit::failure::Failure;
use shared_types::field::FromText as _;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use tokio::sync::watch;

use super::Behaviour;

/// The state that the handlers share with the test.
pub(super) struct State {
    records: Mutex<Records>,
    pub(super) behaviour: watch::Sender<Behaviour>,
}

#[derive(Default)]
pub(super) struct Records {
    /// By id, which sorts by age.
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) changes: Vec<(String, OrderStatus)>,
    /// The number of pages that were requested.
    pub(super) pages: usize,
    pub(super) is_up: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            records: Mutex::default(),
            behaviour: watch::Sender::new(Behaviour::Answer),
        }
    }

    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the change, then follows the behaviour that the test has set.
    async fn permit(&self, to: Option<(String, OrderStatus)>) -> Result<(), Failure> {
        if !self.records().is_up {
            // The thread of a stopped server is about to end, and its connections with it.
            return std::future::pending().await;
        }
        let is_change = to.is_some();
        self.records().changes.extend(to);
        let mut behaviour = self.behaviour.subscribe();
        let behaviour = behaviour.wait_for(|now| *now != Behaviour::Hang).await;
        match behaviour.as_deref() {
            Ok(Behaviour::Refuse(code)) => Err(Failure::new(*code)),
            Ok(Behaviour::RefuseChanges(code)) if is_change => Err(Failure::new(*code)),
            _ => Ok(()),
        }
    }
}

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/commandes", web::get().to(list))
        .route("/commandes/{id}", web::get().to(show))
        .route("/commandes/{id}/status", web::patch().to(change));
}

/// The newest first, or the oldest with `sort=oldest`.
async fn list(
    state: web::Data<State>,
    query: web::Query<BTreeMap<String, String>>,
) -> Result<HttpResponse, Failure> {
    state.permit(None).await?;
    let wrong = || Failure::new(Code::ValidationFailed);
    let parameter = |name| query.get(name).map(String::as_str);
    let limit = parameter("limit").map_or(Ok(usize::MAX), str::parse);
    let limit = limit.map_err(|_no_number| wrong())?;
    let cursor = parameter("cursor").map(OrderId::from_text).transpose();
    let cursor = cursor.map_err(|_no_id| wrong())?;

    let mut records = state.records();
    records.pages += 1;
    let is_oldest_first = parameter("sort") == Some("oldest");
    let asked_for = |order: &&Order| {
        parameter("status").is_none_or(|status| status == order.status.as_str())
            && cursor.is_none_or(|cursor| match is_oldest_first {
                true => order.id > cursor,
                false => order.id < cursor,
            })
    };
    let all = records.orders.values();
    let mut rest: Box<dyn Iterator<Item = &Order>> = match is_oldest_first {
        true => Box::new(all.filter(asked_for)),
        false => Box::new(all.rev().filter(asked_for)),
    };
    let page: Vec<&Order> = rest.by_ref().take(limit).collect();
    let mut answer = HttpResponse::Ok();
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        answer.insert_header(("x-next-cursor", last.id.to_string()));
    }
    Ok(answer.json(page))
}

async fn show(state: web::Data<State>, id: web::Path<String>) -> Result<HttpResponse, Failure> {
    state.permit(None).await?;
    let records = state.records();
    let order = OrderId::from_text(&id).ok();
    let order = order.and_then(|id| records.orders.get(&id));
    let order = order.ok_or_else(|| Failure::new(Code::OrderNotFound))?;
    Ok(HttpResponse::Ok().json(order))
}

async fn change(
    state: web::Data<State>,
    id: web::Path<String>,
    body: web::Json<Value>,
) -> Result<HttpResponse, Failure> {
    let status = body.get("status").and_then(Value::as_str).unwrap_or("");
    let status =
        OrderStatus::from_text(status).map_err(|_unknown| Failure::new(Code::ValidationFailed))?;
    state.permit(Some((id.clone(), status))).await?;

    let mut records = state.records();
    let id = OrderId::from_text(&id).ok();
    let order = id.and_then(|id| records.orders.get_mut(&id));
    let order = order.ok_or_else(|| Failure::new(Code::OrderNotFound))?;
    if status.rank() < order.status.rank() {
        return Err(Failure::new(Code::ImpossibleTransition));
    }
    order.status = status;
    Ok(HttpResponse::Ok().json(&*order))
}
