//! Says what was probably meant by an unknown name.

/// The end of a refusal: `; did you mean stock?`, or all known names.
pub(crate) fn known(given: &str, known: &[&str]) -> String {
    let distance = |name: &&&str| strsim::damerau_levenshtein(given, name);
    let nearest = known.iter().min_by_key(distance);
    // A third of the letters may be wrong: beyond that, any guess would mislead.
    let meant = nearest.filter(|name| 3 * distance(name) <= name.len().max(3));
    match meant {
        Some(name) => format!("; did you mean {name}?"),
        None if known.is_empty() => "; there are none".to_owned(),
        None => format!("; expected one of {}", known.join(", ")),
    }
}
