//! Makes the OpenAPI 3.1 document of the public port: of the route table, of the documents that the
//! upstreams publish of their own routes, and of what the gateway itself adds to both.
//!
//! A route that no document describes is listed from the table alone.

mod aggregate;
mod codes;
mod described;
mod document;
pub(crate) mod documents;
mod merge;
mod own;
mod relayed;

pub use described::Described;
pub use document::document;

#[cfg(test)]
mod tests;
