//! What a person can do about an error of the machine at the start: a port, a folder, a disk.
//!
//! The system's own messages name the trouble, not the way out. The way out differs between
//! programs: a service is told by variables, the stack by options.

use std::error::Error;
use std::io::{self, ErrorKind};

use crate::failure::chain;
use crate::serve::CannotListen;

/// How the user of a program chooses something else.
#[derive(Clone, Copy, Debug)]
pub struct Choices<'a> {
    /// Another port or address, such as `ORDER_SERVICE_BIND`.
    pub port: &'a str,
    /// Another place for its data, such as `DATABASE_URL`, if it has any.
    pub data: Option<&'a str>,
}

/// SQLite's own words for `SQLITE_FULL`, for which there is no kind of `io::Error`.
const DATABASE_IS_FULL: &str = "database or disk is full";

/// The error with its causes, and what to do about it if that is known.
#[must_use]
pub fn advised(error: &(dyn Error + 'static), choices: Choices<'_>) -> String {
    let told = chain(error);
    match advice(error, &told, choices) {
        Some(advice) => format!("{told}. {advice}"),
        None => told,
    }
}

fn advice(
    error: &(dyn Error + 'static),
    told: &str,
    Choices { port, data }: Choices<'_>,
) -> Option<String> {
    let io = io_error(error);
    if let Some(error) = io.filter(|error| is_of_listening(error)) {
        return match error.kind() {
            ErrorKind::AddrInUse => Some(format!(
                "Another program uses this port, perhaps an earlier start of this one: stop it, or \
                 choose another port with {port}."
            )),
            ErrorKind::PermissionDenied => Some(format!(
                "A port below 1024 is for root: choose a higher one with {port}."
            )),
            ErrorKind::AddrNotAvailable => Some(format!(
                "This machine does not have this address: choose another with {port}."
            )),
            _ => None,
        };
    }
    let data = data?;
    let kind = match told.contains(DATABASE_IS_FULL) {
        true => Some(ErrorKind::StorageFull),
        false => io.map(io::Error::kind),
    };
    let reason = match kind {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            "The disk is full: free some space"
        }
        Some(ErrorKind::PermissionDenied) => "This user may not write there: change the rights",
        Some(ErrorKind::ReadOnlyFilesystem) => "Nothing can be written there: make it writable",
        Some(ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            "There is a file where a folder is needed: rename it"
        }
        _ => return None,
    };
    Some(format!("{reason}, or choose another place with {data}."))
}

/// The first error of the system in a chain of causes.
fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref() {
            return Some(io);
        }
        next = cause.source();
    }
    None
}

fn is_of_listening(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<CannotListen>())
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};

    use super::{Choices, advised};
    use crate::serve::cannot_listen;

    const STACK: Choices<'_> = Choices {
        port: "--port",
        data: Some("--data"),
    };

    #[derive(Debug, thiserror::Error)]
    #[error("the folder here cannot be created")]
    struct Folder(#[source] io::Error);

    fn of(kind: ErrorKind) -> io::Error {
        io::Error::from(kind)
    }

    #[test]
    fn each_error_of_a_port_says_how_to_choose_another() {
        let bind = "127.0.0.1:80".parse().unwrap();
        for (kind, expected) in [
            (ErrorKind::AddrInUse, "Another program uses this port"),
            (ErrorKind::PermissionDenied, "A port below 1024 is for root"),
            (ErrorKind::AddrNotAvailable, "does not have this address"),
        ] {
            let told = advised(&cannot_listen(bind, &of(kind)), STACK);
            assert!(
                told.starts_with("cannot listen on 127.0.0.1:80: "),
                "{told}"
            );
            assert!(told.contains(expected), "{told}");
            assert!(told.ends_with(" with --port."), "{told}");
        }
    }

    #[test]
    fn each_error_of_a_folder_says_how_to_choose_another() {
        for (kind, expected) in [
            (ErrorKind::StorageFull, "The disk is full"),
            (ErrorKind::PermissionDenied, "may not write there"),
            (ErrorKind::ReadOnlyFilesystem, "Nothing can be written"),
            (ErrorKind::AlreadyExists, "a file where a folder is needed"),
        ] {
            let told = advised(&Folder(of(kind)), STACK);
            assert!(told.starts_with("the folder here cannot be created: "));
            assert!(told.contains(expected), "{told}");
            assert!(told.ends_with(" with --data."), "{told}");
        }
        let full = io::Error::other("(code: 13) database or disk is full");
        assert!(advised(&full, STACK).contains("free some space"));
    }

    #[test]
    fn an_error_that_no_choice_mends_is_told_as_it_is() {
        let none = Choices {
            data: None,
            ..STACK
        };
        for (error, choices) in [
            (of(ErrorKind::BrokenPipe), STACK),
            (of(ErrorKind::PermissionDenied), none),
        ] {
            assert_eq!(advised(&error, choices), error.to_string());
        }
    }
}
