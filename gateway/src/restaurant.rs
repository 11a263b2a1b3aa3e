//! The parts that are about food: the tracking of an order, and the restaurant's features.

pub(crate) mod features;
pub(crate) mod tracking;
