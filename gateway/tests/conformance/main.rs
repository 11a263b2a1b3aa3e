//! Conformance, byte for byte: each case starts its own gateway before a scripted upstream, writes
//! exactly its bytes, and reads the answer as a strict recipient.
//!
//! `cargo test -p gateway --test conformance` runs every case on this gateway. With `-- compare` it
//! runs them on nginx and HAProxy as well and writes docs/CONFORMANCE.md.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod bodies;
mod case;
mod client;
mod client_faults;
mod fields;
mod framing;
mod methods;
mod product;
mod report;
mod site;
mod targets;
mod upstream;
mod upstream_faults;
mod verdict;
mod wire;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use case::Group;
use product::Product;

static GROUPS: &[Group] = &[
    Group {
        name: "Framing",
        tables: framing::TABLES,
    },
    Group {
        name: "Fields",
        tables: fields::TABLES,
    },
    Group {
        name: "Targets",
        tables: targets::TABLES,
    },
    Group {
        name: "Methods and statuses",
        tables: methods::TABLES,
    },
    Group {
        name: "Bodies",
        tables: bodies::TABLES,
    },
    Group {
        name: "Upstream faults",
        tables: upstream_faults::TABLES,
    },
    Group {
        name: "Client faults",
        tables: client_faults::TABLES,
    },
];

/// Most cases mostly wait, so more of them can run at once than there are cores.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("compare") {
        return report::compare(GROUPS);
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let mut trials = vec![Trial::test("the report names exactly these cases", || {
        report::check(GROUPS).map_err(Failed::from)
    })];
    for group in GROUPS {
        trials.extend(group.cases().map(|case| {
            let judge = case.judge;
            let name = format!("{}: {}", group.name, case.name);
            Trial::test(name, move || judge(Product::Gateway).map_err(Failed::from))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
