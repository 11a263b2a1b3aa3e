//! A case of the suite.

use crate::product::Product;
use crate::verdict::Verdict;

#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// In words: the input or event, and the right reaction.
    pub(crate) name: &'static str,
    /// The section that requires it, or the reason.
    pub(crate) cites: &'static str,
    /// Whether only this gateway promises it, so that other products are not asked.
    pub(crate) is_ours: bool,
    pub(crate) judge: fn(Product) -> Verdict,
}

/// Cases of one kind, with their heading in the report.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) tables: &'static [&'static [Case]],
}

impl Group {
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.tables.iter().copied().flatten()
    }
}

/// A requirement on every intermediary.
pub(crate) const fn case(
    name: &'static str,
    cites: &'static str,
    judge: fn(Product) -> Verdict,
) -> Case {
    Case {
        name,
        cites,
        is_ours: false,
        judge,
    }
}

/// A further promise of this gateway.
pub(crate) const fn ours(
    name: &'static str,
    cites: &'static str,
    judge: fn(Product) -> Verdict,
) -> Case {
    Case {
        is_ours: true,
        ..case(name, cites, judge)
    }
}
