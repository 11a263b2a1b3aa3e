//! Composes one answer from three parts, and decides whether it differs from another one and
//! whether it is the last. Does no I/O.

use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use shared_types::order::OrderStatus;
use shared_types::tracking::{PartState, Parts, Tracking, TrackingMeta};

use super::part::Part;
use crate::fault::degraded::Degraded;

#[derive(Debug)]
pub(super) struct TrackedAnswer {
    tracking: Tracking,
    /// The answer as it is sent, written once for all clients that watch.
    pub(super) json: Bytes,
}

/// The part of an order that tells whether more is to come.
#[derive(Deserialize)]
struct Standing {
    status: OrderStatus,
}

impl TrackedAnswer {
    pub(super) fn compose(parts: Parts<Part>) -> Result<Self, serde_json::Error> {
        let Parts {
            order,
            kitchen,
            delivery,
        } = parts;
        let statuses = Parts {
            order: order.status,
            kitchen: kitchen.status,
            delivery: delivery.status,
        };
        let complete = statuses.as_ref().into_array();
        let tracking = Tracking {
            order: order.value,
            kitchen: kitchen.value,
            delivery: delivery.value,
            meta: TrackingMeta {
                complete: complete.iter().all(|status| status.state.is_latest()),
                parts: statuses,
            },
        };
        let json = serde_json::to_vec(&tracking)?.into();
        Ok(Self { tracking, json })
    }

    pub(super) fn states(&self) -> Parts<PartState> {
        let parts = &self.tracking.meta.parts;
        Parts {
            order: parts.order.state,
            kitchen: parts.kitchen.state,
            delivery: parts.delivery.state,
        }
    }

    /// The `X-Degraded` value. An old order weighs more than a missing part.
    pub(super) fn degraded(&self) -> Option<Degraded> {
        if self.tracking.meta.parts.order.state == PartState::Stale {
            Some(Degraded::Stale)
        } else if self.tracking.meta.complete {
            None
        } else {
            Some(Degraded::Partial)
        }
    }

    /// Whether the answer is news for a client that has seen the other one. An old part that has
    /// only aged is not.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.states() != other.states() || self.values() != other.values()
    }

    fn values(&self) -> [Option<&str>; 3] {
        let Tracking {
            order,
            kitchen,
            delivery,
            meta: _,
        } = &self.tracking;
        [order, kitchen, delivery].map(|part| part.as_deref().map(RawValue::get))
    }

    /// Whether nothing will change any more: the order itself, just read, is over.
    pub(super) fn is_final(&self) -> bool {
        let order = &self.tracking.order;
        let standing = order
            .as_ref()
            .and_then(|order| serde_json::from_str(order.get()).ok());
        self.tracking.meta.parts.order.state == PartState::Ok
            && standing.is_some_and(|standing: Standing| match standing.status {
                OrderStatus::Delivered | OrderStatus::Cancelled => true,
                OrderStatus::Pending
                | OrderStatus::Preparing
                | OrderStatus::Ready
                | OrderStatus::Delivering => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use shared_types::tracking::{PartState, PartStatus, Parts};

    use super::super::part::Part;
    use super::TrackedAnswer;
    use crate::fault::degraded::Degraded;
    use PartState::{NotFound, Ok, Stale, Timeout, Unavailable};

    fn part(value: &str, state: PartState, age_seconds: Option<u64>) -> Part {
        let is_some = !value.is_empty();
        Part {
            value: is_some.then(|| RawValue::from_string(value.to_owned()).unwrap()),
            status: PartStatus { state, age_seconds },
        }
    }

    fn answer(order: Part, kitchen: PartState, delivery: Part) -> TrackedAnswer {
        TrackedAnswer::compose(Parts {
            order,
            kitchen: part("", kitchen, None),
            delivery,
        })
        .unwrap()
    }

    fn order(state: PartState) -> Part {
        part(r#"{"status":"PRETE"}"#, state, None)
    }

    #[test]
    fn the_body_gives_the_state_of_each_part() {
        let old = part(r#"{"statut":"EN_ATTENTE"}"#, Stale, Some(8));
        let answer = answer(order(Ok), Unavailable, old);
        assert_eq!(
            answer.json,
            concat!(
                r#"{"order":{"status":"PRETE"},"kitchen":null,"delivery":{"statut":"EN_ATTENTE"},"#,
                r#""meta":{"complete":false,"parts":{"order":{"state":"ok"},"#,
                r#""kitchen":{"state":"unavailable"},"delivery":{"state":"stale","ageSeconds":8}}}}"#
            )
        );
    }

    #[test]
    fn an_answer_is_complete_if_every_service_answered() {
        let none = || part("", NotFound, None);
        assert_eq!(answer(order(Ok), NotFound, none()).degraded(), None);
        assert_eq!(
            answer(order(Ok), Timeout, none())
                .degraded()
                .map(Degraded::as_str),
            Some("partial")
        );
        assert_eq!(
            answer(order(Ok), Ok, order(Stale))
                .degraded()
                .map(Degraded::as_str),
            Some("partial")
        );
        assert_eq!(
            answer(order(Stale), Timeout, none())
                .degraded()
                .map(Degraded::as_str),
            Some("stale")
        );
    }

    #[test]
    fn an_answer_that_is_only_older_does_not_differ() {
        let aged = |age| answer(order(Ok), NotFound, part("{}", Stale, Some(age)));
        assert!(!aged(1).differs(&aged(3)));
        assert!(aged(1).differs(&answer(order(Ok), NotFound, part("{}", Ok, None))));
        assert!(aged(1).differs(&answer(order(Ok), NotFound, part("{ }", Stale, Some(1)))));
        assert!(aged(1).differs(&answer(order(Ok), Timeout, part("{}", Stale, Some(1)))));
    }

    #[test]
    fn the_last_answer_is_the_one_with_a_finished_order() {
        let is_final =
            |text: &str, state| answer(part(text, state, None), NotFound, order(Ok)).is_final();
        assert!(is_final(r#"{"status":"LIVREE"}"#, Ok));
        assert!(is_final(r#"{"status":"ANNULEE"}"#, Ok));
        assert!(!is_final(r#"{"status":"LIVREE"}"#, Stale));
        assert!(!is_final(r#"{"status":"EN_LIVRAISON"}"#, Ok));
        assert!(!is_final(r#"{"status":"?"}"#, Ok));
        assert!(!is_final("{}", Ok));
    }
}
