//! Tests of every outage with real processes: each service is killed, frozen, slow and failing,
//! every feature is used meanwhile, and each answer is compared with the expected one.
//! `WRITE_DOCS=1` writes the table of it, `docs/OUTAGES.md` and `docs/OUTAGES.fr.md`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod declared;
mod fault;
mod guest;
#[expect(
    dead_code,
    reason = "each of the tests that share it needs a part of it"
)]
#[path = "../shared/processes.rs"]
mod processes;
mod table;
mod words;

use std::path::Path;

use service_kit::testing::Client;

use declared::{FEATURES, UPSTREAMS};
use fault::FAULTS;
use guest::Guest;
use processes::Processes;
use table::{Row, Table};
use words::PAGES;

/// Each upstream has a restaurant of its own, all at the same time: most of an outage is waiting.
#[test]
fn every_feature_behaves_as_declared_in_every_outage() {
    let all: Vec<_> = UPSTREAMS
        .iter()
        .map(|(upstream, service)| std::thread::spawn(move || outages_of(upstream, service)))
        .collect();
    let rows = all.into_iter().flat_map(|one| one.join().unwrap());
    let table = Table::of(rows.collect());
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for words in &PAGES {
        let (name, page) = (words.file, table.page(words));
        let file = docs.join(name);
        if std::env::var_os("WRITE_DOCS").is_some() {
            std::fs::write(&file, &page).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written == page, "docs/{name} is not what was seen:\n{page}");
    }
}

fn outages_of(upstream: &'static str, service: &'static str) -> Vec<Row> {
    actix_web::rt::System::new().block_on(async {
        let mut restaurant = Processes::start("info,access=off");
        let guest = Guest::of(
            Client::of(restaurant.gateway()),
            Client::of(restaurant.operator()),
        )
        .await;
        let mut rows = Vec::new();
        for fault in FAULTS {
            guest.all_works().await;
            let trouble = fault.begin(&mut restaurant, service).await;
            guest.knows_of(upstream).await;
            let mut outcomes = Vec::new();
            for feature in &FEATURES {
                let outcome = guest.ask(feature, Some(upstream)).await;
                let declared = feature.declared(upstream);
                assert_eq!(
                    outcome, declared,
                    "{} while {upstream} is {fault:?}",
                    feature.name
                );
                outcomes.push(outcome);
            }
            rows.push(Row {
                upstream,
                fault,
                outcomes,
            });
            trouble.end(&mut restaurant, service).await;
        }
        guest.all_works().await;
        rows
    })
}
