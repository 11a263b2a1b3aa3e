//! Tests of signing up, and of the rules that keep two accounts apart.

use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;

use super::{Running, new_client, service, service_with};

async fn register_with_phone(service: &Running, email: &str, phone: &str) -> Answer {
    let mut new = new_client(email);
    new["phone"] = json!(phone);
    service.http.post("/clients", new).await
}

#[actix_web::test]
async fn the_golden_registration_makes_the_golden_client() {
    let service = service().await;
    let client = service
        .http
        .post("/clients", golden::NEW_CLIENT)
        .await
        .ok(201);
    assert_same_shape(&client, golden::CLIENT);
    let mut sent: Value = serde_json::from_str(golden::NEW_CLIENT).unwrap();
    sent.as_object_mut().unwrap().remove("password");
    for (key, value) in sent.as_object().unwrap() {
        assert_eq!(&client[key], value, "{key}");
    }
    assert_eq!(client["isActive"], true);
    assert_eq!(client["createdAt"], client["updatedAt"]);
}

#[actix_web::test]
async fn empty_form_fields_are_null_and_the_role_is_client() {
    let service = service().await;
    let mut new = new_client("lea@example.com");
    new["phone"] = json!("");
    new["city"] = json!(null);
    let client = service.http.post("/clients", new).await.ok(201);
    for key in ["phone", "address", "city", "postalCode"] {
        assert_eq!(client[key], json!(null), "{key}");
    }
    assert_eq!(client["role"], "CLIENT");
}

#[actix_web::test]
async fn any_role_can_be_registered_while_access_is_open() {
    let service = service().await;
    for role in ["CLIENT", "CHEF", "LIVREUR", "ADMIN"] {
        let mut new = new_client(&format!("{role}@example.com"));
        new["role"] = json!(role);
        let client = service.http.post("/clients", new).await.ok(201);
        assert_eq!(client["role"], role);
    }
}

#[actix_web::test]
async fn every_bad_field_is_named() {
    let body = json!({"email": "lea", "password": "12345", "lastName": " ", "phone": "06", "role": "BOSS"});
    let answer = service().await.http.post("/clients", body).await;
    let problem = answer.problem(400, "validation_failed");
    let fields: Vec<_> = problem
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    for field in [
        "email",
        "password",
        "firstName",
        "lastName",
        "phone",
        "role",
    ] {
        assert!(fields.contains(&field), "{fields:?}");
        assert!(problem.message.contains(field), "{}", problem.message);
    }
    assert!(!problem.message.contains("12345"), "{}", problem.message);
}

#[actix_web::test]
async fn an_email_is_taken_whatever_its_case() {
    let service = service().await;
    service.register("lea@example.com").await;
    for taken in ["lea@example.com", "LEA@Example.com", "  Lea@example.com "] {
        let answer = service.http.post("/clients", new_client(taken)).await;
        let _ = answer.problem(409, "email_taken");
    }
}

#[actix_web::test]
async fn a_phone_is_taken_whatever_its_spacing() {
    let service = service().await;
    let with_phone = |email, phone| register_with_phone(&service, email, phone);
    let _ = with_phone("a@example.com", "06 12 34 56 78").await.ok(201);
    for taken in ["0612345678", "06.12.34.56.78", " 06 12345678 "] {
        let answer = with_phone("b@example.com", taken).await;
        let _ = answer.problem(409, "phone_taken");
    }
    let _ = with_phone("b@example.com", "06 12 34 56 79").await.ok(201);
}

#[actix_web::test]
async fn a_phone_is_taken_whichever_way_it_is_dialled() {
    let service = service().await;
    let with_phone = |email, phone| register_with_phone(&service, email, phone);
    let first = with_phone("a@example.com", "06 12 34 56 78").await.ok(201);
    assert_eq!(first["phone"], "06 12 34 56 78");
    for taken in [
        "+33 6 12 34 56 78",
        "+33612345678",
        "+33 (0)6 12 34 56 78",
        "0033612345678",
    ] {
        let answer = with_phone("b@example.com", taken).await;
        let _ = answer.problem(409, "phone_taken");
    }
    let _ = with_phone("b@example.com", "+32 6 12 34 56 78")
        .await
        .ok(201);
}

