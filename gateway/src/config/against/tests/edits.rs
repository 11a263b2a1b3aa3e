//! Edits of the compiled-in file, one thing each.

use toml::{Table, Value};

const SHIPPED: &str = include_str!("../../../../gateway.toml");

#[derive(Debug)]
pub(super) struct Edit {
    pub(super) title: String,
    /// The routes, features and upstreams that the report must name.
    pub(super) names: Vec<String>,
    pub(super) old: Table,
    pub(super) new: Table,
}

/// The compiled-in file without its console and the further routes of its features: a route that they
/// name could not be dropped.
pub(super) fn shipped() -> Table {
    let mut file: Table = SHIPPED.parse().unwrap();
    let _ = file.remove("console").unwrap();
    for (_, feature) in file["features"].as_table_mut().unwrap() {
        let _ = feature.as_table_mut().unwrap().remove("routes");
    }
    file
}

fn value(text: &str) -> Value {
    let table: Table = format!("value = {text}").parse().unwrap();
    table["value"].clone()
}

fn rows<'t>(file: &'t mut Table, upstream: &str) -> &'t mut Vec<Value> {
    file["routes"][upstream].as_array_mut().unwrap()
}

fn row<'t>(file: &'t mut Table, (upstream, index): (&str, usize)) -> &'t mut Table {
    rows(file, upstream)[index].as_table_mut().unwrap()
}

fn table<'t>(file: &'t mut Table, kind: &str, name: &str) -> &'t mut Table {
    file[kind][name].as_table_mut().unwrap()
}

fn names_of(file: &Table, kind: &str) -> Vec<String> {
    file[kind].as_table().unwrap().keys().cloned().collect()
}

/// Whether a row with an id in the place of the last segment would take the requests of a row, with
/// the same answers in an outage.
fn has_understudy(file: &mut Table, names: &[String]) -> bool {
    let mut all = Vec::new();
    for (upstream, index) in places(file) {
        all.extend(routes_of(row(file, (&upstream, index))));
    }
    names.iter().all(|name| {
        let (parent, last) = name.rsplit_once('/').unwrap();
        !last.starts_with('{') && all.contains(&format!("{parent}/{{id}}"))
    })
}

/// The upstream and index of each row.
fn places(file: &Table) -> Vec<(String, usize)> {
    let upstreams = file["routes"].as_table().unwrap().iter();
    let places = upstreams.flat_map(|(name, rows)| {
        let count = rows.as_array().unwrap().len();
        (0..count).map(|index| (name.clone(), index))
    });
    places.collect()
}

fn routes_of(row: &Table) -> Vec<String> {
    let path = row["path"].as_str().unwrap();
    let methods = row["methods"].as_array().unwrap().iter();
    methods
        .map(|method| format!("{} {path}", method.as_str().unwrap()))
        .collect()
}

fn is_stale(row: &Table) -> bool {
    row["outage"].as_str() == Some("stale")
}

/// Drops the features whose probe is one of the routes.
fn drop_features(file: &mut Table, routes: &[String]) {
    let features = file["features"].as_table_mut().unwrap();
    features.retain(|_, feature| {
        let probe = feature["probe"].as_str().unwrap();
        let is_of = |route: &String| {
            let stem = route.split('{').next().unwrap();
            probe == route || (route.contains('{') && probe.starts_with(stem))
        };
        !routes.iter().any(is_of)
    });
}

fn make_error(row: &mut Table) {
    for key in [
        "fresh",
        "stale_if_error",
        "stale_after",
        "shared",
        "query",
        "vary",
        "warm",
    ] {
        row.remove(key);
    }
    row.insert("outage".to_owned(), "error".into());
}

fn drop_invalidations(file: &mut Table) {
    for (upstream, index) in places(file) {
        row(file, (&upstream, index)).remove("invalidates");
    }
}

/// The file with one more stale row: the GET of each row that can be one.
fn with_stale_rows() -> Vec<(Table, (String, usize))> {
    let file = shipped();
    let mut found = Vec::new();
    for (upstream, index) in places(&file) {
        let mut file = file.clone();
        let place = (upstream.as_str(), index);
        let methods = row(&mut file, place)["methods"].as_array().unwrap().clone();
        if !methods.iter().any(|method| method.as_str() == Some("GET")) {
            continue;
        }
        if !is_stale(row(&mut file, place)) {
            let mut rest = row(&mut file, place).clone();
            let others = rest["methods"].as_array_mut().unwrap();
            others.retain(|method| method.as_str() != Some("GET"));
            if !others.is_empty() {
                rows(&mut file, &upstream).push(rest.into());
            }
            let row = row(&mut file, place);
            row.remove("idempotent");
            for (key, text) in [
                ("methods", "[\"GET\"]"),
                ("outage", "\"stale\""),
                ("fresh", "\"5s\""),
                ("stale_if_error", "\"1h\""),
                ("stale_after", "\"1s\""),
                ("shared", "true"),
            ] {
                row.insert(key.to_owned(), value(text));
            }
            if !row["path"].as_str().unwrap().contains('{') {
                row.insert("query".to_owned(), value("[]"));
                row.insert("warm".to_owned(), true.into());
            }
        }
        found.push((file, (upstream, index)));
    }
    found
}

