//! The exercises, each in a module of its own.

pub(super) mod circuit;
pub(super) mod failed_service;
pub(super) mod fallback_file;
pub(super) mod lost_answer;
pub(super) mod order_story;
pub(super) mod own_service;
pub(super) mod partial_answer;
pub(super) mod rate_limit;
pub(super) mod stale_list;
pub(super) mod wrong_features;
