//! Tests of the names in other applications: the tables of `docs/API.md` are those of the story
//! that runs a collection in these names, and every name here is one of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::hold;
use crate::read;

fn renames() -> Value {
    serde_json::from_str(&read(
        "integration-tests/tests/stories/collection/renames.json",
    ))
    .unwrap()
}

fn rows<'v>(renames: &'v Value, list: &str) -> impl Iterator<Item = &'v Value> {
    renames[list].as_array().unwrap().iter()
}

/// `elsewhere` → `here`, for each name.
fn pairs(names: &Value) -> String {
    let pairs = names.as_object().unwrap().iter();
    let pairs =
        pairs.map(|(elsewhere, here)| format!("`{elsewhere}` → `{}`", here.as_str().unwrap()));
    Vec::from_iter(pairs).join(", ")
}

/// Each path once, with its method if another method leads elsewhere.
fn paths(renames: &Value) -> String {
    let split = |route: &Value, name: &str| -> (String, String) {
        let (method, path) = route[name].as_str().unwrap().split_once(' ').unwrap();
        (method.to_owned(), path.to_owned())
    };
    let routes: Vec<_> = rows(renames, "routes")
        .map(|route| (split(route, "elsewhere"), split(route, "here")))
        .collect();
    let mut lines = Vec::new();
    for ((method, elsewhere), (_, here)) in &routes {
        let mut same = routes.iter().filter(|((_, other), _)| other == elsewhere);
        let line = if same.all(|(_, (_, target))| target == here) {
            format!("| `{elsewhere}` | `{here}` |\n")
        } else {
            format!("| `{method} {elsewhere}` | `{here}` |\n")
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.concat()
}

/// With `WRITE_DOCS=1`, this writes the tables.
#[test]
fn the_tables_of_names_in_other_applications_are_those_of_the_collection() {
    let renames = renames();
    for (file, lang, [elsewhere, here, fields, values, names]) in [
        (
            "docs/API.md",
            "en",
            [
                "Path elsewhere",
                "Path here",
                "Fields",
                "Values",
                "Elsewhere → here",
            ],
        ),
        (
            "docs/API.fr.md",
            "fr",
            [
                "Chemin ailleurs",
                "Chemin ici",
                "Champs",
                "Valeurs",
                "Ailleurs → ici",
            ],
        ),
    ] {
        let head = |a: &str, b: &str| format!("| {a} | {b} |\n|---|---|\n");
        let line = |row: &Value, names: &str| -> String {
            let label = row[lang].as_str().unwrap();
            match pairs(&row[names]) {
                pairs if pairs.is_empty() => String::new(),
                pairs => format!("| {label} | {pairs} |\n"),
            }
        };
        hold(file, elsewhere, &(head(elsewhere, here) + &paths(&renames)));
        let lines = rows(&renames, "names").map(|row| line(row, "fields"));
        hold(
            file,
            fields,
            &(head(fields, names) + &String::from_iter(lines)),
        );
        let lines = rows(&renames, "values").map(|row| line(row, "values"));
        hold(
            file,
            values,
            &(head(values, names) + &String::from_iter(lines)),
        );
    }
}

/// The names of properties and parameters, and the texts of enumerations.
fn known(value: &Value, names: &mut BTreeSet<String>, values: &mut BTreeSet<String>) {
    if let Some(properties) = value["properties"].as_object() {
        names.extend(properties.keys().cloned());
    }
    let listed = value["enum"].as_array().into_iter().flatten();
    values.extend(listed.filter_map(Value::as_str).map(str::to_owned));
    match value {
        Value::Object(fields) => fields.values().for_each(|one| known(one, names, values)),
        Value::Array(all) => all.iter().for_each(|one| known(one, names, values)),
        _ => {}
    }
}

#[test]
fn every_name_here_is_one_of_the_api() {
    let renames = renames();
    let document: Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    let (mut names, mut values) = (BTreeSet::new(), BTreeSet::new());
    known(&document, &mut names, &mut values);
    for route in rows(&renames, "routes") {
        let (method, path) = route["here"].as_str().unwrap().split_once(' ').unwrap();
        // A parameter may have another name there.
        let path = path.replace("/suivi/{id}", "/suivi/{commandeId}");
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(operation.is_object(), "{route}");
    }
    for (list, field, known) in [("names", "fields", &names), ("values", "values", &values)] {
        for row in rows(&renames, list) {
            let here = row[field].as_object().unwrap().values();
            let here: Vec<_> = here.map(|name| name.as_str().unwrap()).collect();
            assert!(here.iter().all(|name| known.contains(*name)), "{row}");
            let different = BTreeSet::from_iter(&here);
            assert_eq!(different.len(), here.len(), "two names for one: {row}");
        }
    }
}