#[derive(Default)]
pub(super) struct Edits(pub(super) Vec<Edit>);

impl Edits {
    fn add(
        &mut self,
        title: String,
        names: &[String],
        (old, edit): (&Table, impl FnOnce(&mut Table)),
    ) {
        let mut new = old.clone();
        edit(&mut new);
        self.0.push(Edit {
            title,
            names: names.to_vec(),
            old: old.clone(),
            new,
        });
    }

    pub(super) fn worsening() -> Self {
        let mut edits = Self::default();
        edits.of_stale_rows();
        edits.of_rows();
        edits.of_features();
        edits.of_upstreams();
        edits.of_aggregates();
        edits
    }

    fn of_stale_rows(&mut self) {
        for (file, (upstream, index)) in with_stale_rows() {
            let place = (upstream.as_str(), index);
            let mut copy = file.clone();
            let names = routes_of(row(&mut copy, place));
            self.add(
                format!("{names:?}: no stale answer"),
                &names,
                (&file, |file| {
                    drop_invalidations(file);
                    make_error(row(file, place));
                }),
            );
            for (key, text) in [
                ("stale_if_error", "\"59m\""),
                ("stale_if_error", "\"1s\""),
                ("fresh", "\"0s\""),
                ("shared", "false"),
                ("stale_after", "\"2s\""),
            ] {
                // Without `fresh`, the upstream says for how long.
                if key == "fresh" && !row(&mut copy, place).contains_key(key) {
                    continue;
                }
                self.add(
                    format!("{names:?}: {key} = {text}"),
                    &names,
                    (&file, |file| {
                        row(file, place).insert(key.to_owned(), value(text));
                    }),
                );
            }
            for key in ["fresh", "shared", "stale_after", "warm"] {
                if row(&mut copy, place).contains_key(key) {
                    self.add(
                        format!("{names:?}: no {key}"),
                        &names,
                        (&file, |file| {
                            row(file, place).remove(key);
                        }),
                    );
                }
            }
        }
    }

    fn of_rows(&mut self) {
        let mut file = shipped();
        for (upstream, index) in places(&file) {
            let place = (upstream.as_str(), index);
            let old = file.clone();
            let row_of = row(&mut file, place).clone();
            let names = routes_of(&row_of);
            if is_stale(&row_of) || !has_understudy(&mut file, &names) {
                self.add(
                    format!("{names:?}: removed"),
                    &names,
                    (&old, |file| {
                        if is_stale(&row_of) {
                            drop_invalidations(file);
                        }
                        rows(file, &upstream).remove(index);
                        drop_features(file, &names);
                    }),
                );
            }
            self.add(
                format!("{names:?}: a longer timeout"),
                &names,
                (&old, |file| {
                    row(file, place).insert("timeout".to_owned(), "1m".into());
                }),
            );
            if names.len() > 1 {
                for (method, name) in names.iter().enumerate() {
                    let name = [name.clone()];
                    self.add(
                        format!("{name:?}: removed"),
                        &name,
                        (&old, |file| {
                            row(file, place)["methods"]
                                .as_array_mut()
                                .unwrap()
                                .remove(method);
                            drop_features(file, &name);
                            // A row of GET alone has no key to honour.
                            if routes_of(row(file, place))
                                .iter()
                                .all(|one| one.starts_with("GET"))
                            {
                                row(file, place).remove("idempotent");
                            }
                        }),
                    );
                }
            }
            if row_of.contains_key("defer") {
                self.add(
                    format!("{names:?}: not kept"),
                    &names,
                    (&old, |file| {
                        let row = row(file, place);
                        row.remove("defer");
                        row.insert("outage".to_owned(), "error".into());
                    }),
                );
            }
            if row_of.contains_key("idempotent") {
                let changing: Vec<_> = names
                    .iter()
                    .filter(|name| !name.starts_with("GET"))
                    .cloned()
                    .collect();
                self.add(
                    format!("{names:?}: no key"),
                    &changing,
                    (&old, |file| {
                        row(file, place).remove("idempotent");
                    }),
                );
            }
        }
    }

