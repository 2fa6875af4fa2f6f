//! The curves as one picture: a panel for each, both axes logarithmic.

use std::fmt::{self, Write as _};

use super::figure::{Curve, number};

const PANEL_WIDTH: f64 = 320.0;
const PANEL_HEIGHT: f64 = 230.0;
/// Room for the title above, and for the numbers left and below.
const TOP: f64 = 34.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 40.0;
const RIGHT: f64 = 26.0;
/// Panels beside each other.
const COLUMNS: usize = 2;

/// Draws the curves.
pub(super) fn svg(curves: &[Curve]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = draw(&mut out, curves);
    out
}

fn draw(out: &mut String, curves: &[Curve]) -> fmt::Result {
    let rows = curves.len().div_ceil(COLUMNS);
    let (width, height) = (PANEL_WIDTH * count(COLUMNS), PANEL_HEIGHT * count(rows));
    writeln!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">"##
    )?;
    writeln!(out, r##"<rect width="{width}" height="{height}" fill="#fff"/>"##)?;
    for (index, curve) in curves.iter().enumerate() {
        let (x, y) = (PANEL_WIDTH * count(index % COLUMNS), PANEL_HEIGHT * count(index / COLUMNS));
        writeln!(out, r##"<g transform="translate({x} {y})">"##)?;
        panel(out, curve)?;
        writeln!(out, "</g>")?;
    }
    writeln!(out, "</svg>")
}

fn panel(out: &mut String, curve: &Curve) -> fmt::Result {
    let (Some(first), Some(last)) = (curve.points.first(), curve.points.last()) else { return Ok(()) };
    writeln!(
        out,
        r##"<text x="{LEFT}" y="20" font-weight="bold">{}, {}</text>"##,
        escaped(&curve.name),
        escaped(&curve.unit)
    )?;
    // What would grow exactly with the work, from the first point on.
    let proportional = (last.0, first.1 * last.0 / first.0);
    let ys = curve.points.iter().map(|point| point.1).chain([proportional.1]);
    let x = Axis::over(curve.points.iter().map(|point| point.0), LEFT, PANEL_WIDTH - RIGHT);
    let y = Axis::over(ys, PANEL_HEIGHT - BOTTOM, TOP);
    for tick in x.ticks() {
        let at = x.place(tick);
        let bottom = PANEL_HEIGHT - BOTTOM;
        writeln!(out, r##"<path d="M{at:.1} {TOP}V{bottom}" stroke="#ddd"/>"##)?;
        let below = bottom + 14.0;
        writeln!(out, r##"<text x="{at:.1}" y="{below}" text-anchor="middle">{}</text>"##, number(tick))?;
    }
    for tick in y.ticks() {
        let at = y.place(tick);
        writeln!(out, r##"<path d="M{LEFT} {at:.1}H{}" stroke="#ddd"/>"##, PANEL_WIDTH - RIGHT)?;
        let (beside, middle) = (LEFT - 6.0, at + 4.0);
        writeln!(out, r##"<text x="{beside}" y="{middle:.1}" text-anchor="end">{}</text>"##, number(tick))?;
    }
    writeln!(
        out,
        r##"<text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#555">{}</text>"##,
        f64::midpoint(LEFT, PANEL_WIDTH - RIGHT),
        PANEL_HEIGHT - 8.0,
        escaped(&curve.of)
    )?;
    let line = |points: &[(f64, f64)]| -> String {
        let points: Vec<String> =
            points.iter().map(|point| format!("{:.1},{:.1}", x.place(point.0), y.place(point.1))).collect();
        points.join(" ")
    };
    let dashed = line(&[*first, proportional]);
    writeln!(out, r##"<polyline points="{dashed}" fill="none" stroke="#999" stroke-dasharray="4 3"/>"##)?;
    writeln!(
        out,
        r##"<polyline points="{}" fill="none" stroke="#0a6cc0" stroke-width="2"/>"##,
        line(&curve.points)
    )?;
    for point in &curve.points {
        let (cx, cy) = (x.place(point.0), y.place(point.1));
        let value = number(point.1);
        writeln!(
            out,
            r##"<circle cx="{cx:.1}" cy="{cy:.1}" r="3" fill="#0a6cc0"><title>{value}</title></circle>"##
        )?;
    }
    Ok(())
}

/// Whole powers of ten, laid out from `from` to `to`.
struct Axis {
    low: i32,
    high: i32,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (f64::MAX, f64::MIN_POSITIVE);
        for value in values.filter(|value| *value > 0.0) {
            low = low.min(value);
            high = high.max(value);
        }
        let low = power(low.min(high).log10().floor());
        Self { low, high: power(high.log10().ceil()).max(low + 1), from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share =
            (value.max(f64::MIN_POSITIVE).log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.from + (self.to - self.from) * share.clamp(0.0, 1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.low..=self.high).map(|power| 10_f64.powi(power))
    }
}

/// What is measured here stays far within twelve powers of ten.
#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn power(value: f64) -> i32 {
    value.clamp(-12.0, 12.0) as i32
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        let (name, unit, of) = ("a < b".to_owned(), "s".to_owned(), "calls".to_owned());
        Curve { name, unit, of, points: points.to_vec() }
    }

    #[test]
    fn each_curve_has_a_panel_with_its_points() {
        let picture = svg(&[curve(&[(10.0, 0.1), (100.0, 1.0), (1000.0, 9.0)]), curve(&[])]);
        assert_eq!(picture.matches("<circle").count(), 3, "{picture}");
        assert!(picture.contains("a &lt; b") && picture.ends_with("</svg>\n"), "{picture}");
    }

    #[test]
    fn an_axis_reaches_from_power_to_power() {
        let axis = Axis::over([20.0, 300.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks().collect::<Vec<_>>(), [10.0, 100.0, 1000.0]);
        assert_eq!((axis.place(10.0), axis.place(100.0), axis.place(1000.0)), (0.0, 50.0, 100.0));
        // One value alone has an axis, too.
        assert_eq!(Axis::over([1.0].into_iter(), 0.0, 1.0).ticks().count(), 2);
    }
}
