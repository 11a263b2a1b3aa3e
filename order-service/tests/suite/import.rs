//! Tests of importing a menu and exporting it.

mod faulty;
mod files;

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;

use super::{Service, each};

async fn send(service: &Service, path: &str, media_type: &str, body: &[u8]) -> Answer {
    let request = service.request(Method::POST, path);
    let request = request.header("content-type", media_type);
    request.send_body(Bytes::copy_from_slice(body)).await
}

async fn csv(service: &Service, text: &str) -> Answer {
    send(service, "/menu/import", "text/csv", text.as_bytes()).await
}

async fn json_menu(service: &Service, menu: Value) -> Answer {
    service.post("/menu/import", menu).await
}

/// Created, updated and unchanged.
#[track_caller]
fn counts(answer: &Answer) -> [u64; 3] {
    let report = answer.ok(200);
    ["created", "updated", "unchanged"].map(|name| report[name].as_u64().unwrap())
}

async fn menu(service: &Service) -> Value {
    service.get("/menu").await.ok(200)
}

const SMALL: &str = "Nom;Prix;Catégorie\nSoupe;8,50 €;Entrées\nFlan;5;Desserts\n";

#[actix_web::test]
async fn the_golden_report_is_what_an_import_answers() {
    let service = Service::start(false).await;
    let report = csv(&service, SMALL).await.ok(200);
    assert_same_shape(&report, golden::IMPORT_REPORT);
    assert_eq!(report["dishes"][1]["place"], "ligne 3");
    assert_eq!(each(&report["dishes"], "nom"), ["Soupe", "Flan"]);
    let menu = menu(&service).await;
    assert_eq!(each(&menu, "id"), each(&report["dishes"], "id"));
    assert_eq!(each(&menu, "prix"), [8.5, 5.0]);
}

#[actix_web::test]
async fn an_import_that_is_repeated_does_not_double_the_menu() {
    let service = Service::start(false).await;
    assert_eq!(counts(&csv(&service, SMALL).await), [2, 0, 0]);
    let before = menu(&service).await;
    assert_eq!(counts(&csv(&service, SMALL).await), [0, 0, 2]);
    assert_eq!(menu(&service).await, before);
    // The name as a till shouts it, a new price, and a new dish.
    let next = "name,price,category\nSOUPE,9,starters\nFlan,5,dessert\nEau,2,drinks\n";
    assert_eq!(counts(&csv(&service, next).await), [1, 1, 1]);
    let after = menu(&service).await;
    assert_eq!(each(&after, "nom"), ["SOUPE", "Flan", "Eau"]);
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_eq!(after[0]["prix"], 9.0);
}

#[actix_web::test]
async fn dishes_that_the_file_does_not_have_stay_and_accents_make_another_dish() {
    let service = Service::start(true).await;
    let before = menu(&service).await;
    let file = "nom,prix,categorie\ncrème brulée,4,dessert\nCREME  BRÛLÉE,4,plat\n";
    assert_eq!(counts(&csv(&service, file).await), [2, 0, 0]);
    let after = menu(&service).await;
    let after = after.as_array().unwrap();
    assert_eq!(after.len(), before.as_array().unwrap().len() + 2);
    for dish in before.as_array().unwrap() {
        assert!(after.contains(dish), "{dish}");
    }
}

#[actix_web::test]
async fn a_column_that_is_absent_changes_nothing_and_an_empty_cell_removes() {
    let service = Service::start(false).await;
    let full = "nom;prix;categorie;description;disponible;allergenes\n\
                Soupe;8;entrée;Chaude;non;lait\n";
    assert_eq!(counts(&csv(&service, full).await), [1, 0, 0]);
    let soup = menu(&service).await[0].clone();
    assert_eq!(soup["disponible"], false);
    assert_eq!(soup["allergenes"], json!(["LAIT"]));
    let without = "nom;prix;categorie\nSoupe;8;entrée\n";
    assert_eq!(counts(&csv(&service, without).await), [0, 0, 1]);
    let empty = "nom;prix;categorie;description;disponible;allergenes\nSoupe;8;entrée;;;\n";
    assert_eq!(counts(&csv(&service, empty).await), [0, 1, 0]);
    let emptied = menu(&service).await[0].clone();
    assert_eq!(emptied["description"], Value::Null);
    assert_eq!(emptied["disponible"], true);
    assert_eq!(emptied["allergenes"], Value::Null);
}

#[actix_web::test]
async fn a_dry_run_reports_and_changes_nothing() {
    let service = Service::start(false).await;
    let path = "/menu/import?dryRun=true";
    let answer = send(&service, path, "text/csv", SMALL.as_bytes()).await;
    assert_eq!(counts(&answer), [2, 0, 0]);
    let report = answer.ok(200);
    assert_eq!(report["dryRun"], true);
    assert_eq!(report["dishes"][0]["id"], Value::Null);
    assert_eq!(menu(&service).await, json!([]));
    let unclear = send(
        &service,
        "/menu/import?dryRun=maybe",
        "text/csv",
        SMALL.as_bytes(),
    );
    let problem = unclear.await.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "dryRun");
}

