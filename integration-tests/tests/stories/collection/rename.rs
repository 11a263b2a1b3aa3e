//! Renames requests and answers by a table, and does nothing else to them.

use serde_json::{Map, Value};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    There,
    Back,
}

/// The names of one kind of body.
#[derive(Clone, Copy)]
pub(super) struct Names<'t> {
    table: &'t Value,
    of: &'t Value,
}

/// A route of the table: method and path.
pub(super) struct Route<'t> {
    pub(super) row: &'t Value,
    pub(super) method: &'t str,
    pub(super) path: String,
    pub(super) names: Names<'t>,
}

fn find<'t>(table: &'t Value, list: &str, of: &str) -> &'t Value {
    let mut all = table[list].as_array().unwrap().iter();
    all.find(|one| one["of"] == of).unwrap_or(&Value::Null)
}

/// The first row with the method and the path of a request, whose target gets the same ids.
pub(super) fn route<'t>(table: &'t Value, method: &str, path: &str) -> Route<'t> {
    let sent = format!("{method} {path}");
    let sent: Vec<_> = sent.split('/').collect();
    let matches = |row: &&Value| {
        let pattern = row["elsewhere"].as_str().unwrap().split('/');
        pattern.clone().count() == sent.len()
            && pattern
                .zip(&sent)
                .all(|(part, sent)| part == *sent || part.starts_with('{'))
    };
    let mut rows = table["routes"].as_array().unwrap().iter();
    let row = rows.find(matches);
    let row = row.unwrap_or_else(|| panic!("no row for {method} {path}"));
    let (method, target) = row["here"].as_str().unwrap().split_once(' ').unwrap();
    let pattern = row["elsewhere"].as_str().unwrap().split('/');
    let ids = pattern.zip(sent).filter(|(part, _)| part.starts_with('{'));
    let path = ids.fold(target.to_owned(), |path, (part, id)| path.replace(part, id));
    let of = find(table, "names", row["names"].as_str().unwrap());
    let names = Names { table, of };
    Route {
        row,
        method,
        path,
        names,
    }
}

impl<'t> Names<'t> {
    pub(super) fn query(self, query: &str) -> String {
        let pairs = query.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let renamed = self.field(name, Direction::There);
            let value = self.value(name, value, Direction::There);
            format!("{renamed}={value}")
        });
        Vec::from_iter(pairs).join("&")
    }

    pub(super) fn body(self, body: &Value, direction: Direction) -> Value {
        self.renamed("", body, direction)
    }

    /// `field` is the English name of the field that has the value.
    fn renamed(self, field: &str, value: &Value, direction: Direction) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| {
                    let other = self.field(name, direction);
                    let english = match direction {
                        Direction::There => name,
                        Direction::Back => other,
                    };
                    let value = self.part(english).renamed(english, value, direction);
                    (other.to_owned(), value)
                });
                Value::Object(Map::from_iter(fields))
            }
            Value::Array(values) => {
                let values = values.iter();
                values
                    .map(|value| self.renamed(field, value, direction))
                    .collect()
            }
            Value::String(text) => self.value(field, text, direction).into(),
            other => other.clone(),
        }
    }

    /// The names in a part of the body that is a body of another kind.
    fn part(self, english: &str) -> Self {
        let of = match self.of["parts"][english].as_str() {
            Some(of) => find(self.table, "names", of),
            None => self.of,
        };
        Self { of, ..self }
    }

    fn field<'a>(self, name: &'a str, direction: Direction) -> &'a str
    where
        't: 'a,
    {
        other_name(&self.of["fields"], name, direction)
    }

    fn value<'a>(self, field: &str, value: &'a str, direction: Direction) -> &'a str
    where
        't: 'a,
    {
        match self.of["values"][field].as_str() {
            Some(of) => {
                let all = &find(self.table, "values", of)["values"];
                other_name(all, value, direction)
            }
            None => value,
        }
    }
}

/// A name that the table does not have stays.
fn other_name<'a>(names: &'a Value, name: &'a str, direction: Direction) -> &'a str {
    let mut pairs = names.as_object().into_iter().flatten();
    let pair = pairs.find(|(english, here)| match direction {
        Direction::There => *english == name,
        Direction::Back => **here == *name,
    });
    match (pair, direction) {
        (Some((_, here)), Direction::There) => here.as_str().unwrap(),
        (Some((english, _)), Direction::Back) => english,
        (None, _) => name,
    }
}
