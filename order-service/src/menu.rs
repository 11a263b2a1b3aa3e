//! The menu: the order in which it is read, its samples, and its files.

pub(crate) mod alphabet;
pub(crate) mod command;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod seed;
