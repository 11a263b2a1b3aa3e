//! The request as the upstream gets it: its head, its fields and its body.

pub(super) mod body;
pub(super) mod forwarding;
pub(super) mod framing;
pub(super) mod head;
pub(super) mod headers;
pub(super) mod own_cookie;
pub(super) mod prepare;
pub(super) mod stored;
pub(super) mod upload;
pub(super) mod via;
