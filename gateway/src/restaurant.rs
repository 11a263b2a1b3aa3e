//! The part that is about food: the tracking of an order.

pub(crate) mod tracking;
