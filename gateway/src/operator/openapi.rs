//! Generates the OpenAPI 3.1 document of the public port from the route table and the types of the
//! contract.
//!
//! [`operations`] holds the meaning of each row for a restaurant, by method and path. A row that is
//! not there, as in an operator's own configuration, is described from the table alone, and an
//! [`aggregate`] from its parts.

mod aggregate;
mod document;
mod headers;
mod operation;
mod operations;
mod parameters;
mod problems;
mod schemas;

pub(crate) use document::document;

#[cfg(test)]
mod tests;
