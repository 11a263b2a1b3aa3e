//! Compares an answer with a golden example: the same keys with the same kinds of value.

use serde_json::Value;

/// # Panics
/// A key is missing, is too many, or holds another kind of value. `null` matches any kind.
#[track_caller]
pub fn assert_same_shape(actual: &Value, golden: &str) {
    let golden: Value = serde_json::from_str(golden).expect("a golden example is JSON");
    if let Err(difference) = same_shape(actual, &golden) {
        panic!("{difference}\nactual: {actual:#}\ngolden: {golden:#}");
    }
}

/// The comparison of [`assert_same_shape`] as a result.
///
/// # Errors
/// The first difference.
pub fn same_shape(actual: &Value, golden: &Value) -> Result<(), String> {
    compare(actual, golden, "$")
}

fn compare(actual: &Value, golden: &Value, path: &str) -> Result<(), String> {
    match (actual, golden) {
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        (Value::Object(actual), Value::Object(golden)) => {
            if let Some(key) = golden.keys().find(|key| !actual.contains_key(*key)) {
                return Err(format!("{path}.{key} is missing"));
            }
            for (key, value) in actual {
                let Some(expected) = golden.get(key) else {
                    return Err(format!("{path}.{key} is not in the contract"));
                };
                compare(value, expected, &format!("{path}.{key}"))?;
            }
            Ok(())
        }
        (Value::Array(actual), Value::Array(golden)) => {
            let Some(example) = golden.first() else {
                return Ok(());
            };
            for (index, value) in actual.iter().enumerate() {
                compare(value, example, &format!("{path}[{index}]"))?;
            }
            Ok(())
        }
        (actual, golden) if kind(actual) == kind(golden) => Ok(()),
        (actual, golden) => Err(format!("{path} is {actual}, the contract has {golden}")),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
