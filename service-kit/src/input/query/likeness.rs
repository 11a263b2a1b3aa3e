//! Whether an unknown parameter is meant to be a known one.

/// Shorter names are too like others, and frontends add short ones to get past caches (`t`, `_`).
const SHORTEST: usize = 4;

/// The parameter that `name` is meant to be: in another case or with other separators, another word
/// for it, or misspelled.
pub(super) fn meant(
    name: &str,
    known: &[&'static str],
    other_words: &[(&'static str, &'static str)],
) -> Option<&'static str> {
    let written = letters(name);
    let mut same = known.iter().filter(|known| letters(known) == written);
    if let Some(known) = same.next() {
        return Some(known);
    }
    let mut words = other_words.iter();
    if let Some((_, known)) = words.find(|(word, _)| letters(word) == written) {
        return Some(known);
    }
    let near = known
        .iter()
        .map(|known| (distance(&written, &letters(known)), known));
    let near = near.filter(|(distance, known)| *distance <= tolerated(known.len()));
    let (_, known) = near.min_by_key(|(distance, _)| *distance)?;
    Some(known)
}

/// One slip in a short name, two in a long one.
fn tolerated(length: usize) -> usize {
    match length {
        0..SHORTEST => 0,
        SHORTEST..6 => 1,
        _ => 2,
    }
}

fn letters(name: &str) -> Vec<char> {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// How many letters were left out, added, replaced, or exchanged with the next one (optimal string
/// alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    // A name that is so much longer is none of these; its length could be kilobytes.
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut least = (cell(&row, j) + 1)
                .min(cell(&last, j + 1) + 1)
                .min(cell(&last, j) + usize::from(from != to));
            let exchanged =
                i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if exchanged {
                least = least.min(cell(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::meant;

    const KNOWN: [&str; 7] = [
        "clientId", "status", "limit", "cursor", "sort", "from", "to",
    ];
    const OTHER_WORDS: [(&str, &str); 2] = [("page", "cursor"), ("état", "status")];

    #[test]
    fn a_slip_another_case_and_another_word_are_recognised() {
        for (name, known) in [
            ("client_id", "clientId"),
            ("CLIENTID", "clientId"),
            ("clientid[]", "clientId"),
            ("cleintId", "clientId"),
            ("statut", "status"),
            ("stauts", "status"),
            ("stats", "status"),
            ("limits", "limit"),
            ("form", "from"),
            ("TO", "to"),
            ("Page", "cursor"),
            ("État", "status"),
        ] {
            assert_eq!(meant(name, &KNOWN, &OTHER_WORDS), Some(known), "{name}");
        }
    }

    #[test]
    fn a_frontends_own_parameter_is_none_of_them() {
        for name in [
            "_",
            "t",
            "ts",
            "v",
            "colour",
            "lang",
            "utm_source",
            "no",
            "bytes",
            "",
        ] {
            assert_eq!(meant(name, &KNOWN, &OTHER_WORDS), None, "{name}");
        }
        assert_eq!(meant(&"s".repeat(8000), &KNOWN, &OTHER_WORDS), None);
    }
}
