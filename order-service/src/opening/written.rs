//! Opening hours as text, in the notation that OpenStreetMap has made known:
//! `Tu-Sa 12:00-14:30,19:00-22:30; Su 12:00-15:00; 2026-12-25 off`.
//!
//! Rules are separated by `;` or line breaks. A rule has days and hours. Days are weekdays, in
//! English or French (`Tu`, `Mar`, `mardi`), or a date, or two dates with `/` between them. Hours
//! are slots, or `off`. For one day, a later rule replaces an earlier one; a date replaces the
//! weekday.

use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};
use shared_types::order::opening::SlotHours;

const WEEKDAYS: [[&str; 2]; 7] = [
    ["monday", "lundi"],
    ["tuesday", "mardi"],
    ["wednesday", "mercredi"],
    ["thursday", "jeudi"],
    ["friday", "vendredi"],
    ["saturday", "samedi"],
    ["sunday", "dimanche"],
];

const DAY: u16 = 24 * 60;

/// More than any restaurant writes. It bounds the work of a request.
const MAX_RULES: usize = 500;

/// Minutes after the midnight with which its day begins. After midnight, `end` is above [`DAY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) begin: u16,
    pub(super) end: u16,
}

/// Days with hours of their own.
#[derive(Clone, Debug)]
pub(super) struct Exception {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
    pub(super) slots: Vec<Slot>,
}

/// The hours of a week, and the exceptions.
#[derive(Clone, Debug, Default)]
pub struct Hours {
    /// From Monday on.
    week: [Vec<Slot>; 7],
    /// The last that holds a date counts.
    exceptions: Vec<Exception>,
}

enum Days {
    Weekdays([bool; 7]),
    Dates(NaiveDate, NaiveDate),
}

impl Slot {
    pub(super) fn shown(self) -> SlotHours {
        let shown = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let end = match self.end {
            after if after > DAY => after - DAY,
            end => end,
        };
        SlotHours {
            from: shown(self.begin),
            to: shown(end),
        }
    }
}

impl Hours {
    /// The slots that begin on a day, the first first.
    pub(super) fn slots_on(&self, date: NaiveDate) -> &[Slot] {
        let mut latest = self.exceptions.iter().rev();
        if let Some(exception) = latest.find(|days| (days.first..=days.last).contains(&date)) {
            return &exception.slots;
        }
        let weekday = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or(0);
        self.week.get(weekday).map_or(&[], Vec::as_slice)
    }

    pub(super) fn week(&self) -> impl Iterator<Item = &[Slot]> {
        self.week.iter().map(Vec::as_slice)
    }

    pub(super) fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter()
    }

    fn apply(&mut self, days: Days, slots: Vec<Slot>) {
        match days {
            Days::Weekdays(chosen) => {
                let week = self.week.iter_mut().zip(chosen);
                for (day, _) in week.filter(|(_, is_chosen)| *is_chosen) {
                    day.clone_from(&slots);
                }
            }
            Days::Dates(first, last) => self.exceptions.push(Exception { first, last, slots }),
        }
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut hours = Self::default();
        let rules = text.split([';', '\n']).map(str::trim);
        let rules: Vec<_> = rules.filter(|rule| !rule.is_empty()).collect();
        if rules.is_empty() {
            return Err("expected hours like Tu-Sa 12:00-14:30,19:00-22:30".to_owned());
        }
        if rules.len() > MAX_RULES {
            return Err(format!("at most {MAX_RULES} rules"));
        }
        for (index, written) in rules.into_iter().enumerate() {
            let (days, slots) =
                rule(written).map_err(|fault| format!("rule {}: {fault}", index + 1))?;
            hours.apply(days, slots);
        }
        Ok(hours)
    }
}

fn rule(text: &str) -> Result<(Days, Vec<Slot>), String> {
    if text == "24/7" {
        let whole = Slot { begin: 0, end: DAY };
        return Ok((Days::Weekdays([true; 7]), vec![whole]));
    }
    let text = joined(text);
    let (written, hours) = match text.rsplit_once(' ') {
        Some((days, hours)) => (Some(days), hours),
        None => (None, text.as_str()),
    };
    let days = match written {
        Some(written) => days(written)?,
        None => Days::Weekdays([true; 7]),
    };
    Ok((days, slots(hours)?))
}

/// In lower case, without blanks beside `-`, `/` and `,`.
fn joined(text: &str) -> String {
    let text = text.to_lowercase().replace(['–', '—'], "-");
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let touches = joined.ends_with(['-', '/', ',']) || word.starts_with(['-', '/', ',']);
        if !joined.is_empty() && !touches {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

fn days(text: &str) -> Result<Days, String> {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        let (first, last) = text.split_once('/').unwrap_or((text, text));
        let (first, last) = (date(first)?, date(last)?);
        if last < first {
            return Err("the first date is after the last".to_owned());
        }
        return Ok(Days::Dates(first, last));
    }
    let mut chosen = [false; 7];
    for part in text.split([',', ' ']) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        // `Sa-Mo` goes over the end of the week.
        let count = (last + 7 - first) % 7 + 1;
        for day in (first..first + count).map(|day| day % 7) {
            if let Some(day) = chosen.get_mut(day) {
                *day = true;
            }
        }
    }
    Ok(Days::Weekdays(chosen))
}

fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_not_a_date| "expected a date like 2026-12-25".to_owned())
}

