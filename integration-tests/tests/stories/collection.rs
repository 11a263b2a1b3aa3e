//! Tests that requests with the names of other applications work after renaming alone.
//!
//! `collection/requests.json` is a collection as other ordering, delivery and till applications
//! have it, and `collection/renames.json` the names of its paths, fields and values here. Answers
//! are renamed back, so both directions are tried on every body.

mod rename;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::http::Method;
use serde_json::Value;
use service_kit::testing::{Answer, eventually};
use shared_types::value::Timestamp;

use self::rename::Direction::{Back, There};
use crate::{Restaurant, restaurant_with};

const REQUESTS: &str = include_str!("collection/requests.json");
const RENAMES: &str = include_str!("collection/renames.json");

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A run of the collection.
struct Run<'a> {
    restaurant: &'a Restaurant,
    renames: Value,
    /// What earlier answers have said: the values of `{{name}}`.
    saved: BTreeMap<String, String>,
    routes: BTreeSet<String>,
}

#[actix_web::test]
async fn a_collection_in_other_names_runs_after_renaming_alone() {
    let requests: Vec<Value> = serde_json::from_str(REQUESTS).unwrap();
    assert_eq!(requests.len(), 40);
    for access in ["open", "strict"] {
        let restaurant = restaurant_with(access).await;
        let tomorrow = Timestamp::now().after(DAY).to_string();
        let mut run = Run {
            restaurant: &restaurant,
            renames: serde_json::from_str(RENAMES).unwrap(),
            saved: BTreeMap::from([("tomorrow".to_owned(), tomorrow)]),
            routes: BTreeSet::new(),
        };
        for request in &requests {
            run.step(request).await;
        }
        run.assert_that_every_route_was_asked();
    }
}

impl Run<'_> {
    async fn step(&mut self, request: &Value) {
        let request = &self.filled_in(request);
        let name = request["name"].as_str().unwrap();
        let english = if request["poll"] == true {
            // Another service hears of it by an event.
            eventually(name, async || {
                let answer = self.send(request).await.ok(200);
                let english = self.renamed_back(request, &answer);
                missed(request, &english).is_none().then_some(english)
            })
            .await
        } else {
            let answer = self.send(request).await;
            let status = request["status"].as_u64().unwrap();
            assert_eq!(
                u64::from(answer.status.as_u16()),
                status,
                "{name}: {:?}",
                answer.body
            );
            match status {
                // A problem has standard names.
                400.. => answer.json(),
                _ => self.renamed_back(request, &answer.json()),
            }
        };
        let missed = missed(request, &english);
        assert_eq!(missed, None, "{name}: {english}");
        for (variable, pointer) in request["save"].as_object().into_iter().flatten() {
            let value = english.pointer(pointer.as_str().unwrap()).unwrap();
            let value = value.as_str().unwrap().to_owned();
            self.saved.insert(variable.clone(), value);
        }
        self.routes
            .insert(self.route(request).row["elsewhere"].to_string());
    }

    /// The request with its `{{name}}`s replaced.
    fn filled_in(&self, request: &Value) -> Value {
        let saved = self.saved.iter();
        let text = saved.fold(request.to_string(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        });
        assert!(!text.contains("{{"), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    fn route(&self, request: &Value) -> rename::Route<'_> {
        let (method, url) = request["request"]
            .as_str()
            .unwrap()
            .split_once(' ')
            .unwrap();
        let path = url.split('?').next().unwrap();
        rename::route(&self.renames, method, path)
    }

    async fn send(&self, request: &Value) -> Answer {
        let route = self.route(request);
        let url = request["request"].as_str().unwrap();
        let path = match url.split_once('?') {
            Some((_, query)) => format!("{}?{}", route.path, route.names.query(query)),
            None => route.path,
        };
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let mut sent = self.restaurant.gateway.request(method, &path);
        if let Some(token) = request["auth"].as_str() {
            sent = sent.bearer(token);
        }
        let Some(body) = request.get("body") else {
            return sent.send().await;
        };
        let media = request["headers"]["content-type"].as_str();
        let body = route.names.body(body, There).to_string();
        let sent = sent.header("content-type", media.unwrap_or("application/json"));
        sent.send_body(body.into()).await
    }

    fn renamed_back(&self, request: &Value, answer: &Value) -> Value {
        let names = self.route(request).names;
        let english = names.body(answer, Back);
        assert_eq!(names.body(&english, There), *answer, "there and back");
        english
    }

    fn assert_that_every_route_was_asked(&self) {
        let rows = self.renames["routes"].as_array().unwrap().iter();
        let rows: BTreeSet<_> = rows.map(|row| row["elsewhere"].to_string()).collect();
        assert_eq!(self.routes, rows);
    }
}

/// The first expectation that the answer does not meet.
fn missed(request: &Value, answer: &Value) -> Option<String> {
    let mut expected = request["expect"].as_object().into_iter().flatten();
    let missed = expected.find(|(pointer, value)| answer.pointer(pointer) != Some(*value));
    if let Some((pointer, value)) = missed {
        return Some(format!("{pointer} is not {value}"));
    }
    let wanted = request["any"].as_object()?;
    let mut elements = answer.as_array().into_iter().flatten();
    let has_one = elements.any(|one| wanted.iter().all(|(name, value)| one[name] == *value));
    (!has_one).then(|| format!("no element has {wanted:?}"))
}
