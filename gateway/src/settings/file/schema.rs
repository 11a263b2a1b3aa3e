//! The JSON Schema of the file, for editors and checks.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::File;

/// The schema, made from the types that parse the file.
pub(crate) fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    simplify(&mut schema);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), "Passe-plat's gateway.toml".into());
    }
    schema
}

/// Removes null, which TOML cannot write, names of number formats, which editors do not know, and
/// the ends of the source's lines.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Object(object) => {
            object.retain(|key, value| match key.as_str() {
                "default" => !value.is_null(),
                "format" => !value.is_string(),
                _ => true,
            });
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = &types[..] {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(only) = only_alternative(object) {
                object.remove("anyOf");
                object.extend(only);
            }
            object.values_mut().for_each(simplify);
        }
        _ => {}
    }
}

/// The alternative beside null, if there are these two.
fn only_alternative(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let alternatives = object.get("anyOf")?.as_array()?;
    let is_null = |one: &&Value| one.get("type").is_some_and(|one| one == "null");
    let mut others = alternatives.iter().filter(|one| !is_null(one));
    match (others.next(), others.next()) {
        (Some(Value::Object(only)), None) => Some(only.clone()),
        _ => None,
    }
}
