//! The order of the alphabet, as a reader expects it: `Abricot, Éclair, Œuf, zeste`.
//!
//! Accents, ligatures and case only decide between words that are equal otherwise, and numbers are
//! ordered by their value. This is the root collation of Unicode (UTS #10 with CLDR's data), which
//! French and English use unchanged. Databases collate text differently, so they are not asked.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::preferences::CollationNumericOrdering;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};

/// The data is part of the program, so it is never missing.
static ROOT: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let mut preferences = CollatorPreferences::default();
    preferences.numeric_ordering = Some(CollationNumericOrdering::True);
    Collator::try_new(preferences, CollatorOptions::default()).ok()
});

/// Two texts are equal only if they are the same text.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let collated = ROOT.as_ref().map(|root| root.compare(one, other));
    collated.unwrap_or(Ordering::Equal).then(one.cmp(other))
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::compare;

    #[test]
    fn names_are_in_the_order_of_a_dictionary() {
        let ordered = [
            "2 huîtres",
            "10 huîtres",
            "abricot",
            "Abricot",
            "Ça va",
            "cassoulet",
            "cote de bœuf",
            "côte de bœuf",
            "Côte de veau",
            "Crème brûlée",
            "Crème caramel",
            "Éclair",
            "Œuf dur",
            "Oeuf mimosa",
            "Œufs mayonnaise",
            "Omelette",
            "zeste",
            "Ψάρι",
            "تبولة",
        ];
        let mut shuffled = ordered;
        shuffled.reverse();
        shuffled.sort_by(|one, other| compare(one, other));
        assert_eq!(shuffled, ordered);
    }

    #[test]
    fn only_the_same_text_is_equal() {
        assert_eq!(compare("Éclair", "Éclair"), Ordering::Equal);
        // The same word in another composition.
        assert_ne!(compare("Éclair", "E\u{301}clair"), Ordering::Equal);
        let (one, other) = ("Éclair", "E\u{301}clairs");
        assert_eq!(compare(one, other), Ordering::Less);
        assert_eq!(compare(other, one), Ordering::Greater);
    }
}
