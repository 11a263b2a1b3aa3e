//! Reads a line of Prometheus' text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>), as the gateway writes it.

/// One value of a series.
#[derive(Debug, PartialEq)]
pub(super) struct Sample<'t> {
    pub(super) name: &'t str,
    labels: &'t str,
    pub(super) value: f64,
}

impl<'t> Sample<'t> {
    /// `None` for a comment, and for anything else without a value.
    pub(super) fn of(line: &'t str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let value = value.parse().ok()?;
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (series, ""),
        };
        let is_series = !name.starts_with('#');
        is_series.then_some(Self {
            name,
            labels,
            value,
        })
    }

    /// The value of a label; empty if there is none.
    pub(super) fn label(&self, name: &str) -> String {
        let mut rest = self.labels;
        while let Some((key, quoted)) = rest.split_once("=\"") {
            let (value, after) = unquoted(quoted);
            if key.trim_start_matches(',') == name {
                return value;
            }
            rest = after;
        }
        String::new()
    }
}

/// The text up to the closing quote, and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some(escaped) => value.push(escaped),
                None => break,
            },
            _ => value.push(c),
        }
    }
    (value, chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn a_label_may_hold_quotes_commas_and_braces() {
        let sample = Sample::of(r#"n{a="1",b="x\"y\\,}=\"z\n",c=""} 12.5"#).unwrap();
        assert_eq!((sample.name, sample.value), ("n", 12.5));
        assert_eq!(sample.label("a"), "1");
        assert_eq!(sample.label("b"), "x\"y\\,}=\"z\n");
        assert_eq!(sample.label("c"), "");
        assert_eq!(sample.label("d"), "");
    }

    #[test]
    fn comments_and_broken_lines_are_no_samples() {
        for line in ["# TYPE n counter", "# HELP n 1", "", "n", "n{ 1", "n x"] {
            assert_eq!(Sample::of(line), None, "{line}");
        }
        assert_eq!(Sample::of("n 1").unwrap().label("a"), "");
    }
}
