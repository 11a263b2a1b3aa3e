//! Tests that every golden example is exactly what its type reads and writes.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use deserr::Deserr;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared_types::field::{FieldErrors, Patched};
use shared_types::{
    Confirmation, account, aggregate, delivery, demo, gateway, golden, kitchen, menu, order,
    problem,
};

fn survives<T: Serialize + DeserializeOwned>(example: &str) {
    let parsed: T = serde_json::from_str(example).unwrap();
    let expected: Value = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_value(&parsed).unwrap(), expected);
}

fn parse<T: Deserr<FieldErrors>>(body: Value) -> Result<T, FieldErrors> {
    deserr::deserialize(body)
}

fn is_accepted<T: Deserr<FieldErrors>>(example: &str) {
    let body: Value = serde_json::from_str(example).unwrap();
    if let Err(errors) = parse::<T>(body) {
        panic!("{errors:?}");
    }
}

#[test]
fn every_answer_reads_and_writes_its_example() {
    survives::<account::Client>(golden::CLIENT);
    survives::<account::LoggedIn>(golden::LOGGED_IN);
    survives::<account::Session>(golden::SESSION);
    survives::<account::AccountData>(golden::ACCOUNT_DATA);
    survives::<account::Erasure>(golden::ERASURE);
    survives::<account::KeySet>(golden::KEY_SET);
    survives::<menu::Dish>(golden::DISH);
    survives::<menu::ImportReport>(golden::IMPORT_REPORT);
    survives::<order::Order>(golden::ORDER);
    survives::<order::opening::OpeningHours>(golden::OPENING);
    survives::<order::deferred::Promise>(golden::PROMISE);
    survives::<order::deferred::Deferred>(golden::DEFERRED);
    survives::<order::deferred::DeferredQueue>(golden::DEFERRED_QUEUE);
    survives::<kitchen::Ticket>(golden::TICKET);
    survives::<kitchen::Marked<order::OrderStatus>>(golden::KITCHEN_MARKED);
    survives::<delivery::Assignment>(golden::ASSIGNMENT);
    survives::<kitchen::Marked<delivery::DeliveryStatus>>(golden::DELIVERY_MARKED);
    survives::<delivery::Courier>(golden::COURIER);
    survives::<delivery::Delivery>(golden::DELIVERY);
    survives::<demo::DemoToken>(golden::DEMO_TOKEN);
    survives::<demo::DemoOrder>(golden::DEMO_ORDER);
    survives::<demo::DemoOrderRow>(golden::DEMO_ORDER_ROW);
    survives::<aggregate::tracking::Tracking>(golden::TRACKING);
    survives::<Confirmation>(golden::CONFIRMATION);
    survives::<problem::Problem>(golden::PROBLEM);
    survives::<gateway::Welcome>(golden::WELCOME);
    survives::<gateway::HealthAnswer>(golden::HEALTH);
    survives::<gateway::Status>(golden::STATUS);
    survives::<gateway::OperatorStatus>(golden::OPERATOR_STATUS);
    survives::<gateway::DrillUnderWay>(golden::DRILL_UNDER_WAY);
}

#[test]
fn every_request_accepts_its_example() {
    is_accepted::<account::NewClient>(golden::NEW_CLIENT);
    is_accepted::<account::ClientChange>(golden::CLIENT_CHANGE);
    is_accepted::<account::PasswordChange>(golden::PASSWORD_CHANGE);
    is_accepted::<account::PasswordReset>(golden::PASSWORD_RESET);
    is_accepted::<account::NewPassword>(golden::NEW_PASSWORD);
    is_accepted::<account::Login>(golden::LOGIN);
    is_accepted::<account::Login>(golden::DEMO_ACCOUNT);
    is_accepted::<menu::NewDish>(golden::NEW_DISH);
    is_accepted::<menu::DishChange>(golden::DISH_CHANGE);
    is_accepted::<order::NewOrder>(golden::NEW_ORDER);
    is_accepted::<order::StatusChange>(golden::STATUS_CHANGE);
    is_accepted::<kitchen::NewKitchenMark>(golden::KITCHEN_MARK);
    is_accepted::<delivery::NewDeliveryMark>(golden::DELIVERY_MARK);
    is_accepted::<delivery::NewCourier>(golden::NEW_COURIER);
    is_accepted::<delivery::CourierChange>(golden::COURIER_CHANGE);
    is_accepted::<delivery::CourierPatch>(golden::COURIER_PATCH);
    is_accepted::<delivery::NewDelivery>(golden::NEW_DELIVERY);
    is_accepted::<delivery::DeliveryChange>(golden::DELIVERY_CHANGE);
    is_accepted::<delivery::DeliveryPatch>(golden::DELIVERY_PATCH);
    is_accepted::<delivery::CourierChoice>(golden::COURIER_CHOICE);
    is_accepted::<demo::DemoLogin>(golden::DEMO_LOGIN);
    is_accepted::<demo::NewDemoOrder>(golden::NEW_DEMO_ORDER);
}