/// By the first letters of its name, two or more.
fn weekday(text: &str) -> Result<usize, String> {
    let text = text.trim_end_matches('.');
    let named = |names: &[&str; 2]| names.iter().any(|name| name.starts_with(text));
    match WEEKDAYS.iter().position(named) {
        Some(day) if text.len() >= 2 => Ok(day),
        _ => Err("expected days like Tu-Sa, or a date like 2026-12-25".to_owned()),
    }
}

fn slots(text: &str) -> Result<Vec<Slot>, String> {
    if matches!(text, "off" | "closed" | "fermé" | "ferme") {
        return Ok(Vec::new());
    }
    let mut slots: Vec<_> = text.split(',').map(slot).collect::<Result<_, _>>()?;
    slots.sort_unstable();
    let pairs = slots.iter().zip(slots.iter().skip(1));
    if pairs.into_iter().any(|(one, next)| next.begin < one.end) {
        return Err("two slots overlap".to_owned());
    }
    Ok(slots)
}

fn slot(text: &str) -> Result<Slot, String> {
    let expected = || "expected hours like 12:00-14:30, or off".to_owned();
    let (begin, end) = text.split_once('-').ok_or_else(expected)?;
    let begin = minutes(begin).filter(|begin| *begin < DAY);
    let (Some(begin), Some(end)) = (begin, minutes(end)) else {
        return Err(expected());
    };
    match end {
        end if end == begin => {
            Err("a slot ends when it begins; a whole day is 00:00-24:00".to_owned())
        }
        end if end < begin => Ok(Slot {
            begin,
            end: end + DAY,
        }),
        end => Ok(Slot { begin, end }),
    }
}

/// `12:00`, `12h00`, `12h`, `12`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once([':', 'h']).unwrap_or((text, ""));
    let number = |text: &str| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let minutes = if minutes.is_empty() && !text.ends_with(':') {
        0
    } else {
        number(minutes).filter(|minutes| *minutes < 60)?
    };
    let all = number(hours)? * 60 + minutes;
    (all <= DAY).then_some(all)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{Hours, Slot};

    fn slots(text: &str, date: &str) -> Vec<(u16, u16)> {
        let hours: Hours = text.parse().unwrap();
        let date: NaiveDate = date.parse().unwrap();
        let slots = hours.slots_on(date).iter();
        slots.map(|Slot { begin, end }| (*begin, *end)).collect()
    }

    // 2026-12-01 is a Tuesday.
    const TUESDAY: &str = "2026-12-01";
    const WEDNESDAY: &str = "2026-12-02";
    const SUNDAY: &str = "2026-12-06";
    const MONDAY: &str = "2026-12-07";

    #[test]
    fn hours_are_read_in_both_languages_and_with_any_blanks() {
        let expected = [(720, 870), (1140, 1350)];
        for text in [
            "Tu-Sa 12:00-14:30,19:00-22:30",
            "tu - sa  12:00 - 14:30 , 19:00 – 22:30",
            "Ma-Sa 12h-14h30,19h-22h30",
            "mardi-samedi 12:00-14:30,19:00-22:30;",
            "Tuesday,We,Th 19:00-22:30,12-14:30",
            "Mar. Mer. 12:00-14:30,19:00-22:30",
            "12:00-14:30,19:00-22:30\nMo off",
        ] {
            assert_eq!(slots(text, TUESDAY), expected, "{text}");
            assert_eq!(slots(text, WEDNESDAY), expected, "{text}");
            assert_eq!(slots(text, MONDAY), [], "{text}");
        }
        assert_eq!(slots("Sa-Lu 9:00-10:00", SUNDAY), [(540, 600)]);
        assert_eq!(slots("Sa-Lu 9:00-10:00", TUESDAY), []);
        assert_eq!(slots("24/7", SUNDAY), [(0, 1440)]);
        assert_eq!(slots("Di 18:00-02:00", SUNDAY), [(1080, 1560)]);
        assert_eq!(slots("Di 18:00-24:00", SUNDAY), [(1080, 1440)]);
    }

    #[test]
    fn a_later_rule_replaces_an_earlier_one_and_a_date_the_weekday() {
        let text = "2026-12-06 off; Mo-Su 9:00-10:00; Su 11:00-12:00; \
                    2026-12-01/2026-12-02 8:00-9:00; 2026-12-02 closed";
        assert_eq!(slots(text, SUNDAY), []);
        assert_eq!(slots(text, TUESDAY), [(480, 540)]);
        assert_eq!(slots(text, WEDNESDAY), []);
        assert_eq!(slots(text, "2026-12-13"), [(660, 720)]);
    }

    #[test]
    fn what_is_no_hours_is_refused_with_the_rule_and_a_reason() {
        for (text, reason) in [
            ("", "expected hours"),
            ("Mo", "rule 1: expected hours"),
            ("Mo 12:00", "rule 1: expected hours"),
            ("Mo 9:00-10:00; Xy 9:00-10:00", "rule 2: expected days"),
            ("M 9:00-10:00", "expected days"),
            ("Mo 25:00-26:00", "expected hours"),
            ("Mo 9:60-10:00", "expected hours"),
            ("Mo 9:-10:00", "expected hours"),
            ("Mo 9:00-9:00", "ends when it begins"),
            ("Mo 9:00-12:00,11:00-13:00", "overlap"),
            ("2026-02-29 off", "expected a date"),
            ("2026-12-25/2026-12-24 off", "after the last"),
        ] {
            let refused = text.parse::<Hours>().unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
