//! The tables that each language fills in: every sentence for people, by area.
//!
//! All crates' sentences are here, so that a language is one file. They name no crate's own types:
//! their arguments are plain or of the wire.
//!
//! Logs, the command line and the reasons of a refused configuration are for operators, and are in
//! English only. The console's words are in `gateway/console/words`.

use chrono::NaiveDateTime;
use deserr::ValueKind;

use crate::delivery::DeliveryStatus;
use crate::order::OrderStatus;
use crate::problem::Code;
use crate::value::Price;

pub struct Sentences {
    pub problem: fn(Code) -> Wording,
    /// The document with advice for each problem: a section `## code` for each.
    pub troubleshooting: &'static str,
    /// The title of the page that lists all problems, and of the links to it.
    pub all_problems: &'static str,
    pub fields: Fields,
    pub requests: Requests,
    pub accounts: Accounts,
    pub orders: Orders,
    pub menu: Menu,
    pub deliveries: Deliveries,
    pub deferred: Deferred,
    pub upstreams: Upstreams,
    pub operator: Operator,
}

/// How a problem reads.
pub struct Wording {
    pub title: &'static str,
    /// The sentence that is used unless a more precise one is known.
    pub detail: &'static str,
}

/// What is wrong with a field of a request. The field's name stands before it.
pub struct Fields {
    pub required: &'static str,
    pub kind: fn(ValueKind) -> &'static str,
    pub wrong_kind: fn(expected: &str, got: &str) -> String,
    pub out_of_range: &'static str,
    pub unexpected: &'static str,
    /// `known` lists the possible values.
    pub unknown_value: fn(known: &str) -> String,
    pub whole_number: fn(least: u32, most: u32) -> String,
    pub empty: &'static str,
    pub too_long: fn(most: usize) -> String,
    pub control_characters: &'static str,
    pub direction: &'static str,
    pub only_invisible: &'static str,
    pub uuid: &'static str,
    pub moment: &'static str,
    pub price: &'static str,
    pub kilometres: &'static str,
}

/// Any request to a service, and the events between services.
pub struct Requests {
    pub json_expected: &'static str,
    /// About an unknown query parameter; `known` is the parameter that was probably meant.
    pub resembles: fn(known: &str) -> String,
    pub too_many_values: fn(most: usize) -> String,
    pub malformed_json: fn(line: usize, column: usize) -> String,
    pub not_utf_8: &'static str,
    pub no_coding: &'static str,
    pub one_key: fn(most_characters: usize) -> String,
    pub entity_tags: &'static str,
    pub nothing_stored: &'static str,
    pub unknown_event: &'static str,
    pub event_version: &'static str,
    pub event_subject: &'static str,
    pub not_an_order: fn(cause: &str) -> String,
}

pub struct Accounts {
    pub phone: &'static str,
    pub email: &'static str,
    pub password_length: fn(least: usize, most: usize) -> String,
    pub current_password: &'static str,
    pub tokens_unknown: &'static str,
    pub too_many_waiting: &'static str,
    pub too_many_of_your_network: &'static str,
    pub too_many_guesses: fn(seconds: u128) -> String,
    pub deleted: &'static str,
    pub logged_out: &'static str,
    pub logged_out_everywhere: &'static str,
    pub session_ended: &'static str,
    pub no_such_session: &'static str,
    pub password_changed: &'static str,
    pub reset_requested: &'static str,
    pub password_reset: &'static str,
    /// The message with the link to a new password.
    pub reset_mail: ResetMail,
}

/// A mail. It has no name in it: anyone may register anyone's address under any name.
pub struct ResetMail {
    pub subject: &'static str,
    pub body: fn(link: &str, minutes: u64) -> String,
}

