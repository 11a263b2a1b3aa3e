//! Enumerations of the wire. They are written in SCREAMING_SNAKE_CASE and read in any case, with or
//! without accents and spaces. A value may have further spellings, such as a plural, which are read
//! and never written.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Converts a person's spelling to the wire's: `prête` → `PRETE`, `en préparation` →
/// `EN_PREPARATION`, `hors-d’œuvre` → `HORS_D_OEUVRE`.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.trim().nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '\'' | '’' => folded.push('_'),
            'œ' | 'Œ' => folded.push_str("OE"),
            c => folded.push(c.to_ascii_uppercase()),
        }
    }
    folded
}

/// For comparing names: in lower case, with accents as parts of their letters (Unicode's form C).
#[must_use]
pub fn composed_lower(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.to_lowercase().nfc().collect()
}

macro_rules! wire_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $wire:literal $(| $other:literal)*,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $wire)] $variant,)+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }
        }

        impl $crate::field::FromText for $name {
            fn from_text(text: &str) -> Result<Self, $crate::text::Text> {
                match $crate::wire_enum::fold(text).as_str() {
                    $($wire $(| $other)* => Ok(Self::$variant),)+
                    _ => {
                        let known = [$($wire),+].join(", ");
                        Err($crate::text::Text::formatted(|say| {
                            (say.fields.unknown_value)(&known)
                        }))
                    }
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        $crate::field::text_field!($name);

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($wire),+] })
            }
        }
    };
}
pub(crate) use wire_enum;

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn the_french_spelling_is_the_wire_spelling_whatever_the_case_or_accents() {
        assert_eq!(fold("prête"), "PRETE");
        assert_eq!(fold("Livrée "), "LIVREE");
        assert_eq!(fold("en préparation"), "EN_PREPARATION");
        // The accent as a combining character of its own.
        assert_eq!(fold("pre\u{302}te"), "PRETE");
        assert_eq!(fold("Hors-d’œuvre"), "HORS_D_OEUVRE");
        assert_eq!(fold("fruits\u{a0}à coque"), "FRUITS_A_COQUE");
    }
}
