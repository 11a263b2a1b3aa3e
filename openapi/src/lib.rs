//! Describes a service's routes as an OpenAPI 3.1 document.
//!
//! A service writes its routes as a table of [`Operation`]s and publishes [`Service::document`]. The
//! gateway describes its own routes in the same way, and makes one document of its own and of those
//! that its services publish.

mod headers;
mod operation;
mod parameters;
mod parts;
mod problems;
mod schemas;
mod service;

pub use headers::{
    AGE, CACHE_STATUS, DEGRADED, DRILL, ETAG, LINK, LOCATION, NEXT_CURSOR, PREFERENCE_APPLIED,
    RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID, TOTAL_COUNT,
};
pub use operation::{Body, Example, Operation, Response, Side, Tag, Token};
pub use parameters::{IDEMPOTENCY_KEY, IF_MATCH, Parameter, SEGMENT, or_blank, schema_of, several};
pub use parts::{Parts, SCHEME};
pub use problems::CODES;
pub use service::Service;
