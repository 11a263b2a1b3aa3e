//! JSON Schemas (2020-12, as in OpenAPI 3.1) of the values that are parsed by hand. Those of bodies
//! are derived.
//!
//! A schema describes the documented form, which may be stricter than the accepted one: spaces
//! around a text are dropped, and a status is recognised in any case and with or without accents.

/// A schema that is written out wherever its value is used, without a name of its own.
macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(crate) use inline_schema;

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use crate::account::NewClient;
    use crate::order::OrderStatus;

    #[test]
    fn an_enumeration_is_documented_in_the_spelling_of_the_wire() {
        let schema = schema_for!(OrderStatus);
        let spellings = schema.get("enum").unwrap().as_array().unwrap();
        let known = OrderStatus::ALL.iter().map(|status| status.as_str());
        assert!(
            spellings
                .iter()
                .map(|text| text.as_str().unwrap())
                .eq(known)
        );
    }

    #[test]
    fn fields_that_a_form_may_leave_empty_are_not_required() {
        let schema = schema_for!(NewClient);
        let required = schema.get("required").unwrap();
        let expected = serde_json::json!(["email", "password", "firstName", "lastName"]);
        assert_eq!(*required, expected);
    }
}
