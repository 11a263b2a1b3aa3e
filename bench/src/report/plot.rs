//! Draws results as SVG, on white so that they can be read on a page of any colour.

use std::fs;
use std::path::Path;

use plotters::prelude::*;

use crate::Error;

/// A bar chart: each group has a bar for each series.
pub(crate) struct Bars<'a> {
    pub(crate) title: &'a str,
    pub(crate) series: &'a [String],
    pub(crate) groups: Vec<(String, Vec<Option<f64>>)>,
    /// A longer bar is cut, and an arrow behind its figure shows that.
    pub(crate) most: f64,
}

/// A chart with a line for each series.
pub(crate) struct Lines<'a> {
    pub(crate) title: &'a str,
    /// The label of the horizontal axis.
    pub(crate) what: &'a str,
    pub(crate) series: Vec<(String, Vec<(f64, f64)>)>,
}

/// Colours that people with colour blindness can tell apart, too (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(153, 153, 153),
    RGBColor(230, 159, 0),
    RGBColor(204, 121, 167),
];

const FONT: &str = "sans-serif";
const WIDTH: u32 = 900;
/// Heights of a bar and of a group's name, in pixels.
const BAR: i32 = 12;
const NAME: i32 = 18;
/// The left end of the bars, and the length of the longest.
const LEFT: i32 = 20;
const LENGTH: f64 = 700.0;

pub(crate) fn bars(file: &Path, bars: &Bars<'_>) -> Result<(), Error> {
    create_folder(file)?;
    let height = |group: &(String, Vec<Option<f64>>)| {
        let count = group.1.iter().flatten().count();
        NAME + i32::try_from(count).unwrap_or(0) * BAR + BAR
    };
    let legend = 70;
    let total = legend + bars.groups.iter().map(height).sum::<i32>();
    let area = SVGBackend::new(file, (WIDTH, total.unsigned_abs())).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(bars.title, (LEFT, 12), (FONT, 18)))?;
    for (index, name) in bars.series.iter().enumerate() {
        let left = LEFT + i32::try_from(index).unwrap_or(0) * 145;
        area.draw(&bar(left, 42, 12.0, index))?;
        area.draw(&Text::new(name.as_str(), (left + 16, 41), (FONT, 12)))?;
    }
    let longest = bars.groups.iter().flat_map(|(_, values)| values).flatten();
    let longest = longest.copied().fold(1.0, f64::max).min(bars.most);
    let mut top = legend;
    for (name, values) in &bars.groups {
        area.draw(&Text::new(name.as_str(), (LEFT, top), (FONT, 14)))?;
        top += NAME;
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else {
                continue;
            };
            let length = value.min(longest) / longest * LENGTH;
            area.draw(&bar(LEFT, top, length, index))?;
            let label = if *value > longest {
                format!("{value:.0} →")
            } else {
                format!("{value:.1}")
            };
            area.draw(&Text::new(
                label,
                (LEFT + length as i32 + 6, top),
                (FONT, 11),
            ))?;
            top += BAR;
        }
        top += BAR;
    }
    area.present()?;
    Ok(())
}

fn bar(left: i32, top: i32, length: f64, index: usize) -> Rectangle<(i32, i32)> {
    let corners = [(left, top), (left + length.max(1.0) as i32, top + BAR - 2)];
    Rectangle::new(corners, colour(index).filled())
}

fn colour(index: usize) -> RGBColor {
    COLOURS.get(index % COLOURS.len()).copied().unwrap_or(BLACK)
}

pub(crate) fn lines(file: &Path, lines: &Lines<'_>) -> Result<(), Error> {
    create_folder(file)?;
    let points = || lines.series.iter().flat_map(|(_, points)| points);
    let right = points().map(|(x, _)| *x).fold(1.0, f64::max);
    let top = points().map(|(_, y)| *y).fold(1.0, f64::max);
    let area = SVGBackend::new(file, (640, 320)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(lines.title, (FONT, 16))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..right * 1.05, 0.0..top * 1.1)?;
    chart
        .configure_mesh()
        .x_desc(lines.what)
        .y_desc("µs")
        .light_line_style(WHITE)
        .draw()?;
    for (index, (name, points)) in lines.series.iter().enumerate() {
        let colour = colour(index);
        let series = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(series)?
            .label(name.as_str())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}

fn create_folder(file: &Path) -> Result<(), Error> {
    file.parent()
        .map_or(Ok(()), |folder| Ok(fs::create_dir_all(folder)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{Bars, Lines, bars, lines};

    #[test]
    fn a_plot_names_what_it_shows() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("plots/bars.svg");
        let series = ["gateway".to_owned(), "other".to_owned()];
        let groups = vec![("GET".to_owned(), vec![Some(20.5), Some(4000.0)])];
        let drawn = Bars {
            title: "cost",
            series: &series,
            groups,
            most: 100.0,
        };
        bars(&file, &drawn).unwrap();
        let svg = fs::read_to_string(&file).unwrap();
        for text in ["cost", "gateway", "other", "GET", "20.5", "4000 →"] {
            assert!(svg.contains(text), "{text}");
        }
        let series = vec![("gateway".to_owned(), vec![(20.0, 1.0), (2000.0, 1.5)])];
        lines(
            &file,
            &Lines {
                title: "cost",
                what: "routes",
                series,
            },
        )
        .unwrap();
        let svg = fs::read_to_string(&file).unwrap();
        assert!(svg.contains("routes") && svg.contains("gateway"));
    }
}
