//! The OpenAPI 3.1 document of the public port: made of the route table and of the types of the
//! contract.
//!
//! What a row means to a restaurant is in [`operations`], by method and path. A row that is not there, of a
//! configuration of its own, is described by what the table knows of it.

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
