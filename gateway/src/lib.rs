//! The API gateway: the single door to a restaurant's services.
//!
//! A request's life, and the modules in that order: [`entrance`] accepts it, [`route`] finds its row, [`proxy`]
//! prepares it, sends it and relays the answer, and [`record`] leaves its line in the log. What can go wrong on
//! the way is a [`fault`]. Every upstream is remote: nothing here knows a service's code.

mod application;
pub mod cli;
pub mod config;
mod cors;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the public listener has yet to take it into use")
)]
mod downstream;
mod entrance;
mod fault;
mod limits;
mod pages;
mod proxy;
mod record;
pub mod route;

pub use application::Gateway;
pub use config::Config;
pub use limits::Limits;