pub struct Orders {
    pub impossible_move: fn(from: OrderStatus, to: OrderStatus) -> String,
    pub impossible_in_kitchen: fn(from: OrderStatus, to: OrderStatus) -> String,
    pub only_cancelled: &'static str,
    pub too_many_open: fn(most: u32) -> String,
    pub number_of_lines: fn(most: usize) -> String,
    pub number_of_dishes: fn(most: usize) -> String,
    pub total_too_high: &'static str,
    /// The total of the order, and the most that the client accepts.
    pub total_exceeded: fn(total: Price, most: Price) -> String,
    pub deferred_id_used: &'static str,
    pub unknown_dish: &'static str,
    pub not_available: fn(dish: &str) -> String,
    /// `opens` is on the restaurant's clock.
    pub closed_until: fn(opens: NaiveDateTime) -> String,
    pub closed_then: fn(opens: Option<NaiveDateTime>) -> String,
    pub sort: &'static str,
    pub wish_past: &'static str,
    pub wish_too_far: fn(days: u32) -> String,
    pub time_or_day: &'static str,
    pub ends_first: &'static str,
    pub unknown_cursor: &'static str,
    pub limit_needed: &'static str,
}

pub struct Menu {
    pub removed: &'static str,
    /// A price as a text.
    pub amount: &'static str,
    pub yes_or_no: &'static str,
    pub text_expected: &'static str,
    pub csv_or_json: &'static str,
    pub file_expected: &'static str,
    pub no_dish: &'static str,
    pub not_a_dish: &'static str,
    pub too_many_dishes: fn(most: usize) -> String,
    pub too_many_cells: &'static str,
    /// `titles` lists usual titles of the column.
    pub missing_column: fn(titles: &str) -> String,
    pub stands_twice: fn(first: &str) -> String,
    pub further_faults: fn(count: usize) -> String,
}

pub struct Deliveries {
    pub unknown_courier: &'static str,
    pub courier_removed: &'static str,
    pub impossible_move: fn(from: DeliveryStatus, to: DeliveryStatus) -> String,
    pub finished: fn(DeliveryStatus) -> String,
    pub picked_up: fn(DeliveryStatus) -> String,
    pub order_ended: &'static str,
}

/// A request that waits for its upstream.
pub struct Deferred {
    pub pending: &'static str,
    pub accepted: &'static str,
    pub refused: &'static str,
    pub withdrawn: &'static str,
    pub expired: &'static str,
    /// It was sent, and its answer was lost.
    pub expired_unsure: &'static str,
    pub not_withdrawn: &'static str,
    pub queue_full: &'static str,
    pub too_many: fn(most: u64) -> String,
}

/// An upstream in trouble. `service` is its label, at the beginning of the sentence.
pub struct Upstreams {
    /// The label of an upstream that has none in the file.
    pub unnamed: fn(name: &str) -> String,
    /// Does not advise to repeat the request: it may have been carried out.
    pub unconfirmed: fn(service: &str) -> String,
    pub unreachable: fn(service: &str) -> String,
    pub invalid_response: fn(service: &str) -> String,
    pub too_slow: fn(service: &str) -> String,
    pub route_unavailable: fn(service: &str) -> String,
    pub unavailable: fn(service: &str) -> String,
    pub overloaded: fn(service: &str) -> String,
}

/// The operator's port of the gateway.
pub struct Operator {
    pub foreign_name: &'static str,
    pub foreign_page: &'static str,
    pub empty_body: &'static str,
    pub nothing_to_drill: &'static str,
    pub traces_off: &'static str,
    pub no_trace: &'static str,
    pub protobuf_only: &'static str,
    pub no_spans: &'static str,
    pub nothing_to_close: &'static str,
    pub no_route_to_close: &'static str,
    pub closed_by_the_file: &'static str,
    /// `until` of a closure.
    pub closure_end: fn(most_days: u64) -> String,
    pub closure_reason: fn(most_characters: usize) -> String,
    pub rate: &'static str,
    pub duration: fn(longest: &str) -> String,
    pub token_needed: &'static str,
    pub too_many_tokens: &'static str,
    /// The login page.
    pub log_in: &'static str,
    pub log_in_why: &'static str,
    pub token: &'static str,
    pub wrong_token: &'static str,
    pub logged_in: &'static str,
    pub to_console: &'static str,
    pub log_out: &'static str,
}