#[actix_web::test]
async fn imports_at_once_do_not_double_the_menu() {
    let service = Service::start(false).await;
    let imports = (0..8).map(|_| csv(&service, SMALL));
    let answers = futures_util::future::join_all(imports).await;
    let created: u64 = answers.iter().map(|answer| counts(answer)[0]).sum();
    assert_eq!(created, 2);
    assert_eq!(menu(&service).await.as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn every_common_shape_of_json_is_understood() {
    let service = Service::start(false).await;
    let shapes = [
        json!([{"nom": "Soupe", "prix": "8,50 €", "categorie": "Entrées"}]),
        json!({"Entrées": [{"nom": "Soupe", "prix": 8.5}]}),
        json!({"carte": {"entrees": [{"name": "Soupe", "price": "€8.50"}]}}),
        json!({"categories": [{"name": "Starters", "items": [{"name": "Soupe", "price": 8.5}]}]}),
        json!({"name": "Chez Léa", "sections": [{"title": "Entrées", "plats": [{"nom": "Soupe", "prix": 8.5}]}]}),
        json!({"dishes": [{"name": "Soupe", "price": 8.5, "category": "starter", "id": 12}]}),
        json!({"restaurant": {"name": "Chez Léa", "menu": [{"plat": "Soupe", "prix": 8.5, "categorie": "entrée"}]}}),
    ];
    for (index, shape) in shapes.into_iter().enumerate() {
        let answer = json_menu(&service, shape.clone()).await;
        let expected = if index == 0 { [1, 0, 0] } else { [0, 0, 1] };
        assert_eq!(counts(&answer), expected, "{shape}");
    }
    let set_menu = json!({"Formules": [{"nom": "Midi", "prix": 15, "items": ["entrée", "plat"]}]});
    assert_eq!(counts(&json_menu(&service, set_menu).await), [1, 0, 0]);
}

async fn export(service: &Service, accept: &str) -> Answer {
    let request = service.request(Method::GET, "/menu/export");
    request.header("accept", accept).send().await
}

#[actix_web::test]
async fn an_export_is_csv_or_json_as_the_client_asks() {
    let service = Service::start(true).await;
    for (accept, is_csv) in [
        ("text/csv", true),
        ("application/json", false),
        ("*/*", false),
        ("application/json;q=0.5, text/csv", true),
        ("text/csv;q=0.5, application/json", false),
    ] {
        let answer = export(&service, accept).await;
        let media_type = answer.header("content-type").unwrap();
        assert_eq!(media_type.starts_with("text/csv"), is_csv, "{accept}");
    }
    let asked = service.get("/menu/export?format=csv").await;
    assert!(asked.text().starts_with("\u{feff}nom;description;prix;"));
    let disposition = asked.header("content-disposition").unwrap();
    assert!(disposition.contains("carte.csv"), "{disposition}");
    let asked = service.get("/menu/export?format=json").await;
    assert_eq!(asked.ok(200), menu(&service).await);
    let unknown = service.get("/menu/export?format=xml").await;
    let problem = unknown.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "format");
}

#[actix_web::test]
async fn what_was_exported_is_imported_without_a_change_and_into_an_empty_menu() {
    let service = Service::start(true).await;
    let odd = [
        json!({"nom": "=1+1", "prix": 0.05, "categorie": "BOISSON", "description": "a;\"b\", c"}),
        json!({"nom": "-50 % frites", "prix": 1234.5, "categorie": "FORMULE", "allergenes": []}),
        json!({"nom": "Flan", "prix": 3, "categorie": "DESSERT", "disponible": false, "allergenes": ["lait", "œufs"]}),
    ];
    for dish in odd {
        let _ = service.post("/menu", dish).await.ok(201);
    }
    let before = menu(&service).await;
    let count = before.as_array().unwrap().len() as u64;
    for (format, media_type) in [("csv", "text/csv"), ("json", "application/json")] {
        let path = format!("/menu/export?format={format}");
        let exported = service.get(&path).await;
        assert_eq!(exported.status, 200);
        let again = send(&service, "/menu/import", media_type, &exported.body).await;
        assert_eq!(counts(&again), [0, 0, count], "{format}");
        assert_eq!(menu(&service).await, before, "{format}");
        let other = Service::start(false).await;
        let copied = send(&other, "/menu/import", media_type, &exported.body).await;
        assert_eq!(counts(&copied), [count, 0, 0], "{format}");
        for key in ["nom", "prix", "description", "disponible", "allergenes"] {
            let copy = menu(&other).await;
            assert_eq!(each(&copy, key), each(&before, key), "{format} {key}");
        }
    }
    // A spreadsheet shows the name and computes nothing.
    let text = service.get("/menu/export?format=csv").await;
    assert!(text.text().contains("\r\n'=1+1;"), "{}", text.text());
}
