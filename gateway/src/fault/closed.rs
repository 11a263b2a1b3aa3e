//! An announced closure, as a refused request meets it.

use shared_types::text::Text;
use shared_types::value::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) reason: Text,
    /// The first moment at which the request is served.
    pub(crate) until: Timestamp,
    /// Whether only the upstream is closed, for planned work. Requests are then still wanted, and may
    /// be kept for later.
    pub(crate) is_planned_work: bool,
}
