//! Every configuration of these tests fits the JSON Schema.

use std::sync::LazyLock;

use jsonschema::Validator;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../docs/gateway.schema.json");
    jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
});

pub(crate) fn hold(text: &str) {
    let file = in_json(toml::from_str(text).unwrap());
    let errors: Vec<_> = VALIDATOR
        .iter_errors(&file)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {text}");
}

/// JSON has no date-times. Checkers of TOML take them as texts.
fn in_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(in_json).collect(),
        toml::Value::Table(table) => {
            let entries = table.into_iter();
            entries.map(|(key, value)| (key, in_json(value))).collect()
        }
        plain => serde_json::to_value(plain).unwrap(),
    }
}
