//! Tests of `order-service import FILE`.

use std::path::Path;
use std::process::{Command, Output};

use crate::TestDatabase;
use crate::suite::{Service, each};

fn import(database: &TestDatabase, file: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_order-service"))
        .env_clear()
        .env("RUST_LOG", "info")
        .env("DATABASE_URL", database.url())
        .arg("import")
        .arg(file)
        .args(more)
        .output()
        .unwrap()
}

#[track_caller]
fn assert_tells(output: &Output, code: i32, told: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(told), "{text}");
}

#[actix_web::test]
async fn a_menu_is_imported_before_the_service_first_starts() {
    let database = TestDatabase::fresh();
    let till = Path::new("tests/menus/caisse.csv");
    assert_tells(&import(&database, till, &["--dry-run"]), 0, "71 created");
    assert_tells(&import(&database, till, &[]), 0, "71 created");
    let again = import(&database, till, &[]);
    assert_tells(&again, 0, "0 created, 0 updated, 71 unchanged");
    assert_tells(&again, 0, "the column \"TVA\" is ignored");
    let nested = Path::new("tests/menus/carte.json");
    assert_tells(&import(&database, nested, &[]), 0, "59 created");
    let service = Service::start_on(database, true).await;
    let menu = service.get("/menu").await.ok(200);
    assert_eq!(each(&menu, "id").len(), 71 + 59);
}

#[actix_web::test]
async fn a_file_that_is_not_imported_is_explained() {
    let database = TestDatabase::fresh();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("menu.csv");
    std::fs::write(
        &file,
        "nom;prix;categorie\nSoupe;8;entrée\nFlan;abc;dessert\n",
    )
    .unwrap();
    let refused = import(&database, &file, &[]);
    assert_tells(&refused, 1, "ligne 3: prix");
    let json = folder.path().join("menu.json");
    std::fs::write(&json, "[{]").unwrap();
    assert_tells(
        &import(&database, &json, &[]),
        1,
        "malformed JSON (line 1, column 3)",
    );
    let absent = folder.path().join("none.csv");
    assert_tells(&import(&database, &absent, &[]), 1, "none.csv");
    let service = Service::start_on(database.clone(), false).await;
    let till = Path::new("tests/menus/caisse.csv");
    let taken = import(&database, till, &[]);
    assert_tells(&taken, 1, "in use by another process");
    assert_eq!(service.get("/menu").await.ok(200), serde_json::json!([]));
}
