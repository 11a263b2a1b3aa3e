//! Copies parts of several documents into one, and keeps their names apart.
//!
//! A component is copied when something that was copied refers to it. It keeps its name, unless
//! another document has something else of that name: then its document's name comes before it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::described::Described;

/// How many components are compared to find out whether two of one name are the same.
const COMPARED: usize = 64;

/// The kind and name of a component.
type Key = (String, String);

#[derive(Default)]
pub(super) struct Merge {
    /// By kind and name.
    components: BTreeMap<Key, Value>,
    /// The document and the name there that each component comes from.
    origins: BTreeMap<Key, (String, String)>,
    /// The new name of each component that was copied, by its document.
    names: BTreeMap<(String, Key), String>,
    /// The components of the document at hand that are still to be copied, with their new names.
    waiting: VecDeque<(Key, String)>,
}

impl Merge {
    /// Reserves the names that the gateway's own components have.
    pub(super) fn reserve(&mut self, components: &Map<String, Value>) {
        for (kind, named) in components {
            for (name, component) in named.as_object().into_iter().flatten() {
                let key = (kind.clone(), name.clone());
                self.components.insert(key.clone(), component.clone());
                self.origins.insert(key, (String::new(), name.clone()));
            }
        }
    }

    /// A copy of a value of a document, with everything that it refers to.
    pub(super) fn copy(&mut self, from: &Described, value: &Value) -> Value {
        let copied = self.rewritten(from, value);
        self.copy_waiting(from);
        copied
    }

    /// The new name of a security scheme, which is referred to by its name alone.
    pub(super) fn security_scheme(&mut self, from: &Described, name: &str) -> Option<String> {
        let key = ("securitySchemes".to_owned(), name.to_owned());
        from.component(&key)?;
        let new = self.name(from, &key);
        self.copy_waiting(from);
        Some(new)
    }

    /// Copies what was referred to. A list and not a recursion: a chain may have any length.
    fn copy_waiting(&mut self, from: &Described) {
        while let Some((key, name)) = self.waiting.pop_front() {
            if let Some(component) = from.component(&key) {
                let component = self.rewritten(from, component);
                self.components.insert((key.0, name), component);
            }
        }
    }

    /// Everything that was copied.
    pub(super) fn into_components(self) -> Map<String, Value> {
        let mut kinds: Map<String, Value> = Map::new();
        for ((kind, name), component) in self.components {
            let key = (kind.clone(), name.clone());
            if self
                .origins
                .get(&key)
                .is_some_and(|(document, _)| document.is_empty())
            {
                continue;
            }
            let named = kinds
                .entry(kind)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Some(named) = named.as_object_mut() {
                named.insert(name, component);
            }
        }
        kinds
    }

    fn rewritten(&mut self, from: &Described, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| {
                    let value = match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) => self.reference(from, reference),
                        ("mapping", Value::Object(targets)) => {
                            let targets = targets.iter().map(|(key, target)| {
                                let target = match target {
                                    Value::String(target) => self.reference(from, target),
                                    other => other.clone(),
                                };
                                (key.clone(), target)
                            });
                            Value::Object(targets.collect())
                        }
                        _ => self.rewritten(from, value),
                    };
                    (key.clone(), value)
                });
                Value::Object(fields.collect())
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.rewritten(from, item));
                Value::Array(items.collect())
            }
            other => other.clone(),
        }
    }

    fn reference(&mut self, from: &Described, reference: &str) -> Value {
        let Some((key, rest)) = component_of(reference) else {
            return reference.into();
        };
        let name = self.name(from, &key);
        format!("#/components/{}/{name}{rest}", key.0).into()
    }

    /// The name of a component in the new document. It will be copied if it was not yet.
    fn name(&mut self, from: &Described, key: &Key) -> String {
        let known = (from.name.clone(), key.clone());
        if let Some(name) = self.names.get(&known) {
            return name.clone();
        }
        let (name, is_new) = self.free_name(from, key);
        self.names.insert(known, name.clone());
        if is_new {
            let placed = (key.0.clone(), name.clone());
            let origin = (from.name.clone(), key.1.clone());
            self.origins.insert(placed.clone(), origin);
            self.components.insert(placed, Value::Null);
            self.waiting.push_back((key.clone(), name.clone()));
        }
        name
    }

    /// A name, and whether nothing has it yet.
    fn free_name(&self, from: &Described, (kind, name): &Key) -> (String, bool) {
        let own = [name.clone(), format!("{}{name}", pascal(&from.name))];
        let numbered = (2..).map(|number| format!("{}{name}{number}", pascal(&from.name)));
        for candidate in own.into_iter().chain(numbered) {
            let key = (kind.clone(), candidate.clone());
            match self.components.get(&key) {
                None => return (candidate, true),
                Some(_) if self.is_same(&key, from, &(kind.clone(), name.clone())) => {
                    return (candidate, false);
                }
                Some(_) => {}
            }
        }
        (name.clone(), true)
    }

    /// Whether a component that was copied is the same as one of the document, with everything that
    /// they refer to. Both must have kept their names.
    fn is_same(&self, placed: &Key, from: &Described, key: &Key) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = VecDeque::from([key.clone()]);
        if placed != key {
            return false;
        }
        while let Some(key) = waiting.pop_front() {
            if !seen.insert(key.clone()) {
                continue;
            }
            let has_kept_its_name = self
                .origins
                .get(&key)
                .is_some_and(|(_, name)| *name == key.1);
            let same = self.components.get(&key) == from.component(&key);
            if !has_kept_its_name || !same || seen.len() > COMPARED {
                return false;
            }
            if let Some(component) = from.component(&key) {
                waiting.extend(references(component));
            }
        }
        true
    }
}

/// The component that a reference leads to, and the rest of its path.
fn component_of(reference: &str) -> Option<(Key, &str)> {
    let path = reference.strip_prefix("#/components/")?;
    let (kind, path) = path.split_once('/')?;
    let end = path.find('/').unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    Some(((kind.to_owned(), name.to_owned()), rest))
}

/// The components that a value refers to directly.
fn references(value: &Value) -> Vec<Key> {
    match value {
        Value::Object(fields) => {
            let found = fields
                .iter()
                .flat_map(|(key, value)| match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => component_of(reference)
                        .map(|(key, _)| key)
                        .into_iter()
                        .collect(),
                    _ => references(value),
                });
            found.collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// `stock-keeping` becomes `StockKeeping`.
fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}
