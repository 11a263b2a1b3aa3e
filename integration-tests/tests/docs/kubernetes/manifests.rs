//! Reads the manifests as YAML, without Kustomize: the base, and the patches of an overlay over it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{read, root};

pub(super) const FOLDER: &str = "deploy/kubernetes";

pub(super) const OVERLAYS: [&str; 2] = ["demo", "production"];

/// Every document of every file in a folder below [`FOLDER`].
pub(super) fn documents(folder: &str) -> Vec<Value> {
    let folder = format!("{FOLDER}/{folder}");
    let files = std::fs::read_dir(root().join(&folder)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names = names.filter(|name| name.ends_with(".yaml"));
    names
        .flat_map(|name| documents_of(&format!("{folder}/{name}")))
        .collect()
}

pub(super) fn documents_of(file: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The documents of the base, then those of an overlay.
pub(super) fn with_base(overlay: &str) -> Vec<Value> {
    let mut all = documents("base");
    all.extend(documents(&format!("overlays/{overlay}")));
    all
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub(super) fn of_kind<'a>(
    documents: &'a [Value],
    kind: &'a str,
) -> impl Iterator<Item = &'a Value> {
    documents.iter().filter(move |each| each["kind"] == kind)
}

/// Every container of this name, that of the base first.
pub(super) fn containers<'a>(
    documents: &'a [Value],
    name: &'a str,
) -> impl Iterator<Item = &'a Value> {
    let all = documents
        .iter()
        .flat_map(|each| list(&each["spec"]["template"]["spec"]["containers"]));
    all.filter(move |container| container["name"] == name)
}

/// The variables of a container; later ones win. Secrets have sample values.
pub(super) fn variables(documents: &[Value], name: &str) -> BTreeMap<String, String> {
    let rows = containers(documents, name).flat_map(|container| list(&container["env"]));
    let pairs = rows.map(|row| {
        let value = match &row["valueFrom"]["secretKeyRef"] {
            Value::Null => text(&row["value"]),
            secret => sample(text(&secret["key"])),
        };
        (text(&row["name"]).to_owned(), value.to_owned())
    });
    pairs.collect()
}

fn sample(key: &str) -> &'static str {
    match key {
        "DATABASE_URL" => "postgres://user:password@db.example:5432/database?sslmode=require",
        "GATEWAY_REDIS_URL" => "rediss://gateway:password@redis.example",
        "COUNTER_SECRET" | "JWT_SECRET" | "PEER_SECRET" => "0123456789abcdef0123456789abcdef",
        other => panic!("an unknown secret: {other}"),
    }
}

/// An image, as the Dockerfile describes it.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) ports: BTreeSet<u16>,
    pub(super) volume: Option<String>,
}

/// The images of the programs, by the names of the Dockerfile's targets.
pub(super) fn images() -> BTreeMap<String, Image> {
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    let mut image = None;
    for line in read("Dockerfile").lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "FROM" {
            image = rest.strip_prefix("runtime AS ").map(str::to_owned);
        }
        let Some(name) = &image else { continue };
        let image = images.entry(name.clone()).or_default();
        let words = rest.split(' ');
        match word {
            "ENV" => image.variables.extend(words.map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })),
            "EXPOSE" => image
                .ports
                .extend(words.map(|port| port.parse::<u16>().unwrap())),
            "VOLUME" => image.volume = Some(rest.to_owned()),
            _ => {}
        }
    }
    images
}

/// The port of each program, by the base.
pub(super) fn ports() -> BTreeMap<String, u64> {
    let base = documents("base");
    let names = images().into_keys();
    names
        .map(|name| {
            let container = containers(&base, &name).next().unwrap();
            let port = container["ports"][0]["containerPort"].as_u64().unwrap();
            (name, port)
        })
        .collect()
}
