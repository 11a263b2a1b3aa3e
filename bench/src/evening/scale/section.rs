//! A part of the report of `scale`: what was measured, and which limits were not kept.

use std::fmt::{self, Display};

use crate::Error;

pub(super) struct Section {
    title: &'static str,
    texts: Vec<String>,
    wrong: Vec<String>,
}

/// The report of all parts that were run.
pub(super) struct Report(pub(super) Vec<Section>);

impl Section {
    pub(super) fn new(title: &'static str) -> Self {
        Self {
            title,
            texts: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// Adds a paragraph or a table.
    pub(super) fn text(&mut self, text: String) {
        self.texts.push(text);
    }

    /// Notes a limit that was not kept.
    pub(super) fn check(&mut self, is_kept: bool, wrong: impl FnOnce() -> String) {
        if !is_kept {
            self.wrong.push(wrong());
        }
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### {}", self.title)?;
        for text in &self.texts {
            writeln!(f, "\n{}", text.trim_end())?;
        }
        for wrong in &self.wrong {
            writeln!(f, "\n**Not kept:** {wrong}.")?;
        }
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|section| write!(f, "{section}"))
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// A limit was not kept; the error names it.
    fn verdict(&self) -> Result<(), Error> {
        let wrong = self.0.iter().flat_map(|section| &section.wrong);
        let wrong: Vec<_> = wrong.map(String::as_str).collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!("limits were not kept:\n- {}", wrong.join("\n- ")).into()),
        }
    }
}
