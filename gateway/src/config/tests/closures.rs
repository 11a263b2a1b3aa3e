//! The tables `[[closures]]`, and the routes of a feature that they close.

use shared_types::gateway::ClosureTarget;
use shared_types::text::Lang;

use super::refused;
use crate::config::Config;
use service_kit::env::Env;

const FILE: &str = r#"[upstreams.stock]
url = "http://127.0.0.1:1"
outage = "error"

[routes]
stock = [{ path = "/stock/{id}" }, { path = "/stock" }]

[features]
stock = { needs = ["stock"], probe = "GET /stock", routes = ["PUT /stock/{id}"] }
gateway = { needs = [], probe = "GET /status" }

[[closures]]
feature = "stock"
from = 2027-03-28T01:30:00+01:00
until = 2027-03-28T03:30:00+02:00
reason = { en = "Stocktaking." }
"#;

#[test]
fn a_closure_is_read_with_its_offset_and_the_general_text_where_a_language_has_none() {
    let config = Config::parse("test.toml", FILE, &Env::of_pairs([])).unwrap();
    let [(target, closure)] = &config.closures[..] else {
        panic!("{:?}", config.closures);
    };
    assert_eq!(*target, ClosureTarget::Feature("stock".to_owned()));
    assert_eq!(closure.from().to_string(), "2027-03-28T00:30:00Z");
    assert_eq!(closure.until().to_string(), "2027-03-28T01:30:00Z");
    let general = shared_types::problem::Code::Closed;
    let told = format!("{closure:?}");
    assert!(told.contains("Stocktaking."), "{told}");
    assert!(told.contains(general.detail(Lang::Fr)), "{told}");
    let feature = config.features.iter().next().unwrap();
    assert_eq!(feature.all_routes().count(), 2);
}

#[test]
fn an_error_names_the_line_and_the_key() {
    let offset = "expected a date and time with its offset, such as 2027-03-28T03:30:00+02:00";
    for (right, wrong, error) in [
        (
            "feature = \"stock\"",
            "feature = \"stok\"",
            "13: closures[0].feature: no feature is named stok; did you mean stock?".to_owned(),
        ),
        (
            "feature = \"stock\"",
            "upstream = \"stok\"",
            "13: closures[0].upstream: no upstream is named stok; did you mean stock?".to_owned(),
        ),
        (
            "feature = \"stock\"",
            "feature = \"gateway\"",
            "13: closures[0].feature: no request of it is sent to an upstream, so there is nothing \
             to close"
                .to_owned(),
        ),
        (
            "feature = \"stock\"",
            "feature = \"stock\"\nupstream = \"stock\"",
            "13: closures[0].feature: stands beside upstream: a closure has one of the two".to_owned(),
        ),
        (
            "until = 2027-03-28T03:30:00+02:00",
            "until = 2027-03-28T01:30:00+01:00",
            "15: closures[0].until: must be after from".to_owned(),
        ),
        (
            "until = 2027-03-28T03:30:00+02:00",
            "until = 2027-06-27T01:30:00+01:00",
            "15: closures[0].until: must be at most 90 days after from".to_owned(),
        ),
        (
            "until = 2027-03-28T03:30:00+02:00",
            "until = 2027-03-28T03:30:00",
            format!("15: closures[0].until: 2027-03-28T03:30:00 is invalid: {offset}"),
        ),
        (
            "until = 2027-03-28T03:30:00+02:00",
            "until = \"tomorrow\"",
            format!("15: closures[0].until: tomorrow is invalid: {offset}"),
        ),
        (
            "reason = { en = \"Stocktaking.\" }",
            "reason = {}",
            "16: closures[0].reason: expected a text, or one for each language, of 1 to 300 visible \
             characters"
                .to_owned(),
        ),
        (
            "reason = { en = \"Stocktaking.\" }\n",
            "",
            "12: closures[0].reason: is required".to_owned(),
        ),
        (
            "PUT /stock/{id}",
            "PUT /stock/7",
            "9: features.stock.routes: PUT /stock/7 is not the method and path of a row: `gateway \
             routes` lists them"
                .to_owned(),
        ),
        (
            "PUT /stock/{id}",
            "GET /status",
            "9: features.stock.routes: GET /status needs no upstream".to_owned(),
        ),
    ] {
        assert!(FILE.contains(right), "{right}");
        let error = format!("test.toml:{error}");
        assert_eq!(refused(&FILE.replacen(right, wrong, 1)), error);
    }
    let closure = FILE.split_once("[[closures]]").unwrap().1;
    let many = format!("{FILE}{}", format!("[[closures]]{closure}").repeat(100));
    let error = "test.toml:12: closures: at most 100 closures are possible";
    assert_eq!(refused(&many), error);
}
