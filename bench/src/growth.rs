//! Measures how the cost of a request grows with the number of routes and connections and with
//! sizes, for the gateway and for nginx.
//!
//! Each series changes only one thing: the number of routes, the number of connections, the number
//! of a request's fields, the length of a field or the length of the answer. It measures in the
//! same way as `proxy`.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::Error;
use crate::machine::{allow_files, stay_on};
use crate::programs::Place;
use crate::programs::gateway::PATH;
use crate::proxy::peer::{Kind, Peer, Setup, USUAL, path};
use crate::proxy::runs::{Case, Runs};
use crate::proxy::{Load, measure};
use crate::report::markdown::table;
use crate::report::plot::{self, Lines};
use crate::report::{Measured, in_turns};
use crate::traffic::wire::{self, Request};

const KIB: usize = 1024;

/// How many of the routes are asked for in turn.
const ASKED: usize = 20;

/// The value of each added field.
const FIELD: &str = "thirty-bytes-of-a-field-value";

/// Both ends of the most connections, and some to spare. The proxies need as many.
const FILES: u64 = 19_000;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many times everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Also draw the result into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

struct Series {
    /// The name of the series in its table and plot.
    what: &'static str,
    sizes: &'static [usize],
    grows: Grows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grows {
    Routes,
    Connections,
    Fields,
    Field,
    Answer,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let place = Place::prepare(None).await?;
    allow_files(FILES)?;
    let mut peers = Peer::found(&place)?.peers;
    peers.retain(|peer| matches!(peer.kind(), Kind::Gateway | Kind::Nginx));
    let all = all();
    stay_on("1")?;
    let upstream = wire::upstream()?;
    let seconds = Duration::from_secs(options.seconds);
    let sizes = all
        .iter()
        .flat_map(|series| series.sizes.iter().map(move |size| (series, *size)));
    let cases = sizes.flat_map(|(series, size)| {
        let case = move |peer: &Peer| series.case(size, peer.kind());
        peers
            .iter()
            .map(move |peer| (case(peer), (peer, series, size)))
    });
    let measure = async |(peer, series, size): &(&Peer, &Series, usize)| {
        let (setup, load) = (series.setup(*size), series.load(*size));
        measure(&place, peer, upstream, setup, &load, seconds).await
    };
    let runs = Runs(in_turns(options.rounds, cases, measure).await?);
    let mut report = Report {
        rounds: options.rounds,
        peers,
        series: all,
        runs,
        is_drawn: false,
    };
    if let Some(plots) = &options.plots {
        report.draw(plots)?;
    }
    Ok(place.measured(report))
}

fn all() -> [Series; 5] {
    let series = |what, grows, sizes| Series { what, sizes, grows };
    [
        series("routes", Grows::Routes, &[20, 200, 2000]),
        series("connections", Grows::Connections, &[10, 100, 1000, 9000]),
        series("fields more in a request", Grows::Fields, &[0, 10, 30, 60]),
        series(
            "bytes in one field of a request",
            Grows::Field,
            &[16, KIB, 4 * KIB, 8 * KIB],
        ),
        series(
            "bytes in an answer",
            Grows::Answer,
            &[KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB],
        ),
    ]
}

impl Series {
    /// One size of this series with a peer.
    fn case(&self, size: usize, peer: Kind) -> Case {
        Case {
            what: self.what,
            number: size,
            peer,
        }
    }

    fn setup(&self, size: usize) -> Setup {
        match self.grows {
            Grows::Routes => Setup {
                routes: size,
                ..USUAL
            },
            _ => USUAL,
        }
    }

    fn load(&self, size: usize) -> Load {
        Load {
            connections: match self.grows {
                Grows::Connections => size,
                _ => 64,
            },
            is_closing: false,
            rate: None,
            requests: self.requests(size),
        }
    }

    fn requests(&self, size: usize) -> Vec<Request> {
        let get = |path: &str, bytes| Request::new("GET", &format!("{path}?bytes={bytes}"), 0);
        let usual = || get(PATH, KIB);
        match self.grows {
            Grows::Routes => (0..ASKED)
                .map(|number| get(&path(number * size / ASKED), KIB))
                .collect(),
            Grows::Connections => vec![usual()],
            Grows::Fields => vec![(0..size).fold(usual(), |request, number| {
                request.with_field(&format!("x-field-{number}"), FIELD)
            })],
            Grows::Field => vec![usual().with_field("x-field", &"x".repeat(size))],
            Grows::Answer => vec![get(PATH, size)],
        }
    }
}

struct Report {
    rounds: u64,
    /// The gateway, then nginx if it is installed.
    peers: Vec<Peer>,
    series: [Series; 5],
    runs: Runs,
    is_drawn: bool,
}

impl Report {
    fn draw(&mut self, folder: &Path) -> Result<(), Error> {
        for series in &self.series {
            let lines = self.peers.iter().map(|peer| {
                let point = |size: &usize| {
                    let cost = self.runs.cost(series.case(*size, peer.kind()))?;
                    Some((*size as f64, cost.median))
                };
                let points = series.sizes.iter().filter_map(point).collect();
                (peer.name().to_owned(), points)
            });
            let lines = Lines {
                title: "Processor time of a request, µs",
                what: series.what,
                series: lines.collect(),
            };
            plot::lines(&folder.join(file(series)), &lines)?;
        }
        self.is_drawn = true;
        Ok(())
    }

    /// A row for each size: the gateway's cost, nginx's cost, and the ratio of the two.
    fn table(&self, series: &Series) -> String {
        let name = |number: usize| self.peers.get(number).map_or("", Peer::name);
        let rows = series.sizes.iter().map(|size| {
            let cost = |peer| {
                let cost = self.runs.cost(series.case(*size, peer));
                cost.map_or(String::new(), |cost| format!("{cost:.1}"))
            };
            let ratio = self.runs.ratio(series.case(*size, Kind::Nginx));
            [
                size.to_string(),
                cost(Kind::Gateway),
                cost(Kind::Nginx),
                format!("{ratio:.2}"),
            ]
        });
        table(&[series.what, name(0), name(1), "gateway ÷ nginx"], rows)
    }
}

/// The plot's file name.
fn file(series: &Series) -> String {
    format!("growth-{}.svg", series.what.replace(' ', "-"))
}

impl crate::report::Report for Report {}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.rounds;
        writeln!(
            f,
            "{rounds} rounds, in which both take turns: processor time of a request in µs, the median (the lowest–the highest).\n"
        )?;
        for series in &self.series {
            writeln!(f, "{}", self.table(series))?;
            if self.is_drawn {
                writeln!(f, "![{}](plots/{})\n", series.what, file(series))?;
            }
        }
        write!(
            f,
            "- Measured as above: GET, an answer of 1 KiB, 64 connections, one worker, but for what grows.\n\
             - Routes are the gateway's own and so many more; nginx has as many exact `location`s. 20 of them, spread over the\n  \
               table, are asked for in turn.\n"
        )
    }
}