    fn of_features(&mut self) {
        let file = shipped();
        let upstreams = names_of(&file, "upstreams");
        for name in names_of(&file, "features") {
            let names = [name.clone()];
            self.add(
                format!("{name}: removed"),
                &names,
                (&file, |file| {
                    file["features"].as_table_mut().unwrap().remove(&name);
                }),
            );
            for upstream in &upstreams {
                for key in ["needs", "uses"] {
                    let mut copy = file.clone();
                    let feature = table(&mut copy, "features", &name);
                    let has = |key: &str| {
                        let names = feature.get(key).and_then(Value::as_array);
                        names.is_some_and(|names| {
                            names.iter().any(|name| name.as_str() == Some(upstream))
                        })
                    };
                    if has("needs") || has(key) {
                        continue;
                    }
                    self.add(
                        format!("{name}: {key} {upstream}"),
                        &names,
                        (&file, |file| {
                            let feature = table(file, "features", &name);
                            let list = feature.entry(key).or_insert_with(|| value("[]"));
                            list.as_array_mut().unwrap().push(upstream.as_str().into());
                        }),
                    );
                }
            }
        }
    }

    fn of_upstreams(&mut self) {
        let file = shipped();
        for name in names_of(&file, "upstreams") {
            let names = [name.clone()];
            self.add(
                format!("{name}: no probe"),
                &names,
                (&file, |file| {
                    table(file, "upstreams", &name).remove("probe");
                }),
            );
            for (key, text) in [
                ("retries", "0"),
                ("timeout", "\"10s\""),
                ("connect_timeout", "\"2s\""),
            ] {
                self.add(
                    format!("{name}: {key} = {text}"),
                    &names,
                    (&file, |file| {
                        table(file, "upstreams", &name).insert(key.to_owned(), value(text));
                    }),
                );
            }
        }
    }

    fn of_aggregates(&mut self) {
        let file = shipped();
        for name in names_of(&file, "aggregates") {
            let mut copy = file.clone();
            let aggregate = table(&mut copy, "aggregates", &name);
            let paths = [&aggregate["path"], &aggregate["events"]["path"]];
            let routes = paths.map(|path| format!("GET {}", path.as_str().unwrap()));
            let parts: Vec<_> = aggregate["parts"]
                .as_table()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            self.add(
                format!("{name}: removed"),
                &routes,
                (&file, |file| {
                    file["aggregates"].as_table_mut().unwrap().remove(&name);
                    let probe = routes[0].replace("{commandeId}", "0");
                    let features = file["features"].as_table_mut().unwrap();
                    let of = probe.trim_end_matches('0');
                    features
                        .retain(|_, feature| !feature["probe"].as_str().unwrap().starts_with(of));
                }),
            );
            self.add(
                format!("{name}: no stream"),
                &routes[1..],
                (&file, |file| {
                    table(file, "aggregates", &name).remove("events");
                }),
            );
            for (key, text) in [
                ("timeout", "\"3s\""),
                ("stale_if_error", "\"59m\""),
                ("stale_if_error", "\"0s\""),
            ] {
                self.add(
                    format!("{name}: {key} = {text}"),
                    &routes,
                    (&file, |file| {
                        table(file, "aggregates", &name).insert(key.to_owned(), value(text));
                    }),
                );
            }
            for part in parts {
                let mut copy = file.clone();
                let aggregate = table(&mut copy, "aggregates", &name);
                if aggregate["parts"][&part].get("required").is_some() {
                    continue;
                }
                self.add(
                    format!("{name}: no {part}"),
                    &routes,
                    (&file, |file| {
                        let aggregate = table(file, "aggregates", &name);
                        aggregate["parts"].as_table_mut().unwrap().remove(&part);
                    }),
                );
                self.add(
                    format!("{name}: {part} is required"),
                    &routes,
                    (&file, |file| {
                        let aggregate = table(file, "aggregates", &name);
                        let part = aggregate["parts"][&part].as_table_mut().unwrap();
                        part.insert("required".to_owned(), true.into());
                    }),
                );
            }
        }
    }

