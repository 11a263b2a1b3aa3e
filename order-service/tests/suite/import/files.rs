//! Tests of three menus in the shapes that restaurants have.

use serde_json::{Value, json};

use super::{counts, csv, json_menu, menu, send};
use crate::suite::{Service, each};

/// The export of a till: semicolons, decimal commas, `€`, families in capitals, columns of its own.
const TILL: &str = include_str!("../../menus/caisse.csv");
/// The JSON of a delivery platform, nested by category, in English.
const NESTED: &str = include_str!("../../menus/carte.json");
/// A spreadsheet in English: a byte-order mark, commas, quoted line breaks.
const SPREADSHEET: &str = include_str!("../../menus/menu.csv");

fn dish<'m>(menu: &'m Value, name: &str) -> &'m Value {
    let mut dishes = menu.as_array().unwrap().iter();
    dishes.find(|dish| dish["nom"] == name).unwrap()
}

#[actix_web::test]
async fn the_export_of_a_till_is_imported() {
    let service = Service::start(false).await;
    let answer = csv(&service, TILL).await;
    assert_eq!(counts(&answer), [71, 0, 0]);
    let report = answer.ok(200);
    assert_eq!(report["ignored"], json!(["Code PLU", "TVA"]));
    assert_eq!(report["encoding"], "UTF-8");
    let menu = menu(&service).await;
    let tartare = dish(&menu, "Steak tartare");
    assert_eq!(tartare["description"], "Coupé au couteau, frites maison");
    assert_eq!(tartare["prix"], 17.5);
    assert_eq!(tartare["allergenes"], json!(["OEUFS", "MOUTARDE"]));
    assert_eq!(dish(&menu, "Bouteille de champagne")["prix"], 1065.0);
    assert_eq!(dish(&menu, "Moules marinières")["disponible"], false);
    assert_eq!(dish(&menu, "Ratatouille")["allergenes"], json!([]));
    assert_eq!(dish(&menu, "Café")["allergenes"], Value::Null);
    let mut courses = each(&menu, "categorie");
    courses.dedup();
    assert_eq!(courses.len(), 7);
    assert_eq!(counts(&csv(&service, TILL).await), [0, 0, 71]);
}

#[actix_web::test]
async fn a_till_on_windows_is_read_in_its_encoding() {
    let service = Service::start(false).await;
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(TILL);
    let answer = send(&service, "/menu/import", "text/csv", &bytes).await;
    assert_eq!(answer.ok(200)["encoding"], "windows-1252");
    assert_eq!(counts(&answer), [71, 0, 0]);
    assert_eq!(counts(&csv(&service, TILL).await), [0, 0, 71]);
}

#[actix_web::test]
async fn the_nested_menu_of_a_platform_is_imported() {
    let service = Service::start(false).await;
    let nested: Value = serde_json::from_str(NESTED).unwrap();
    let answer = json_menu(&service, nested.clone()).await;
    assert_eq!(counts(&answer), [59, 0, 0]);
    let first = answer.ok(200)["dishes"][0].clone();
    assert_eq!(first["place"], "categories[0].items[0]");
    assert_eq!(first["categorie"], "ENTREE");
    let menu = menu(&service).await;
    assert_eq!(dish(&menu, "Spaghetti carbonara")["prix"], 11.9);
    assert_eq!(dish(&menu, "Branzino al forno")["disponible"], false);
    assert_eq!(dish(&menu, "Patate al forno")["allergenes"], json!([]));
    assert_eq!(
        dish(&menu, "Cannolo siciliano")["allergenes"],
        json!(["GLUTEN", "LAIT", "FRUITS_A_COQUE"])
    );
    assert_eq!(counts(&json_menu(&service, nested).await), [0, 0, 59]);
}

#[actix_web::test]
async fn an_english_spreadsheet_with_a_byte_order_mark_is_imported() {
    let service = Service::start(false).await;
    let answer = csv(&service, SPREADSHEET).await;
    assert_eq!(counts(&answer), [54, 0, 0]);
    assert_eq!(answer.ok(200)["ignored"], json!(["SKU"]));
    let menu = menu(&service).await;
    let chilli = dish(&menu, "Chilli con carne");
    assert_eq!(chilli["description"], "Rice, sour cream");
    assert_eq!(chilli["categorie"], "PLAT_PRINCIPAL");
    let wings = dish(&menu, "Chicken wings");
    assert_eq!(wings["description"], "Hot or \"very\" hot");
    assert_eq!(dish(&menu, "Garlic bread")["prix"], 4.5);
    assert_eq!(dish(&menu, "Chips")["allergenes"], json!([]));
    assert_eq!(dish(&menu, "Sunday roast")["disponible"], false);
    assert_eq!(counts(&csv(&service, SPREADSHEET).await), [0, 0, 54]);
}

#[actix_web::test]
async fn a_faulty_line_of_a_long_file_is_found_and_nothing_is_imported() {
    let service = Service::start(true).await;
    let before = menu(&service).await;
    let faulty = TILL
        .replace("18,50 €", "dix-huit")
        .replace("ACCOMPAGNEMENTS;Frites maison", "FRITURES;Frites maison")
        .replace(";Crème brûlée;", ";;");
    assert_ne!(faulty, TILL);
    let problem = csv(&service, &faulty)
        .await
        .problem(400, "validation_failed");
    let fields: Vec<_> = problem
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(
        fields,
        ["ligne 15: prix", "ligne 37: categorie", "ligne 44: nom"]
    );
    assert_eq!(menu(&service).await, before);
}
