//! The description of one method of one path, and its notation in a table.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use shared_types::problem::Code;

use super::parameters::Parameter;

/// The group of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    pub name: &'static str,
    pub description: &'static str,
}

/// Whether a token makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Unused,
    /// Some requests need one while access is strict.
    SometimesNeeded,
    /// Needed while access is strict.
    MayBeNeeded,
    Needed,
}

#[derive(Clone, Copy, Debug)]
pub enum Side {
    Request,
    Response,
}

/// A body of one media type.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    pub media_type: &'static str,
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    pub example: Example,
}

#[derive(Clone, Copy, Debug)]
pub enum Example {
    None,
    /// A golden body.
    Of(&'static str),
    /// A list of one golden body.
    ListOf(&'static str),
}

impl Body {
    #[must_use]
    pub const fn json<T: JsonSchema>(golden: &'static str) -> Self {
        Self {
            media_type: "application/json",
            schema: SchemaGenerator::subschema_for::<T>,
            example: Example::Of(golden),
        }
    }

    /// A merge patch (RFC 7396).
    #[must_use]
    pub const fn merge_patch<T: JsonSchema>(golden: &'static str) -> Self {
        Self {
            media_type: "application/merge-patch+json",
            ..Self::json::<T>(golden)
        }
    }

    #[must_use]
    pub const fn list<T: JsonSchema>(golden: &'static str) -> Self {
        Self {
            media_type: "application/json",
            schema: SchemaGenerator::subschema_for::<Vec<T>>,
            example: Example::ListOf(golden),
        }
    }

    /// A body in another format, with a schema of its own.
    #[must_use]
    pub const fn of<T: JsonSchema>(media_type: &'static str) -> Self {
        Self {
            media_type,
            schema: SchemaGenerator::subschema_for::<T>,
            example: Example::None,
        }
    }

    /// A text in its own format.
    #[must_use]
    pub const fn text(media_type: &'static str) -> Self {
        Self {
            media_type,
            schema: SchemaGenerator::subschema_for::<String>,
            example: Example::None,
        }
    }
}

impl Example {
    /// The example. `None` also if it is not JSON, which a test rules out.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        match self {
            Self::None => None,
            Self::Of(golden) => serde_json::from_str(golden).ok(),
            Self::ListOf(golden) => {
                let one = serde_json::from_str(golden).ok()?;
                Some(Value::Array(vec![one]))
            }
        }
    }
}

/// An answer that is not a problem.
#[derive(Clone, Copy, Debug)]
pub struct Response {
    pub status: u16,
    pub description: &'static str,
    pub bodies: &'static [Body],
    /// Names of header fields, in addition to those of every such answer.
    pub headers: &'static [&'static str],
    /// Operations that take the body's `id`, and the parameter that takes it.
    pub links: &'static [(&'static str, &'static str)],
}

/// A row of a table, written as a chain: rare parts are left out.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    /// Unique, for client generators.
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub token: Token,
    pub parameters: &'static [Parameter],
    /// The id of a sample that there is in a demonstration, for who tries the operation.
    pub example_id: Option<&'static str>,
    pub body: Option<Body>,
    /// The body in another media type, if the operation takes one.
    pub other_body: Option<Body>,
    pub answers: &'static [Response],
    /// In addition to the codes that any request may get.
    pub codes: &'static [Code],
}

impl Operation {
    #[must_use]
    pub const fn new(
        (method, path): (&'static str, &'static str),
        id: &'static str,
        tag: &Tag,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            tag: tag.name,
            summary,
            description: "",
            token: Token::Unused,
            parameters: &[],
            example_id: None,
            body: None,
            other_body: None,
            answers: &[],
            codes: &[],
        }
    }

    #[must_use]
    pub const fn says(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    #[must_use]
    pub const fn token(mut self, token: Token) -> Self {
        self.token = token;
        self
    }

    #[must_use]
    pub const fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    #[must_use]
    pub const fn such_as(mut self, id: &'static str) -> Self {
        self.example_id = Some(id);
        self
    }

    #[must_use]
    pub const fn takes(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    #[must_use]
    pub const fn or_takes(mut self, body: Body) -> Self {
        self.other_body = Some(body);
        self
    }

    #[must_use]
    pub const fn answers(mut self, answers: &'static [Response]) -> Self {
        self.answers = answers;
        self
    }

    #[must_use]
    pub const fn fails(mut self, codes: &'static [Code]) -> Self {
        self.codes = codes;
        self
    }
}

impl Response {
    #[must_use]
    pub const fn new(status: u16, description: &'static str, bodies: &'static [Body]) -> Self {
        Self {
            status,
            description,
            bodies,
            headers: &[],
            links: &[],
        }
    }

    #[must_use]
    pub const fn leads_to(mut self, links: &'static [(&'static str, &'static str)]) -> Self {
        self.links = links;
        self
    }

    #[must_use]
    pub const fn with(mut self, headers: &'static [&'static str]) -> Self {
        self.headers = headers;
        self
    }
}
