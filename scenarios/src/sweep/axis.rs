//! Axes: units from the names of keys, places from values, marks at round numbers.
use super::values::Scale;

/// Endings of keys and how their unit is written.
const UNITS: &[(&str, &str)] = &[
    ("e_per_s", "e⁻/s"),
    ("mps", "m/s"),
    ("deg", "°"),
    ("px", "px"),
    ("mm", "mm"),
    ("um", "µm"),
    ("ms", "ms"),
    ("us", "µs"),
    ("db", "dB"),
    ("dn", "DN"),
    ("years", "years"),
    ("bits", "bits"),
    ("m", "m"),
    ("s", "s"),
    ("e", "e⁻"),
];

/// The unit that a key's name ends in; none for shares and names.
pub fn unit(key: &str) -> Option<&'static str> {
    let ends = |ending: &str| key.strip_suffix(ending).is_some_and(|stem| stem.ends_with('_'));
    UNITS.iter().find(|(ending, _)| ends(ending)).map(|(_, unit)| *unit)
}

/// An axis along which values are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    from_px: f64,
    to_px: f64,
}

impl Axis {
    /// An axis that holds all positions with room at both ends for what is drawn around them.
    pub fn new(scale: Scale, positions: &[f64], from_px: f64, to_px: f64) -> Self {
        let along = |p: &f64| if scale == Scale::Log { p.ln() } else { *p };
        let low = positions.iter().map(along).fold(f64::INFINITY, f64::min);
        let high = positions.iter().map(along).fold(f64::NEG_INFINITY, f64::max);
        // Half of a mean step outside the first and the last value; a single value stands in the middle.
        let room = if high > low { (high - low) / (2.0 * (positions.len() as f64 - 1.0)) } else { 0.5 };
        Self { scale, low: low - room, high: high + room, from_px, to_px }
    }

    /// Where a position is drawn.
    pub fn px(&self, position: f64) -> f64 {
        let along = if self.scale == Scale::Log { position.ln() } else { position };
        self.from_px + (along - self.low) / (self.high - self.low) * (self.to_px - self.from_px)
    }

    /// Round positions inside the axis with their labels, some six or seven; none for names, which label themselves.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Names => Vec::new(),
            Scale::Linear => {
                let step = round_step((self.high - self.low) / 6.0);
                let decimals = (-step.log10().floor()).max(0.0) as usize;
                self.multiples(step).map(|v| (v, number(v, decimals))).collect()
            }
            Scale::Time => {
                let wanted = (self.high - self.low) / 8.0;
                let steps = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0];
                let step = steps.into_iter().find(|s| *s >= wanted).unwrap_or_else(|| (wanted / 24.0).ceil() * 24.0);
                self.multiples(step).map(|v| (v, clock(v))).collect()
            }
            Scale::Log => {
                let (low, high) = (self.low.exp(), self.high.exp());
                let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
                let steps: &[f64] =
                    if self.high - self.low < 4.0 * std::f64::consts::LN_10 { &[1.0, 2.0, 5.0] } else { &[1.0] };
                let all = decades.flat_map(|d| steps.iter().map(move |s| (s * 10f64.powi(d), (-d).max(0) as usize)));
                all.filter(|(v, _)| (low..=high).contains(v)).map(|(v, decimals)| (v, number(v, decimals))).collect()
            }
        }
    }

    fn multiples(&self, step: f64) -> impl Iterator<Item = f64> {
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        (first..=last).map(move |k| k as f64 * step)
    }
}

/// The least of 1, 2 and 5 times a power of ten that is not below `wanted`.
pub(super) fn round_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= wanted * (1.0 - 1e-9)).unwrap_or(power * 10.0)
}

/// A number with a real minus sign and thin spaces between thousands.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        // Four digits are read without help.
        if i > 0 && (whole.len() - i).is_multiple_of(3) && whole.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text.chars().any(|c| c.is_ascii_digit() && c != '0') { "−" } else { "" };
    format!("{sign}{grouped}{rest}")
}

/// Hours since the first day's midnight as a clock shows them; later days are counted.
fn clock(hours: f64) -> String {
    let minutes = (hours * 60.0).round() as i64;
    let day = minutes.div_euclid(24 * 60);
    let of_day = minutes.rem_euclid(24 * 60);
    let clock = format!("{:02}:{:02}", of_day / 60, of_day % 60);
    if day == 0 { clock } else { format!("{clock} ({day:+} d)") }
}

#[cfg(test)]
mod tests {
    use super::{Axis, unit};
    use crate::sweep::values::Scale;

    #[test]
    fn units_are_those_of_the_names() {
        for (key, is) in [
            ("exposure_us", Some("µs")),
            ("focal_length_mm", Some("mm")),
            ("width_m", Some("m")),
            ("position_m", Some("m")),
            ("dark_current_e_per_s", Some("e⁻/s")),
            ("full_well_e", Some("e⁻")),
            ("approach_speed_mps", Some("m/s")),
            ("min_mean_dn", Some("DN")),
            ("gain_db", Some("dB")),
            ("rear", None),
            ("time", None),
            ("teenagers", None),
            ("enrolled_share", None),
        ] {
            assert_eq!(unit(key), is, "{key}");
        }
    }

    #[test]
    fn marks_stand_at_round_numbers_inside() {
        let labels = |scale, positions: &[f64]| -> Vec<String> {
            Axis::new(scale, positions, 0.0, 100.0).ticks().into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(Scale::Linear, &[0.1, 0.2, 0.3, 0.4, 0.5]), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(
            labels(Scale::Log, &[100.0, 1000.0, 10_000.0]),
            ["50", "100", "200", "500", "1000", "2000", "5000", "10\u{202f}000", "20\u{202f}000"]
        );
        assert_eq!(
            labels(Scale::Time, &[7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0]),
            ["06:00", "08:00", "10:00", "12:00", "14:00", "16:00", "18:00", "20:00"]
        );
        assert!(labels(Scale::Names, &[0.0, 1.0]).is_empty());
    }

    #[test]
    fn a_decade_is_as_long_as_the_next() {
        let axis = Axis::new(Scale::Log, &[1.0, 10.0, 100.0], 0.0, 300.0);
        assert!((axis.px(10.0) - axis.px(1.0) - (axis.px(100.0) - axis.px(10.0))).abs() < 1e-9);
        assert!((axis.px(10.0) - 150.0).abs() < 1e-9);
    }
}
