//! The statements that read lists: each takes a few orders from the top of an index, however many
//! there are.
//!
//! No index has the orders of several statuses in sequence. So they are merged from several runs;
//! each is read in the order of its index and only as far as needed. SQLite by itself would sort
//! all of them. A column within an expression (`status || ''`, `updated_at + 0`) offers no index:
//! where a condition is written so, the index of another condition keeps the read small.

use service_kit::database::Statement;
use shared_types::id::ClientId;
use shared_types::order::OrderStatus;
use shared_types::value::Timestamp;

use super::{Part, Which};
use crate::page::Sort;
use crate::status;

/// Orders that one index has in the order of the list: those of one client, or of all.
#[derive(Clone, Copy)]
struct Run {
    client: Option<ClientId>,
    of: Orders,
}

#[derive(Clone, Copy)]
enum Orders {
    /// In all statuses, or in all that are wanted.
    All,
    In(OrderStatus),
    EndedIn(OrderStatus, Timestamp),
    Open,
    EndedBefore(Timestamp),
    /// The few that have ended lately, sorted: the only run without an index in its order.
    EndedSince(Timestamp),
}

/// The first `most` orders of a part, each with its lines, a row per line.
pub(super) fn orders(part: &Part, most: u32) -> Option<Statement> {
    let mut select = Statement::new(
        "SELECT o.*, l.dish_id, l.name, l.quantity, l.unit_price_cents,
         l.comment AS line_comment, l.allergens FROM (",
    );
    merge(&mut select, "SELECT *", part, most)?;
    select.push(match part.sort {
        Sort::Newest => " ORDER BY created_at DESC, id DESC LIMIT ",
        Sort::Oldest => " ORDER BY created_at, id LIMIT ",
    });
    select.bind(i64::from(most));
    // The lines are joined to the few selected orders.
    select.push(") AS o JOIN order_lines AS l ON l.order_id = o.id");
    select.push(match part.sort {
        Sort::Newest => " ORDER BY o.created_at DESC, o.id DESC, l.position",
        Sort::Oldest => " ORDER BY o.created_at, o.id, l.position",
    });
    Some(select)
}

/// The time and the id of order number `most`, and those of the next one.
pub(super) fn keys_around(part: &Part, most: u32) -> Option<Statement> {
    let mut select = Statement::default();
    merge(
        &mut select,
        "SELECT created_at, id",
        part,
        most.saturating_add(1),
    )?;
    select.push(" ORDER BY created_at DESC, id DESC LIMIT 2 OFFSET ");
    select.bind(i64::from(most.saturating_sub(1)));
    Some(select)
}

/// Writes nothing when no order can belong to the part.
fn merge(select: &mut Statement, columns: &'static str, part: &Part, most: u32) -> Option<()> {
    let runs = runs(part);
    let [first, others @ ..] = runs.as_slice() else {
        return None;
    };
    if others.is_empty() {
        condition(select.push(columns), part, *first);
        return Some(());
    }
    for (index, run) in runs.iter().enumerate() {
        select.push(if index == 0 {
            "SELECT * FROM ("
        } else {
            " UNION ALL SELECT * FROM ("
        });
        condition(select.push(columns), part, *run);
        select.push(match run.of {
            // No index may be walked for the sake of its order.
            Orders::EndedSince(_) => " ORDER BY created_at + 0 DESC, id DESC LIMIT ",
            _ if part.sort == Sort::Oldest => " ORDER BY created_at, id LIMIT ",
            _ => " ORDER BY created_at DESC, id DESC LIMIT ",
        });
        select.bind(i64::from(most)).push(") AS run");
    }
    Some(())
}

fn runs(part: &Part) -> Vec<Run> {
    let clients: Vec<_> = match part.clients.as_slice() {
        [] => vec![None],
        clients => clients.iter().copied().map(Some).collect(),
    };
    let of = orders_of(part);
    let runs = clients.iter().flat_map(|client| {
        let client = *client;
        of.iter().map(move |of| Run { client, of: *of })
    });
    runs.collect()
}

/// The runs of each client, or of all. A client's orders are few: one run has all their statuses.
fn orders_of(part: &Part) -> Vec<Orders> {
    let wanted = |status: &OrderStatus| part.wants(*status);
    let by_client = !part.clients.is_empty();
    let (ended, open): (Vec<_>, Vec<_>) = OrderStatus::ALL
        .iter()
        .copied()
        .filter(wanted)
        .partition(|status| status::is_final(*status));
    let mut of = Vec::new();
    match part.which {
        Which::All if by_client || part.statuses.is_empty() => of.push(Orders::All),
        Which::All => of.extend(part.statuses.iter().copied().map(Orders::In)),
        Which::Open { since } => {
            if by_client || part.statuses.is_empty() {
                of.extend((!open.is_empty()).then_some(Orders::Open));
            } else {
                of.extend(open.into_iter().map(Orders::In));
            }
            of.extend((!ended.is_empty()).then_some(Orders::EndedSince(since)));
        }
        Which::Ended { before } if by_client => {
            of.extend((!ended.is_empty()).then_some(Orders::EndedBefore(before)));
        }
        Which::Ended { before } => {
            let ended = ended.into_iter();
            of.extend(ended.map(|status| Orders::EndedIn(status, before)));
        }
    }
    of
}

/// Restricts a count to the orders that a listing selects.
pub(super) fn count(part: &Part) -> Statement {
    let mut select = Statement::new("SELECT COUNT(*) FROM orders WHERE 1 = 1");
    if let Some((first, others)) = part.clients.split_first() {
        select.push(" AND client_id IN (").bind(first.to_string());
        for client in others {
            select.push(", ").bind(client.to_string());
        }
        select.push(")");
    }
    wanted_statuses(&mut select, " AND status IN (", part);
    created(&mut select, part, false);
    select
}

fn wanted_statuses(select: &mut Statement, column: &'static str, part: &Part) {
    let Some((first, others)) = part.statuses.split_first() else {
        return;
    };
    select.push(column).bind(first.as_str());
    for status in others {
        select.push(", ").bind(status.as_str());
    }
    select.push(")");
}

/// `lately` keeps the conditions from offering an index.
fn created(select: &mut Statement, part: &Part, lately: bool) {
    if let Some(from) = part.created.from {
        select.push(if lately {
            " AND created_at + 0 >= "
        } else {
            " AND created_at >= "
        });
        select.bind(from.millis());
    }
    if let Some(to) = part.created.to {
        select.push(if lately {
            " AND created_at + 0 < "
        } else {
            " AND created_at < "
        });
        select.bind(to.millis());
    }
}

fn condition(select: &mut Statement, part: &Part, run: Run) {
    select.push(" FROM orders WHERE 1 = 1");
    let lately = matches!(run.of, Orders::EndedSince(_));
    if let Some(client) = run.client {
        let client_is = if lately {
            " AND client_id || '' = "
        } else {
            " AND client_id = "
        };
        select.push(client_is).bind(client.to_string());
    }
    match run.of {
        Orders::In(wanted) => {
            select.push(" AND status = ").bind(wanted.as_str());
        }
        Orders::EndedIn(wanted, before) => {
            select.push(" AND status = ").bind(wanted.as_str());
            select.push(" AND updated_at + 0 < ").bind(before.millis());
        }
        Orders::All => {}
        // The exact condition of the partial indexes; SQLite uses them only then.
        Orders::Open => {
            select.push(" AND status NOT IN ('LIVREE', 'ANNULEE')");
        }
        Orders::EndedBefore(before) => {
            select.push(" AND status || '' IN ('LIVREE', 'ANNULEE')");
            select.push(" AND updated_at + 0 < ").bind(before.millis());
        }
        Orders::EndedSince(since) => {
            select.push(" AND status || '' IN ('LIVREE', 'ANNULEE')");
            select.push(" AND updated_at >= ").bind(since.millis());
        }
    }
    if !matches!(run.of, Orders::In(_) | Orders::EndedIn(..)) {
        wanted_statuses(select, " AND status || '' IN (", part);
    }
    created(select, part, lately);
    if let Some((created_at, id)) = part.after {
        select.push(match (part.sort, lately) {
            (Sort::Oldest, _) => " AND (created_at, id) > (",
            (Sort::Newest, true) => " AND (created_at + 0, id) < (",
            (Sort::Newest, false) => " AND (created_at, id) < (",
        });
        select.bind(created_at).push(", ");
        select.bind(id.to_string()).push(")");
    }
    if let Some((created_at, id)) = part.down_to {
        select.push(" AND (created_at, id) >= (");
        select.bind(created_at).push(", ");
        select.bind(id.to_string()).push(")");
    }
}

#[cfg(test)]
mod tests {
    use shared_types::order::OrderStatus;

    use crate::status::is_final;

    /// The statements and the indexes spell the final statuses out.
    #[test]
    fn delivered_and_cancelled_are_the_final_statuses() {
        let ended = OrderStatus::ALL.iter().filter(|status| is_final(**status));
        let ended: Vec<_> = ended.map(|status| status.as_str()).collect();
        assert_eq!(ended, ["LIVREE", "ANNULEE"]);
    }
}
