//! The rows of the table: the difference of two readings.

use std::time::Duration;

use super::reading::{Figures, Reading};
use crate::cli::running::NoAnswer;
use crate::cli::table;
use crate::cli::terminal::plain;
use crate::metrics::PLANNED;
use crate::operator::console::Traffic;

const TITLES: [&str; 7] = [
    "",
    "REQUESTS/S",
    "ERRORS/S",
    "P50 MS",
    "P99 MS",
    "IN FLIGHT",
    "CIRCUIT",
];

pub(super) struct View {
    origin: String,
    /// The gateway first, then its upstreams.
    pub(super) rows: Vec<Row>,
    connections: u64,
    drills: u64,
    closures: u64,
}

#[derive(Debug, PartialEq)]
pub(super) struct Row {
    name: String,
    /// Requests and errors per second; `None` before the second reading.
    rates: Option<(f64, f64)>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    in_flight: u64,
    circuit: String,
}

pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Line {
    fn calm(text: String) -> Self {
        let tone = Tone::Plain;
        Self { text, tone }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Tone {
    Plain,
    Bold,
    Alarm,
}

impl View {
    /// The first reading has states and no rates.
    pub(super) fn first(origin: &str, now: &Reading) -> Self {
        let mut view = Self {
            origin: origin.trim_start_matches("http://").to_owned(),
            rows: Vec::new(),
            connections: 0,
            drills: 0,
            closures: 0,
        };
        view.update(None, now);
        view
    }

    pub(super) fn update(&mut self, before: Option<&Reading>, now: &Reading) {
        let clients = Row::of(
            GATEWAY,
            before.map(|before| Since {
                figures: Some(&before.clients),
                seconds: now.seconds_since(before),
            }),
            &now.clients,
        );
        let upstreams = now.upstreams.iter().map(|(name, figures)| {
            let since = before.map(|before| Since {
                figures: before.upstreams.get(name),
                seconds: now.seconds_since(before),
            });
            Row::of(name, since, figures)
        });
        self.rows = [clients].into_iter().chain(upstreams).collect();
        (self.connections, self.drills) = (now.connections, now.drills);
        self.closures = now.closures;
    }

    /// The lines on a terminal. `lost` is for how long there has been no answer, and why.
    pub(super) fn lines(&self, lost: Option<(Duration, &NoAnswer)>) -> Vec<Line> {
        let mut lines = vec![match lost {
            Some((time, error)) => Line {
                text: format!("no answer for {} s: {error}", time.as_secs()),
                tone: Tone::Alarm,
            },
            None => Line::calm(format!(
                "{}: {} connections, {} drills, {} closures",
                self.origin, self.connections, self.drills, self.closures
            )),
        }];
        lines.push(Line::calm(String::new()));
        let cells: Vec<_> = self.rows.iter().map(Row::cells).collect();
        let tones = self.rows.iter().map(Row::tone);
        let tones = [Tone::Bold].into_iter().chain(tones);
        let table = table::lines(TITLES, &cells).into_iter().zip(tones);
        lines.extend(table.map(|(text, tone)| Line { text, tone }));
        lines.push(Line::calm(String::new()));
        lines.push(Line::calm("q: quit".to_owned()));
        lines
    }
}

/// An earlier reading. An upstream that is new has no figures there.
struct Since<'r> {
    figures: Option<&'r Figures>,
    seconds: f64,
}

/// The row of the clients' requests.
const GATEWAY: &str = "gateway";

impl Row {
    fn of(name: &str, since: Option<Since<'_>>, now: &Figures) -> Self {
        let none = Figures::default();
        let traffic = since.as_ref().map(|since| {
            let earlier = since.figures.map(|earlier| &earlier.times);
            Traffic::between(earlier, &now.times)
        });
        let rates = since.map(|since| {
            let earlier = since.figures.unwrap_or(&none);
            // After a restart, the counters are lower.
            let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / since.seconds;
            (
                rate(now.requests, earlier.requests),
                rate(now.errors, earlier.errors),
            )
        });
        Self {
            name: name.to_owned(),
            rates,
            p50_ms: traffic.as_ref().and_then(|traffic| traffic.p50_ms),
            p99_ms: traffic.as_ref().and_then(|traffic| traffic.p99_ms),
            in_flight: now.in_flight,
            circuit: now.circuit.clone(),
        }
    }

    fn tone(&self) -> Tone {
        match self.circuit.as_str() {
            "" | "closed" | PLANNED => Tone::Plain,
            _ => Tone::Alarm,
        }
    }

    fn cells(&self) -> [String; 7] {
        let [requests, errors, p50, p99] = self.numbers();
        let circuit = if self.circuit.is_empty() {
            "-"
        } else {
            &self.circuit
        };
        [
            self.name.clone(),
            requests,
            errors,
            p50,
            p99,
            self.in_flight.to_string(),
            circuit.to_owned(),
        ]
    }

    /// Requests and errors per second, p50 and p99.
    fn numbers(&self) -> [String; 4] {
        let show =
            |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.1}"));
        let (requests, errors) = self.rates.unzip();
        [requests, errors, self.p50_ms, self.p99_ms].map(show)
    }

    /// The row as one line: `orders requests_per_s=1.0 …`.
    pub(super) fn pairs(&self) -> String {
        let [requests, errors, p50, p99] = self.numbers();
        let [name, .., in_flight, circuit] = self.cells();
        plain(&format!(
            "{name} requests_per_s={requests} errors_per_s={errors} p50_ms={p50} p99_ms={p99} \
             in_flight={in_flight} circuit={circuit}"
        ))
    }
}
