//! What is about food: the tracking of an order, and the features that the restaurant has.

pub(crate) mod features;
pub(crate) mod tracking;
