//! Curves as SVG: both axes logarithmic, colours for light and dark pages. By hand, since a plotting crate writes its
//! colours into every element, where a style for dark pages can't reach them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::failure::Failure;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
/// Of the axes' ends from the picture's.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 90.0;

const STYLE: &str = "
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: 600; }
.page { fill: #ffffff; }
.grid { stroke: #d0d7de; fill: none; }
.s0 { color: #0969da; }
.s1 { color: #bc4c00; }
.s2 { color: #1a7f37; }
.s3 { color: #8250df; }
.line { stroke: currentColor; stroke-width: 2; fill: none; }
circle { fill: currentColor; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.page { fill: #0d1117; }
.grid { stroke: #30363d; }
.s0 { color: #58a6ff; }
.s1 { color: #f0883e; }
.s2 { color: #3fb950; }
.s3 { color: #bc8cff; }
}
";

/// A picture, and the numbers in it.
#[derive(Serialize)]
pub(crate) struct Plot {
    pub(crate) title: String,
    /// What the axes show, with units.
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    /// At most four.
    pub(crate) curves: Vec<Curve>,
}

#[derive(Serialize)]
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// From left to right, all above zero.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Plot {
    /// Writes `name.svg`, and the numbers beside it as `name.json`.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> Result<(), Failure> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join(format!("{name}.svg")), self.to_svg()?)?;
        fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    fn to_svg(&self) -> Result<String, Failure> {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let x = Axis::over(points().map(|point| point.0), LEFT, WIDTH - RIGHT)?;
        let y = Axis::over(points().map(|point| point.1), HEIGHT - BOTTOM, TOP)?;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"page\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"28\">{title}</text>\n",
            title = escaped(&self.title)
        );
        self.axes(&mut svg, &x, &y)?;
        for (number, curve) in self.curves.iter().enumerate() {
            curve.draw(&mut svg, number, &x, &y)?;
        }
        svg.push_str("</svg>\n");
        Ok(svg)
    }

    fn axes(&self, svg: &mut String, x: &Axis, y: &Axis) -> Result<(), Failure> {
        for value in x.decades() {
            let at = x.place(value);
            writeln!(svg, "<path class=\"grid\" d=\"M{at:.1} {} V{}\"/>", y.from, y.to)?;
            let (below, text) = (y.from + 18.0, short(value));
            writeln!(svg, "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{text}</text>")?;
        }
        for value in y.decades() {
            let at = y.place(value);
            writeln!(svg, "<path class=\"grid\" d=\"M{} {at:.1} H{}\"/>", x.from, x.to)?;
            let (beside, below, text) = (x.from - 8.0, at + 4.0, short(value));
            writeln!(svg, "<text x=\"{beside}\" y=\"{below:.1}\" text-anchor=\"end\">{text}</text>")?;
        }
        let (middle, below) = (f64::midpoint(x.from, x.to), y.from + 42.0);
        writeln!(
            svg,
            "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>",
            escaped(self.x)
        )?;
        let middle = f64::midpoint(y.from, y.to);
        writeln!(
            svg,
            "<text transform=\"translate(20 {middle}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escaped(self.y)
        )?;
        Ok(())
    }
}

impl Curve {
    /// The line, its points, and its name below the picture.
    fn draw(&self, svg: &mut String, number: usize, x: &Axis, y: &Axis) -> Result<(), Failure> {
        let places: Vec<(f64, f64)> =
            self.points.iter().map(|point| (x.place(point.0), y.place(point.1))).collect();
        let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        writeln!(svg, "<path class=\"s{number} line\" d=\"M{}\"/>", line.join(" L"))?;
        for (x, y) in &places {
            writeln!(svg, "<circle class=\"s{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>")?;
        }
        let (left, height) = (LEFT + 160.0 * number as f64, HEIGHT - 20.0);
        writeln!(svg, "<circle class=\"s{number}\" cx=\"{left}\" cy=\"{}\" r=\"5\"/>", height - 4.0)?;
        writeln!(svg, "<text x=\"{}\" y=\"{height}\">{}</text>", left + 12.0, escaped(self.name))?;
        Ok(())
    }
}

/// A logarithmic axis, of whole decades.
struct Axis {
    /// Powers of ten.
    low: i32,
    high: i32,
    /// Where those are in the picture.
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Result<Self, Failure> {
        let (least, most) = values.fold((f64::MAX, 0.0_f64), |(least, most), v| (least.min(v), most.max(v)));
        if least <= 0.0 || least > most {
            return Err(format!("a logarithmic axis can't begin at {least}").into());
        }
        let low = least.log10().floor() as i32;
        let high = (most.log10().ceil() as i32).max(low + 1);
        Ok(Self { low, high, from, to })
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.low..=self.high).map(|power| 10_f64.powi(power))
    }
}

/// `1000` as `1k`.
fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{}M", v / 1e6),
        v if v >= 1e3 => format!("{}k", v / 1e3),
        // Powers of ten below one aren't exact.
        v if v < 1.0 => format!("{:.*}", -v.log10().round() as usize, v),
        v => v.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_whole_decades_around_its_values() {
        let axis = Axis::over([3.0, 200.0].into_iter(), 0.0, 300.0).unwrap();
        assert_eq!(axis.decades().collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1_000.0]);
        assert!((axis.place(10.0) - 100.0).abs() < 1e-9);
        assert!(Axis::over([0.0, 1.0].into_iter(), 0.0, 1.0).is_err());
        assert!(Axis::over([].into_iter(), 0.0, 1.0).is_err());
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!(
            [0.01, 0.1, 1.0, 100.0, 10_000.0, 1e6].map(short),
            ["0.01", "0.1", "1", "100", "10k", "1M"]
        );
    }

    #[test]
    fn a_picture_shows_titles_units_and_every_point() {
        let curve = Curve { name: "p99 < max", points: vec![(1.0, 2.0), (10.0, 30.0)] };
        let plot = Plot { title: "Growth".into(), x: "people", y: "ms", curves: vec![curve] };
        let svg = plot.to_svg().unwrap();
        for part in [">Growth</text>", ">people</text>", ">ms</text>", "p99 &lt; max", "prefers-color-scheme"]
        {
            assert!(svg.contains(part), "{part} is missing in {svg}");
        }
        assert_eq!(svg.matches("r=\"3\"").count(), 2);
    }
}
