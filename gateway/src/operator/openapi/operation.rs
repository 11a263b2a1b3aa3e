//! The description of one method of one path, and its notation in a table.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use shared_types::problem::Code;

use super::parameters::Parameter;

/// The group of an operation, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Clients,
    Menu,
    Orders,
    Kitchen,
    Delivery,
    Tracking,
    Gateway,
    Demo,
}

impl Tag {
    pub(super) const ALL: [Self; 8] = [
        Self::Clients,
        Self::Menu,
        Self::Orders,
        Self::Kitchen,
        Self::Delivery,
        Self::Tracking,
        Self::Gateway,
        Self::Demo,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Clients => "Clients",
            Self::Menu => "Menu",
            Self::Orders => "Orders",
            Self::Kitchen => "Kitchen",
            Self::Delivery => "Delivery",
            Self::Tracking => "Tracking",
            Self::Gateway => "Gateway",
            Self::Demo => "Demo",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Clients => "Accounts, logins and sessions.",
            Self::Menu => "The dishes.",
            Self::Orders => "Orders, from their making to their end.",
            Self::Kitchen => "The simulated kitchen.",
            Self::Delivery => "Simulated couriers and their deliveries.",
            Self::Tracking => "An order as all who work on it see it.",
            Self::Gateway => "What the gateway answers itself, whichever service is down.",
            Self::Demo => "Simulated, for older clients: no real account or order is behind these.",
        }
    }
}

/// Whether a token makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Unused,
    /// Needed if `CLIENT_ACCESS` is `strict`.
    MayBeNeeded,
    Needed,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Request,
    Response,
}

/// A body of one media type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    pub(super) media_type: &'static str,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(super) example: Example,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Example {
    None,
    /// A golden body.
    Of(&'static str),
    /// A list of one golden body.
    ListOf(&'static str),
}

impl Body {
    pub(super) const fn json<T: JsonSchema>(golden: &'static str) -> Self {
        Self {
            media_type: "application/json",
            schema: SchemaGenerator::subschema_for::<T>,
            example: Example::Of(golden),
        }
    }

    pub(super) const fn list<T: JsonSchema>(golden: &'static str) -> Self {
        Self {
            media_type: "application/json",
            schema: SchemaGenerator::subschema_for::<Vec<T>>,
            example: Example::ListOf(golden),
        }
    }

    /// A text in its own format.
    pub(super) const fn text(media_type: &'static str) -> Self {
        Self {
            media_type,
            schema: SchemaGenerator::subschema_for::<String>,
            example: Example::None,
        }
    }
}

impl Example {
    /// The example. `None` also if it is not JSON, which a test rules out.
    pub(super) fn value(self) -> Option<Value> {
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
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) bodies: &'static [Body],
    /// Names from [`headers`](super::headers), in addition to those of every such answer.
    pub(super) headers: &'static [&'static str],
    /// Operations that take the body's `id`, and the parameter that takes it.
    pub(super) links: &'static [(&'static str, &'static str)],
}

/// A row of a table, written as a chain: rare parts are left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Unique, for client generators.
    pub(super) id: &'static str,
    pub(super) tag: Tag,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) token: Token,
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Option<Body>,
    pub(super) answers: &'static [Response],
    /// In addition to the codes that follow from the row itself.
    pub(super) codes: &'static [Code],
}

impl Operation {
    pub(super) const fn new(
        (method, path): (&'static str, &'static str),
        id: &'static str,
        tag: Tag,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            tag,
            summary,
            description: "",
            token: Token::Unused,
            parameters: &[],
            body: None,
            answers: &[],
            codes: &[],
        }
    }

    pub(super) const fn says(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    pub(super) const fn token(mut self, token: Token) -> Self {
        self.token = token;
        self
    }

    pub(super) const fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    pub(super) const fn takes(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) const fn answers(mut self, answers: &'static [Response]) -> Self {
        self.answers = answers;
        self
    }

    pub(super) const fn fails(mut self, codes: &'static [Code]) -> Self {
        self.codes = codes;
        self
    }
}

impl Response {
    pub(super) const fn new(
        status: u16,
        description: &'static str,
        bodies: &'static [Body],
    ) -> Self {
        Self {
            status,
            description,
            bodies,
            headers: &[],
            links: &[],
        }
    }

    pub(super) const fn leads_to(mut self, links: &'static [(&'static str, &'static str)]) -> Self {
        self.links = links;
        self
    }

    pub(super) const fn with(mut self, headers: &'static [&'static str]) -> Self {
        self.headers = headers;
        self
    }
}