    pub(super) fn neutral() -> Self {
        let mut edits = Self::default();
        let old = shipped();
        let with = |kind: &'static str, name: &str, key: &'static str, text: &str| {
            let (name, text) = (name.to_owned(), value(text));
            move |file: &mut Table| {
                table(file, kind, &name).insert(key.to_owned(), text);
            }
        };
        for name in names_of(&old, "upstreams") {
            edits.add(
                format!("{name}: rows reversed"),
                &[],
                (&old, |file| {
                    rows(file, &name).reverse();
                }),
            );
            edits.add(
                format!("{name}: renamed"),
                &[],
                (&old, |file| rename(file, &name)),
            );
            for (key, text) in [
                ("label", "\"Another name\""),
                ("url", "\"http://other.example:1/v2\""),
                ("probe", "\"/healthy\""),
                ("idle_timeout", "\"1s\""),
                ("compress", "true"),
                ("breaker", "{ failures = 50, open = \"10s\" }"),
                ("concurrency", "{ requests = 10 }"),
            ] {
                let edit = with("upstreams", &name, key, text);
                edits.add(format!("{name}: {key} = {text}"), &[], (&old, edit));
            }
            edits.add(
                format!("{name}: a new route"),
                &[],
                (&old, |file| {
                    let row = "{ path = \"/new/{id}\", methods = [\"GET\"], outage = \"error\" }";
                    rows(file, &name).push(value(row));
                }),
            );
        }
        for (key, text) in [
            ("uri", "\"16KiB\""),
            ("request_body", "\"2MiB\""),
            ("connections", "20000"),
            ("head_timeout", "\"20s\""),
            ("stall_timeout", "\"1m\""),
            ("idle_timeout", "\"2m\""),
            ("rate", "\"6000/10s\""),
            ("cache", "\"32MiB\""),
            ("memory", "\"128MiB\""),
        ] {
            edits.add(
                format!("limits.{key} = {text}"),
                &[],
                (&old, |file| {
                    file["limits"]
                        .as_table_mut()
                        .unwrap()
                        .insert(key.to_owned(), value(text));
                }),
            );
        }
        for (upstream, index) in places(&old) {
            let place = (upstream.as_str(), index);
            for (key, text) in [
                ("rate_limit", "\"7/1m\""),
                ("request_body", "\"2MiB\""),
                ("compress", "true"),
                ("compress", "false"),
            ] {
                edits.add(
                    format!("{place:?}: {key} = {text}"),
                    &[],
                    (&old, |file| {
                        row(file, place).insert(key.to_owned(), value(text));
                    }),
                );
            }
            edits.add(
                format!("{place:?}: another target"),
                &[],
                (&old, |file| {
                    let row = row(file, place);
                    let to = format!("/v2{}", row["to"].as_str().unwrap());
                    row.insert("to".to_owned(), to.into());
                }),
            );
            edits.add(
                format!("{place:?}: another name of the id"),
                &[],
                (&old, |file| {
                    let path = row(file, place)["path"].clone();
                    // Two rows of one path must name its id alike.
                    let rows = file["routes"][place.0].as_array_mut().unwrap();
                    let rows = rows.iter_mut().map(|row| row.as_table_mut().unwrap());
                    for row in rows.filter(|row| row["path"] == path) {
                        for key in ["path", "to"] {
                            let text = row[key].as_str().unwrap().replace("{id}", "{key}");
                            row.insert(key.to_owned(), text.into());
                        }
                    }
                }),
            );
        }
        edits.add(
            "features: a new feature".to_owned(),
            &[],
            (&old, |file| {
                let feature = value("{ needs = [\"orders\"], probe = \"GET /orders\" }");
                file["features"]
                    .as_table_mut()
                    .unwrap()
                    .insert("new".to_owned(), feature);
            }),
        );
        edits
    }
}

/// Renames an upstream wherever its name stands.
fn rename(file: &mut Table, name: &str) {
    for kind in ["upstreams", "routes"] {
        let tables = file[kind].as_table_mut().unwrap();
        let moved = tables.remove(name).unwrap();
        tables.insert(format!("new-{name}"), moved);
    }
    let renamed = |value: &mut Value| {
        if value.as_str() == Some(name) {
            *value = format!("new-{name}").into();
        }
    };
    for (_, rows) in file["routes"].as_table_mut().unwrap().iter_mut() {
        for row in rows.as_array_mut().unwrap() {
            row.get_mut("defer").into_iter().for_each(renamed);
        }
    }
    for (_, aggregate) in file["aggregates"].as_table_mut().unwrap().iter_mut() {
        for (_, part) in aggregate["parts"].as_table_mut().unwrap().iter_mut() {
            renamed(&mut part["upstream"]);
            if let Some(otherwise) = part.get_mut("otherwise") {
                renamed(&mut otherwise["upstream"]);
            }
        }
    }
    for (_, feature) in file["features"].as_table_mut().unwrap().iter_mut() {
        for key in ["needs", "uses"] {
            let names = feature.get_mut(key).and_then(Value::as_array_mut);
            names.into_iter().flatten().for_each(renamed);
        }
    }
}
