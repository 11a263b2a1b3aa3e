//! Which answers have become out of date, told to all gateways.
//!
//! 1. A gateway that relays a change notes the target here, and goes on: no request waits for it.
//! 2. It is written to a stream. What cannot be written now waits, up to [`telling::MOST`] targets; beyond,
//!    one change of everything takes their place.
//! 3. Every other gateway reads the stream, from where it stopped after a lost connection. If what
//!    it missed is no longer there, it takes everything as changed; if the store was emptied, or this
//!    is the first time, nothing that it holds is fresh any more.
//!
//! The latest change of each target stays in the store, and each shared answer says up to which
//! change its gateway knew when it asked. So an answer from before a change is never used after it,
//! however late it was shared. If the store loses the latest changes, the next beat begins them
//! anew, with an entry in the stream, and no answer from before that counts.

mod position;
pub(super) mod reading;
pub(super) mod telling;

use sha2::{Digest as _, Sha256};

use super::keys::name_of;
pub(crate) use position::Position;

/// Which answers are out of date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// All of them.
    Everything,
    /// Those of a route, or of one path of it.
    Route { route: String, path: Option<String> },
}

impl Change {
    /// What it changes, as the store remembers it. The paths of a route share 256 names, so that no
    /// client can fill the store with them.
    fn target(&self) -> String {
        match self {
            Self::Everything => "*".to_owned(),
            Self::Route { route, path: None } => format!("{}:*", name_of(route)),
            Self::Route {
                route,
                path: Some(path),
            } => target(route, path.as_bytes()),
        }
    }

    fn parts(&self) -> (&str, &str) {
        match self {
            Self::Everything => ("", ""),
            Self::Route { route, path } => (route, path.as_deref().unwrap_or("")),
        }
    }

    fn of_parts(route: String, path: String) -> Self {
        if route.is_empty() {
            return Self::Everything;
        }
        let path = Some(path).filter(|path| !path.is_empty());
        Self::Route { route, path }
    }
}

fn target(route: &str, path: &[u8]) -> String {
    let first = Sha256::digest(path).first().copied().unwrap_or(0);
    format!("{}:{first:02x}", name_of(route))
}

/// Everything whose change concerns the answers to this path.
pub(super) fn targets(route: &str, path: &[u8]) -> [String; 3] {
    let whole = format!("{}:*", name_of(route));
    [target(route, path), whole, "*".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::{Change, targets};

    pub(super) fn change(route: &str, path: Option<&str>) -> Change {
        Change::Route {
            route: route.to_owned(),
            path: path.map(str::to_owned),
        }
    }

    #[test]
    fn a_change_concerns_its_path_its_route_or_everything() {
        let of_path = targets("/menu/{id}", b"/menu/7");
        for concerning in [
            change("/menu/{id}", Some("/menu/7")),
            change("/menu/{id}", None),
            Change::Everything,
        ] {
            assert!(of_path.contains(&concerning.target()), "{concerning:?}");
        }
        for other in [change("/menu", Some("/menu/7")), change("/menu", None)] {
            assert!(!of_path.contains(&other.target()), "{other:?}");
        }
    }

    #[test]
    fn the_parts_of_a_change_are_the_change() {
        for change in [
            Change::Everything,
            change("/menu", None),
            change("/menu", Some("/menu")),
        ] {
            let (route, path) = change.parts();
            assert_eq!(Change::of_parts(route.to_owned(), path.to_owned()), change);
        }
    }
}