#[actix_web::test]
async fn a_phone_from_overseas_or_abroad_is_taken_whichever_way_it_is_dialled() {
    let service = service().await;
    for (number, spellings) in [
        (
            "0692 12 34 56",
            ["+262 692 12 34 56", "00262 (0)692 123456"],
        ),
        ("05.90.12.34.56", ["+590 590 12 34 56", "+33 590 12 34 56"]),
        (
            "+44 (0)20 7946 0958",
            ["+44 20 7946 0958", "00442079460958"],
        ),
    ] {
        let email = format!("a{}@example.com", number.len());
        let first = register_with_phone(&service, &email, number).await;
        let first = first.ok(201);
        assert_eq!(first["phone"], number);
        for taken in spellings {
            let answer = register_with_phone(&service, "b@example.com", taken).await;
            let _ = answer.problem(409, "phone_taken");
        }
    }
}

#[actix_web::test]
async fn a_pasted_phone_is_a_phone() {
    let service = service().await;
    let pasted = "\u{202a}+33\u{a0}6\u{202f}12\u{2011}34\u{2011}56\u{2011}78\u{202c}";
    let first = register_with_phone(&service, "a@example.com", pasted).await;
    assert_eq!(first.ok(201)["phone"], "+33 6 12-34-56-78");
    let answer = register_with_phone(&service, "b@example.com", "06 12 34 56 78").await;
    let _ = answer.problem(409, "phone_taken");
}

#[actix_web::test]
async fn a_phone_without_a_country_code_is_one_of_the_configured_country() {
    let service = service_with(|config| config.phone_region = "BE".parse().unwrap()).await;
    let with_phone = |email, phone| register_with_phone(&service, email, phone);
    let _ = with_phone("a@example.com", "0470 12 34 56").await.ok(201);
    let answer = with_phone("b@example.com", "+32 470 12 34 56").await;
    let _ = answer.problem(409, "phone_taken");
    let _ = with_phone("b@example.com", "+33 470 12 34 56")
        .await
        .ok(201);
}

#[actix_web::test]
async fn a_phone_that_an_earlier_version_stored_is_taken_too() {
    let service = service().await;
    let with_phone = |email, phone| register_with_phone(&service, email, phone);
    let _ = with_phone("a@example.com", "06 12 34 56 78").await.ok(201);
    for older in [
        "UPDATE clients SET phone_key = '0612345678'",
        "UPDATE clients SET phone_key = '+33612345678'",
        "UPDATE clients SET phone_key = '+330612345678'",
        "UPDATE clients SET phone_key = '0033612345678'",
        "UPDATE clients SET phone_key = '612345678'",
    ] {
        service.alter(older).await;
        for taken in ["06.12.34.56.78", "+33 6 12 34 56 78"] {
            let answer = with_phone("b@example.com", taken).await;
            let _ = answer.problem(409, "phone_taken");
        }
    }
    // The refused registrations left nothing behind.
    let clients = service.http.get("/clients").await.ok(200);
    assert_eq!(clients.as_array().unwrap().len(), 1);
    let _ = with_phone("b@example.com", "06 12 34 56 79").await.ok(201);
}

#[actix_web::test]
async fn an_invisible_name_or_one_that_changes_its_direction_is_refused_by_its_field() {
    let service = service().await;
    for (field, bad, says) in [
        ("firstName", "\u{200b}\u{2060}", "invisible"),
        ("lastName", "\u{3164}", "invisible"),
        ("lastName", "Mar\u{202e}nit", "direction"),
        ("address", "1 rue\u{2067} Bleue", "direction"),
        ("city", "\u{ad}", "invisible"),
        ("email", "lea\u{200b}@example.com", "e-mail"),
    ] {
        let mut new = new_client("lea@example.com");
        new[field] = json!(bad);
        let request = service
            .http
            .request(actix_web::http::Method::POST, "/clients");
        let request = request.header("Accept-Language", "en");
        let problem = request.send_json(new).await;
        let problem = problem.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{}", problem.message);
        assert_eq!(problem.errors[0].field, field);
        assert!(
            problem.errors[0].detail.contains(says),
            "{}",
            problem.message
        );
    }
}

#[actix_web::test]
async fn clients_without_a_phone_are_not_in_each_others_way() {
    let service = service().await;
    service.register("a@example.com").await;
    service.register("b@example.com").await;
}

#[actix_web::test]
async fn two_simultaneous_registrations_make_one_account() {
    let service = service().await;
    for round in 0..5 {
        let email = format!("lea{round}@example.com");
        let (one, other) = tokio::join!(
            service.http.post("/clients", new_client(&email)),
            service.http.post("/clients", new_client(&email)),
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
    let clients = service.http.get("/clients").await.ok(200);
    assert_eq!(clients.as_array().unwrap().len(), 5);
}
