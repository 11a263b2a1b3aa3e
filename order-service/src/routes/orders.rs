//! Placing orders, reading them, and changing their status.

mod body;
mod prefer;
mod terms;

use actix_web::http::header::{ContentType, HeaderName, LINK};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use service_kit::access::{Caller, Vouched};
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::{IfMatch, Json, Query, Several, read, tagged};
use service_kit::request_id::RequestId;
use shared_types::field::{FieldErrors, FromText as _, Line};
use shared_types::id::{ClientId, OrderId};
use shared_types::order::{NewOrder, Order, OrderStatus, StatusChange};
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::access::may_mark;
use crate::page::{Cursor, Listing};
use crate::store::{Cancellation, Move, OrderError, Store};

/// The cursor by itself, for clients that do not parse `Link`.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

pub(super) async fn place(
    store: web::Data<Store>,
    request: HttpRequest,
    caller: Caller,
    vouched: Vouched,
    submission: Submission<NewOrder>,
) -> Result<HttpResponse, Failure> {
    refuse_others(caller, submission.body.client_id)?;
    let terms = terms::of(request.headers(), vouched)?;
    // No secret: orders hold nothing that a reader of the table could not read anyway.
    let key = submission.key.map(|key| key.sealed_with(b""));
    Ok(store
        .place(submission.body, key, terms)
        .await?
        .created(&request))
}

/// A page is answered whole, a list without a limit as it is read.
pub(super) async fn list(
    store: web::Data<Store>,
    request: HttpRequest,
    caller: Caller,
    Query(mut listing): Query<Listing>,
) -> Result<HttpResponse, Failure> {
    if let Some(own) = caller.own() {
        for client in listing.client_id.values() {
            refuse_others(caller, *client)?;
        }
        listing.client_id = Several::only(own);
    }
    let total = if prefer::wants_exact_count(request.headers()) {
        Some(store.count(&listing).await?)
    } else {
        None
    };
    if let Some(limit) = listing.limit.as_ref() {
        let page = store.page(&listing, *limit).await?;
        return Ok(answer(&listing, page.next, total).json(page.orders));
    }
    let mut list = store.list(&listing).await?;
    // Read before the head is sent, so that a failed read can still become a problem.
    let first = store.read_on(&mut list).await?;
    let mut answer = answer(&listing, list.next, total);
    if list.is_read() {
        return Ok(answer.json(first));
    }
    let id = request.extensions().get::<RequestId>().cloned();
    let body = body::of(Store::clone(&store), first, list, id);
    Ok(answer.content_type(ContentType::json()).streaming(body))
}

fn answer(listing: &Listing, next: Option<Cursor>, total: Option<i64>) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    if let Some(total) = total {
        answer.insert_header((prefer::TOTAL_COUNT, total));
        answer.insert_header((prefer::PREFERENCE_APPLIED, prefer::EXACT_COUNT));
    }
    if let Some(next) = next {
        answer.insert_header((LINK, listing.next_link(&next)));
        answer.insert_header((NEXT_CURSOR, next.to_string()));
    }
    answer
}

pub(super) async fn find(
    store: web::Data<Store>,
    request: HttpRequest,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let order = store.order(parse(&id)?).await?;
    hide_others(caller, &order)?;
    read(&request, &order)
}

pub(super) async fn change_status(
    store: web::Data<Store>,
    seen: IfMatch,
    caller: Caller,
    id: web::Path<String>,
    Json(change): Json<StatusChange>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    if caller.own().is_some() {
        hide_others(caller, &store.order(id).await?)?;
    }
    let to = change.status;
    if !may_mark(caller, to) {
        return Err(Failure::new(Code::Forbidden));
    }
    let change = Move {
        to,
        cancellation: cancellation(change, caller)?,
        seen,
    };
    let order = store.change_status(id, &change).await?;
    tagged(&order)
}

/// Only a cancellation says who and why.
fn cancellation(change: StatusChange, caller: Caller) -> Result<Cancellation, Failure> {
    let cancellation = Cancellation {
        by: change.cancelled_by.into_option(),
        because: change.reason.into_option().map(Line::into_string),
    };
    let said = [
        ("annuleePar", cancellation.by.is_some()),
        ("motif", cancellation.because.is_some()),
    ];
    match said.into_iter().find(|(_, is_said)| *is_said) {
        Some((field, _)) if change.status != OrderStatus::Cancelled => {
            let text = Text::fixed(|say| say.orders.only_cancelled);
            Err(Failure::invalid(FieldErrors::one(field, text)))
        }
        _ => Ok(Cancellation {
            // What a caller is known to be counts, not what the caller says.
            by: caller.role().or(cancellation.by),
            ..cancellation
        }),
    }
}

/// A CLIENT orders and lists for no other client.
fn refuse_others(caller: Caller, client: ClientId) -> Result<(), Failure> {
    match caller.own() {
        Some(own) if own != client => Err(Failure::new(Code::Forbidden)),
        _ => Ok(()),
    }
}

/// To a CLIENT, another client's order is one that does not exist.
fn hide_others(caller: Caller, order: &Order) -> Result<(), OrderError> {
    match caller.own() {
        Some(own) if own != order.client_id => Err(OrderError::Unknown),
        _ => Ok(()),
    }
}

/// An invalid UUID is no order's id: the same 404.
fn parse(id: &str) -> Result<OrderId, OrderError> {
    OrderId::from_text(id).map_err(|_not_a_uuid| OrderError::Unknown)
}
