//! A row of the suite.

use crate::product::Product;
use crate::verdict::Verdict;

#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// In words: what is sent or happens, and what is right.
    pub(crate) name: &'static str,
    /// The section that asks for it, or the reason.
    pub(crate) cites: &'static str,
    /// It is about something that only this gateway promises, and is not asked of others.
    pub(crate) is_ours: bool,
    pub(crate) judge: fn(Product) -> Verdict,
}

/// Cases of one kind, with the heading they have in the report.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) tables: &'static [&'static [Case]],
}

impl Group {
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.tables.iter().copied().flatten()
    }
}

/// What is right for every intermediary.
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

/// What this gateway promises beyond that.
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
