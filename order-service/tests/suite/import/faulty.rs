//! Tests of files that are not imported.

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Value, json};

use super::{csv, json_menu, menu, send};
use crate::suite::Service;

/// The fields that are named.
async fn fields(service: &Service, text: &str) -> Vec<String> {
    let problem = csv(service, text).await;
    let problem = problem.problem(400, "validation_failed");
    problem
        .errors
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[actix_web::test]
async fn every_faulty_cell_is_named_with_its_line() {
    let service = Service::start(false).await;
    let file = "nom,prix,categorie,disponible,allergenes\n\
                Soupe,8,entrée,oui,\n\
                ,abc,entrée,oui,\n\
                \"Tarte\n\naux pommes\",,dessert,peut-être,fraise\n\
                Eau,2,liquide,oui,\n\
                soupe,9,ENTREES,,\n\
                \u{202e}Flan,\"1,234\",dessert,,\n";
    let expected = [
        "ligne 3: nom",
        "ligne 3: prix",
        "ligne 4: prix",
        "ligne 4: disponible",
        "ligne 4: allergenes",
        "ligne 7: categorie",
        "ligne 8: nom",
        "ligne 9: nom",
        "ligne 9: prix",
    ];
    assert_eq!(fields(&service, file).await, expected);
    // The same lines as a spreadsheet writes them, below a line that Excel reads.
    let windows = format!("sep=,\r\n\r\n{}", file.replace('\n', "\r\n"));
    let found = fields(&service, &windows).await;
    let moved = ["ligne 5: nom", "ligne 5: prix", "ligne 6: prix"];
    assert_eq!(found[..3], moved);
    assert_eq!(found[5], "ligne 9: categorie");
    assert_eq!(menu(&service).await, json!([]));
}

#[actix_web::test]
async fn a_missing_column_or_a_wrong_separator_is_said_once() {
    let service = Service::start(false).await;
    let missing = fields(&service, "Plat;TVA\nSoupe;10\nFlan;10\n").await;
    assert_eq!(missing, ["ligne 1: prix", "ligne 1: categorie"]);
    let spaces = fields(&service, "nom prix categorie\nSoupe 8 entrée\n").await;
    assert_eq!(spaces.len(), 3);
    // A decimal comma in a file with commas.
    let unquoted = fields(&service, "nom,categorie,prix\nSoupe,entrée,8,50 €\n").await;
    assert_eq!(unquoted, ["ligne 2"]);
}

#[actix_web::test]
async fn a_file_without_a_dish_is_refused() {
    let service = Service::start(false).await;
    for empty in ["nom;prix;categorie\n", "\n\n", "nom;prix;categorie\n;;\n"] {
        assert_eq!(fields(&service, empty).await, [""], "{empty:?}");
    }
    for empty in [json!([]), json!({}), json!({"plats": []}), json!({"a": 1})] {
        let refused = json_menu(&service, empty.clone()).await;
        let problem = refused.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{empty}");
    }
    for empty in ["text/csv", "application/json"] {
        let nothing = send(&service, "/menu/import", empty, b"").await;
        let _ = nothing.problem(400, "bad_request");
    }
}

#[actix_web::test]
async fn faulty_json_is_named_by_its_path() {
    let service = Service::start(false).await;
    for (file, field) in [
        (json!([{"nom": "Soupe", "prix": 8}]), "[0].categorie"),
        (json!({"Entrées": [{"nom": "Soupe"}]}), "Entrées[0].prix"),
        (
            json!({"Entrées": [{"nom": "a", "prix": 1.234}]}),
            "Entrées[0].prix",
        ),
        (
            json!({"Entrées": [{"nom": 7, "prix": 1}]}),
            "Entrées[0].nom",
        ),
        (json!({"Fritures": [{"nom": "a", "prix": 1}]}), "Fritures"),
        (
            json!({"categories": [{"name": "Wines", "items": []}]}),
            "categories[0]",
        ),
        (json!(["Soupe"]), "[0]"),
        (
            json!([{"nom": "a", "prix": 1, "categorie": "plat", "allergenes": [7]}]),
            "[0].allergenes",
        ),
        (json!("Soupe"), ""),
        (
            json!([[[[[[[[[[{"nom": "a", "prix": 1, "categorie": "plat"}]]]]]]]]]]),
            "[0][0][0][0][0][0][0][0]",
        ),
    ] {
        let problem = json_menu(&service, file.clone()).await;
        let problem = problem.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{file}");
        assert_eq!(problem.errors[0].field, field, "{file}");
    }
    let broken = service.post("/menu/import", "[{\"nom\": }]").await;
    let problem = broken.problem(400, "bad_request");
    assert!(problem.detail.contains("ligne 1"), "{}", problem.detail);
    let rounded = r#"[{"nom": "a", "prix": 1.0000000000000001, "categorie": "plat"}]"#;
    let refused = service.post("/menu/import", rounded).await;
    assert_eq!(
        refused.problem(400, "validation_failed").errors[0].field,
        "[0].prix"
    );
    assert_eq!(menu(&service).await, json!([]));
}

#[actix_web::test]
async fn a_file_that_is_too_long_or_of_another_kind_is_refused() {
    let service = Service::start(false).await;
    let mut long = String::from("nom;prix;categorie\n");
    for number in 0..=2_000 {
        long.push_str(&format!("Plat {number};1;plat\n"));
    }
    let problem = csv(&service, &long).await.problem(400, "validation_failed");
    assert!(problem.detail.contains("2000"), "{}", problem.detail);
    let huge = vec![b'a'; 1024 * 1024 + 1];
    let refused = send(&service, "/menu/import", "text/csv", &huge).await;
    let _ = refused.problem(413, "payload_too_large");
    for other in ["application/pdf", "text/plain", ""] {
        let request = service.request(Method::POST, "/menu/import");
        let request = if other.is_empty() {
            request
        } else {
            request.header("content-type", other)
        };
        let refused = request.send_body(Bytes::from_static(b"nom;prix")).await;
        let problem = refused.problem(415, "unsupported_media_type");
        assert!(problem.detail.contains("text/csv"), "{}", problem.detail);
    }
    assert_eq!(menu(&service).await, json!([]));
}

#[actix_web::test]
async fn a_file_that_is_faulty_throughout_gets_a_short_report() {
    let service = Service::start(false).await;
    let mut file = String::from("nom;prix;categorie\n");
    for number in 0..200 {
        file.push_str(&format!("Plat {number};gratuit;plat\n"));
    }
    let request = service.request(Method::POST, "/menu/import");
    let request = request.header("content-type", "text/csv");
    let request = request.header("accept-language", "en");
    let answer = request.send_body(Bytes::from(file)).await;
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors.len(), 51);
    assert_eq!(problem.errors[50].detail, "and 150 further faults");
    assert_eq!(menu(&service).await, Value::Array(Vec::new()));
}
