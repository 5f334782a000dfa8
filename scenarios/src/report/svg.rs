//! Small pieces of SVG for the page: escaping, the scale of colours, and tooltips.
//!
//! Pictures are parts of the page, not files: they need no namespace, and take ink and lines from its style.
use std::fmt::Write as _;

/// Text as an SVG or HTML element holds it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A picture in the making, of texts and lines in the classes of its style.
#[derive(Default)]
pub(crate) struct Picture {
    pub(crate) out: String,
}

impl Picture {
    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
        let text = escaped(text);
        writeln!(self.out, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{text}</text>"#).ok();
    }

    /// A heading and what it means, on one line whatever the font's width.
    pub(crate) fn heading(&mut self, class: &str, y: f64, head: &str, note: &str) {
        let (head, note) = (escaped(head), escaped(note));
        writeln!(
            self.out,
            r#"<text x="20" y="{y:.1}"><tspan class="{class}">{head}</tspan><tspan class="soft small" dx="10">{note}</tspan></text>"#
        )
        .ok();
    }

    pub(crate) fn coloured_text(&mut self, x: f64, y: f64, colour: &str, text: &str) {
        let text = escaped(text);
        writeln!(self.out, r#"<text x="{x:.1}" y="{y:.1}" class="bold" style="fill:var(--{colour})">{text}</text>"#)
            .ok();
    }

    pub(crate) fn line(&mut self, [x0, y0, x1, y1]: [f64; 4], class: &str) {
        writeln!(self.out, r#"<path class="{class}" d="M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}"/>"#).ok();
    }
}

/// Cividis at 0, ¼, ½, ¾ and 1 (Nuñez, Anderton and Renslow, PLoS ONE 13, 2018): made to look alike with and without
/// colour-blindness, its lightness grows all the way, so that it reads in grey print too.
const CIVIDIS: [[f64; 3]; 5] =
    [[0.0, 34.0, 78.0], [65.0, 77.0, 107.0], [124.0, 123.0, 120.0], [188.0, 175.0, 111.0], [254.0, 232.0, 56.0]];

/// The fill of a share and the colour of text on it.
pub(super) fn colours(share: f64) -> (String, &'static str) {
    let place = share.clamp(0.0, 1.0) * 4.0;
    let from = (place.floor() as usize).min(3);
    let part = place - from as f64;
    let mixed = |channel: usize| {
        let (a, b) = (CIVIDIS[from][channel], CIVIDIS[from + 1][channel]);
        (a + (b - a) * part).round() as u8
    };
    let fill = format!("#{:02x}{:02x}{:02x}", mixed(0), mixed(1), mixed(2));
    // White has a contrast of 4.5 to 1 up to here, black beyond.
    (fill, if share < 0.47 { "#ffffff" } else { "#000000" })
}

/// The scale's stops as a CSS gradient, for its legend.
pub(super) fn gradient() -> String {
    let stops: Vec<String> = (0..=4).map(|i| colours(f64::from(i) / 4.0).0).collect();
    format!("linear-gradient(to right,{})", stops.join(","))
}

/// A number with about three digits, as an axis or a bin shows it.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::{colours, escaped, short};

    /// Relative luminance (WCAG 2.2) of an "#rrggbb".
    fn luminance(colour: &str) -> f64 {
        let linear = |at: usize| {
            let v = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hex")) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5)
    }

    #[test]
    fn text_on_the_scale_can_be_read_and_the_scale_gets_lighter() {
        let mut last = -1.0;
        for i in 0..=100 {
            let (fill, text) = colours(f64::from(i) / 100.0);
            let (a, b) = (luminance(&fill), luminance(text));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast > 4.2, "{i}: {fill} {text} {contrast}");
            assert!(a > last, "{i}");
            last = a;
        }
        assert_eq!((colours(-1.0).0, colours(2.0).0), ("#00224e".to_owned(), "#fee838".to_owned()));
    }

    #[test]
    fn numbers_and_texts_are_fit_to_be_shown() {
        assert_eq!([2.0, 2.25, 12.345, 1234.5, -0.5, 0.0].map(short), ["2", "2.25", "12.3", "1234", "−0.5", "0"]);
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
