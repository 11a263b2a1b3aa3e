//! A price as people write it: `8.5`, `8,50 €`, `€8.50`, `8€50`, `1 234,50`.
//!
//! It is read digit by digit into cents, so nothing is rounded. A text with two readings, such as
//! `1,234`, is refused: a price that is wrong by a factor of a thousand would be sold.

use shared_types::text::Text;
use shared_types::value::Price;

pub(super) fn parse(text: &str) -> Result<Price, Text> {
    cents(text)
        .and_then(Price::from_cents)
        .ok_or_else(|| Text::fixed(|say| say.menu.amount))
}

fn cents(text: &str) -> Option<i64> {
    let plain = without_currency(text)?;
    let mut marks = plain.chars().filter(|c| matches!(c, '.' | ','));
    let decimal = match (marks.next(), marks.next_back()) {
        (None, _) => None,
        // The last of two different marks comes before the decimals; equal ones group thousands.
        (Some(first), Some(last)) if first == last => None,
        (Some(mark), None) | (Some(_), Some(mark)) => Some(mark),
    };
    let (whole, fraction) = match decimal.and_then(|mark| plain.rsplit_once(mark)) {
        Some((whole, fraction)) => (whole, fraction),
        None => (plain.as_str(), ""),
    };
    let hundredths = match fraction.as_bytes() {
        [] if decimal.is_none() => 0,
        [tenths] => digit(*tenths)? * 10,
        [tenths, hundredths] => digit(*tenths)? * 10 + digit(*hundredths)?,
        _ => return None,
    };
    euros(whole)?.checked_mul(100)?.checked_add(hundredths)
}

/// Without blanks at the ends and the sign of the euro. One between digits is the decimal mark:
/// `8€50`.
fn without_currency(text: &str) -> Option<String> {
    let text = text.trim().replace("EUR", "€").replace("eur", "€");
    let text = text.replace("€os", "€").replace("€o", "€");
    let mut parts = text.splitn(3, '€').map(str::trim);
    match (parts.next()?, parts.next(), parts.next()) {
        (amount, None, _) | (amount, Some(""), None) | ("", Some(amount), None) => {
            Some(amount.to_owned())
        }
        (euros, Some(cents), None) if cents.len() == 2 && !euros.contains(['.', ',']) => {
            Some(format!("{euros},{cents}"))
        }
        _ => None,
    }
}

/// Groups of three digits may be apart.
fn euros(text: &str) -> Option<i64> {
    let mut groups = text.split([' ', '\u{a0}', '\u{202f}', '\'', '.', ',']);
    let first = groups.next()?;
    let mut digits = first.to_owned();
    let mut is_grouped = false;
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
        is_grouped = true;
    }
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || (is_grouped && !(1..=3).contains(&first.len())) {
        return None;
    }
    digits.parse().ok()
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use shared_types::value::Price;

    use super::parse;

    #[test]
    fn a_price_is_read_as_it_is_printed_on_a_menu() {
        for (text, cents) in [
            ("8.5", 850),
            ("8,50 €", 850),
            ("8.50", 850),
            ("€8.50", 850),
            ("€ 8", 800),
            ("8€50", 850),
            ("8 € 50", 850),
            ("12", 1200),
            ("12 EUR", 1200),
            ("12 euros", 1200),
            ("0,90€", 90),
            ("8,50\u{a0}€", 850),
            ("1 234,50 €", 123_450),
            ("1\u{202f}234,50", 123_450),
            ("1,234.50", 123_450),
            ("1.234,50", 123_450),
            ("1.000.000", 100_000_000),
            ("0", 0),
        ] {
            assert_eq!(parse(text).map(Price::cents), Ok(cents), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_price_or_has_two_readings_is_refused() {
        for bad in [
            "",
            "€",
            "abc",
            "-5",
            "8,505",
            "1.234",
            "1,234",
            "8,5,0",
            "8..5",
            "8.",
            ".5",
            "1 23",
            "8€5",
            "8€50€",
            "$8",
            "8,50 £",
            "1 000 001",
            "12345 678",
            "٣",
            "1e3",
            "8,50-9,50",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn every_price_is_read_back(cents in 0_i64..=100_000_000) {
            let price = Price::from_cents(cents).unwrap();
            for text in [format!("{},{:02} €", cents / 100, cents % 100), format!("€{}.{:02}", cents / 100, cents % 100)] {
                assert_eq!(parse(&text), Ok(price), "{text}");
            }
        }
    }
}
