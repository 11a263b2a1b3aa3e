//! Every configuration of these tests fits the JSON Schema.

use std::sync::LazyLock;

use jsonschema::Validator;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../docs/gateway.schema.json");
    jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
});

pub(crate) fn hold(text: &str) {
    let file = serde_json::to_value(toml::from_str::<toml::Value>(text).unwrap()).unwrap();
    let errors: Vec<_> = VALIDATOR
        .iter_errors(&file)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {text}");
}