#[test]
fn every_bad_field_of_a_body_is_named() {
    let body = serde_json::json!({"email": "nope", "password": "123", "firstName": 7});
    let errors = parse::<account::NewClient>(body).unwrap_err();
    let fields: Vec<_> = errors
        .to_problems(shared_types::text::Lang::En)
        .into_iter()
        .map(|problem| problem.field)
        .collect();
    for field in ["email", "password", "firstName", "lastName"] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }
    assert_eq!(fields.len(), 4);
}

#[test]
fn a_bad_item_of_a_list_is_located() {
    let body = serde_json::json!({
        "clientId": "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e",
        "items": [{"menuId": "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e", "quantite": 0}],
    });
    let errors = parse::<order::NewOrder>(body).unwrap_err();
    let sentence = errors.sentence(shared_types::text::Lang::En);
    assert_eq!(sentence, "items[0].quantite : an integer between 1 and 99");
}

#[test]
fn an_empty_input_of_a_form_is_no_value() {
    let body = serde_json::json!({
        "email": "lea@example.com", "password": "secret!", "firstName": "Léa", "lastName": "M",
        "phone": "", "city": null,
    });
    let client = parse::<account::NewClient>(body).unwrap();
    assert!(client.phone.as_ref().is_none());
    assert!(client.city.as_ref().is_none());
}

#[test]
fn a_patch_tells_an_absent_field_from_null() {
    let change = |body| parse::<account::ClientChange>(body);
    let kept = change(serde_json::json!({})).unwrap();
    assert!(matches!(kept.phone, Patched::Unchanged));
    assert!(kept.email.as_ref().is_none());
    for blank in [serde_json::json!(null), serde_json::json!(" ")] {
        let removed = change(serde_json::json!({"phone": blank, "city": "Lyon"})).unwrap();
        assert!(matches!(removed.phone, Patched::Removed));
        assert!(matches!(removed.city, Patched::Set(city) if city.as_str() == "Lyon"));
        for needed in ["email", "firstName", "lastName"] {
            assert!(
                change(serde_json::json!({needed: blank})).is_err(),
                "{needed}"
            );
        }
    }
}

#[test]
fn a_mark_takes_either_spelling_of_the_order_id() {
    for key in ["order_id", "orderId"] {
        let body = serde_json::json!({key: "CMD1234", "status": "prête"});
        let mark = parse::<kitchen::NewKitchenMark>(body).unwrap();
        assert_eq!(mark.order_id.as_str(), "CMD1234");
        assert_eq!(mark.status, Some(order::OrderStatus::Ready));
    }
}

#[test]
fn an_unknown_status_is_refused_with_the_known_ones() {
    let body = serde_json::json!({"status": "perdue"});
    let errors = parse::<order::StatusChange>(body).unwrap_err();
    assert!(
        errors
            .sentence(shared_types::text::Lang::En)
            .contains("EN_ATTENTE, EN_PREPARATION")
    );
}

#[test]
fn null_where_a_value_is_needed_is_a_missing_field() {
    let errors = parse::<order::StatusChange>(serde_json::json!({"status": null})).unwrap_err();
    let sentence = errors.sentence(shared_types::text::Lang::En);
    assert_eq!(sentence, "status : required field");
}

#[test]
fn a_count_may_be_written_as_a_decimal_and_must_be_whole() {
    let line = |count: f64| {
        let body = serde_json::json!({"menuId": "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e", "quantite": count});
        parse::<order::NewOrderLine>(body).map(|line| line.quantity.get())
    };
    assert_eq!(line(2.0), Ok(2));
    for bad in [2.5, -2.0, 1e300] {
        assert!(line(bad).is_err(), "{bad}");
    }
}
