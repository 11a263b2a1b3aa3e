//! What is printed for people. Logs, answers of the operator's port and files come from outside,
//! and must not command the reader's terminal.

use std::fmt::Write as _;
use std::process::ExitCode;

use service_kit::env::ConfigError;
use service_kit::program;
use shared_types::field::visible::{breaks_line, turns_direction};

/// One line, with a blank for each control character and for each character that turns the
/// direction of the text.
#[must_use]
pub fn plain(text: &str) -> String {
    let shown = text.chars().map(|c| if commands(c) { ' ' } else { c });
    shown.collect()
}

/// The same of each line of a text.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n")
}

/// JSON that says the same and has these characters as escapes. JSON has them in texts only, but
/// for the blanks between its values.
pub(super) fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if commands(c) && !matches!(c, '\n' | '\r' | '\t') {
            // Writing to a text does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn commands(c: char) -> bool {
    breaks_line(c) || turns_direction(c)
}

/// Names the invalid setting, which may be of a file of somebody else's.
pub(super) fn refuse(error: &ConfigError) -> ExitCode {
    let (name, reason) = (plain(&error.name), plain_lines(&error.reason));
    program::refuse("gateway", &ConfigError::new(name, reason))
}

#[cfg(test)]
mod tests {
    use super::{json, plain, plain_lines};

    const COMMANDS: &str = "a\u{1b}b\u{7f}c\u{9b}d\u{202e}e\u{2028}f\rg";

    #[test]
    fn no_character_commands_the_terminal() {
        assert_eq!(plain(COMMANDS), "a b c d e f g");
        assert_eq!(plain("é 李 🍽\n"), "é 李 🍽 ");
        assert_eq!(plain_lines("one\u{1b}\ntwo\n"), "one \ntwo");
    }

    #[test]
    fn json_says_the_same_without_them() {
        let value = serde_json::json!({ COMMANDS: [COMMANDS, "é"] });
        let shown = json(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(plain_lines(&shown), shown);
        assert_eq!(shown.parse::<serde_json::Value>().unwrap(), value);
    }
}
