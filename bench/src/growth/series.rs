//! The series of `growth`: what grows, and to which sizes.

use crate::proxy::load::Request;
use crate::proxy::peer::{self, Setup, USUAL};

pub(super) struct Series {
    /// The name of the series in its table and plot.
    pub(super) what: &'static str,
    pub(super) sizes: &'static [usize],
    grows: Grows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grows {
    Routes,
    Connections,
    Fields,
    Field,
    Answer,
}

const KIB: usize = 1024;

/// How many of the routes are asked for in turn.
const ASKED: usize = 20;

/// The value of each added field.
const FIELD: &str = "thirty-bytes-of-a-field-value";

pub(super) fn all() -> [Series; 5] {
    [
        Series {
            what: "routes",
            sizes: &[20, 200, 2000],
            grows: Grows::Routes,
        },
        Series {
            what: "connections",
            sizes: &[10, 100, 1000, 9000],
            grows: Grows::Connections,
        },
        Series {
            what: "fields more in a request",
            sizes: &[0, 10, 30, 60],
            grows: Grows::Fields,
        },
        Series {
            what: "bytes in one field of a request",
            sizes: &[16, KIB, 4 * KIB, 8 * KIB],
            grows: Grows::Field,
        },
        Series {
            what: "bytes in an answer",
            sizes: &[KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB],
            grows: Grows::Answer,
        },
    ]
}

impl Series {
    pub(super) fn setup(&self, size: usize) -> Setup {
        match self.grows {
            Grows::Routes => Setup {
                routes: size,
                ..USUAL
            },
            _ => USUAL,
        }
    }

    pub(super) fn connections(&self, size: usize) -> usize {
        match self.grows {
            Grows::Connections => size,
            _ => 64,
        }
    }

    pub(super) fn requests(&self, size: usize) -> Vec<Request> {
        let get = |path: &str, bytes| Request::new("GET", &format!("{path}?bytes={bytes}"), 0);
        let usual = || get("/client-api/clients", KIB);
        match self.grows {
            Grows::Routes => (0..ASKED)
                .map(|number| get(&peer::path(number * size / ASKED), KIB))
                .collect(),
            Grows::Connections => vec![usual()],
            Grows::Fields => vec![(0..size).fold(usual(), |request, number| {
                request.with_field(&format!("x-field-{number}"), FIELD)
            })],
            Grows::Field => vec![usual().with_field("x-field", &"x".repeat(size))],
            Grows::Answer => vec![get("/client-api/clients", size)],
        }
    }
}
