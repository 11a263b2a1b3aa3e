//! The result of a case. A deviation says in a few words what the product did instead, for a
//! footnote of the report, with details for whoever investigates.

use std::fmt;

/// A product did not do the right thing.
#[derive(Debug)]
pub(crate) struct Deviation {
    /// In the words of a footnote: "answered 200".
    pub(crate) did: String,
    pub(crate) detail: String,
}

pub(crate) type Verdict<T = ()> = Result<T, Deviation>;

impl Deviation {
    pub(crate) fn new(did: impl Into<String>, detail: impl fmt::Debug) -> Self {
        Self {
            did: did.into(),
            detail: format!("{detail:?}"),
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.did, self.detail)
    }
}

/// `did` describes what the product did if `holds` is false.
pub(crate) fn ensure(holds: bool, did: &str, detail: impl fmt::Debug) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(Deviation::new(did, detail))
    }
}

/// Judges every variant, so that one deviation does not hide another.
pub(crate) fn each<V: fmt::Display>(
    variants: impl IntoIterator<Item = V>,
    judge: impl Fn(&V) -> Verdict,
) -> Verdict {
    let mut deviations: Vec<(String, Vec<String>)> = Vec::new();
    let mut details = Vec::new();
    for variant in variants {
        let Err(deviation) = judge(&variant) else {
            continue;
        };
        let shown = format!("`{}`", variant.to_string().escape_debug());
        details.push(format!("{shown}: {deviation}"));
        match deviations.iter_mut().find(|(did, _)| *did == deviation.did) {
            Some((_, shared)) => shared.push(shown),
            None => deviations.push((deviation.did, vec![shown])),
        }
    }
    if deviations.is_empty() {
        return Ok(());
    }
    let did: Vec<_> = deviations
        .into_iter()
        .map(|(did, variants)| format!("{did} ({})", variants.join(", ")))
        .collect();
    Err(Deviation {
        did: did.join("; "),
        detail: details.join("\n"),
    })
}
