//! Towards the clients: what is spoken with them, and with which certificate.

mod certificate;
mod http2;

pub(crate) use certificate::Certificates;
