//! The words of the page, which is a file of `docs` in each language.

mod en;
mod fr;

pub(crate) const PAGES: [Words; 2] = [en::WORDS, fr::WORDS];

pub(crate) struct Words {
    pub(crate) file: &'static str,
    /// Above the rows' first two cells.
    pub(crate) titles: &'static str,
    pub(crate) works: &'static str,
    pub(crate) works_degraded: &'static str,
    pub(crate) stale: &'static str,
    pub(crate) partial: &'static str,
    pub(crate) kept: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) killed: &'static str,
    pub(crate) frozen: &'static str,
    pub(crate) slow: &'static str,
    pub(crate) failing: &'static str,
    /// What stands before the table.
    pub(crate) intro: &'static str,
}
