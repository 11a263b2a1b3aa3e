//! Tells which characters are invisible, by Unicode's own tables.

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Looks blank, although Unicode counts it among the symbols.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether it is one of the twelve characters of Unicode's bidirectional algorithm (UAX #9 §2) that
/// change the direction of the text around them. They can show one name as another.
#[must_use]
pub fn turns_direction(c: char) -> bool {
    CodePointSetData::new::<BidiControl>().contains(c)
}

/// Whether it is a control character, a line separator or a paragraph separator.
#[must_use]
pub fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether it shows nothing, or a blank.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c == BRAILLE_BLANK
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || is_format(c)
}

/// A format character without a shape. A few, such as the Arabic number sign, have one.
fn is_format(c: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format
        && !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::{breaks_line, is_invisible, turns_direction};

    #[test]
    fn every_control_of_direction_is_known_and_no_letter_is_one() {
        let controls = ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}');
        for control in controls {
            assert!(turns_direction(control), "{control:?}");
            assert!(is_invisible(control), "{control:?}");
        }
        for letter in ['a', 'é', 'ا', 'א', '李', '\u{200d}'] {
            assert!(!turns_direction(letter), "{letter:?}");
        }
    }

    #[test]
    fn characters_without_a_shape_are_invisible_and_others_are_not() {
        for nothing in [
            ' ',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{2060}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{e0041}',
            '\u{0}',
        ] {
            assert!(is_invisible(nothing), "{nothing:?}");
        }
        // The Arabic number sign is a format character that is visible.
        for shape in ['a', '7', 'é', '李', 'ا', '🍽', '-', '\u{600}'] {
            assert!(!is_invisible(shape), "{shape:?}");
        }
    }

    #[test]
    fn a_line_is_broken_by_unicodes_separators_too() {
        for broken in ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{0}'] {
            assert!(breaks_line(broken), "{broken:?}");
        }
        assert!(!breaks_line(' '));
    }
}
