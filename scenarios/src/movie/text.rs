//! Writing on pictures, in the bitmap font ProFont (MIT; ISO 8859-1).
use std::convert::Infallible;

use embedded_graphics::{
    Drawable as _, Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    mono_font::{MonoFont, MonoTextStyle},
    pixelcolor::{Rgb888, RgbColor as _},
    text::{Baseline, Text},
};
use image::RgbImage;

/// The fonts of one movie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fonts {
    /// Header, cards.
    pub large: Font,
    /// Labels on frames, legend.
    pub small: Font,
}

/// A font; every character is as wide as any other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Font(&'static MonoFont<'static>);

impl Fonts {
    /// Fonts for a picture of some width, pixels.
    pub fn for_width(width_px: u32) -> Self {
        let (large, small) = match width_px {
            0..640 => (&profont::PROFONT_9_POINT, &profont::PROFONT_7_POINT),
            640..960 => (&profont::PROFONT_12_POINT, &profont::PROFONT_10_POINT),
            960..1600 => (&profont::PROFONT_18_POINT, &profont::PROFONT_14_POINT),
            _ => (&profont::PROFONT_24_POINT, &profont::PROFONT_18_POINT),
        };
        Self { large: Font(large), small: Font(small) }
    }
}

impl Font {
    /// Height of a line, pixels.
    pub fn height(self) -> u32 {
        self.0.character_size.height
    }

    /// Width of a text on one line, pixels.
    pub fn width(self, text: &str) -> u32 {
        readable(text).chars().count() as u32 * self.advance()
    }

    fn advance(self) -> u32 {
        self.0.character_size.width + self.0.character_spacing
    }

    /// Writes a line with its upper left corner at a place, in pixels.
    pub fn write(self, picture: &mut RgbImage, (x, y): (u32, u32), text: &str, colour: [u8; 3]) {
        let style = MonoTextStyle::new(self.0, Rgb888::new(colour[0], colour[1], colour[2]));
        let text = readable(text);
        let text = Text::with_baseline(&text, Point::new(x as i32, y as i32), style, Baseline::Top);
        let Ok(_) = text.draw(&mut Paper(picture));
    }

    /// The text, cut with an ellipsis to what fits into a width, pixels.
    pub fn cut(self, text: &str, width_px: u32) -> String {
        let text = readable(text);
        let fits = (width_px / self.advance()) as usize;
        if text.chars().count() <= fits {
            return text;
        }
        let kept: String = text.chars().take(fits.saturating_sub(3)).collect();
        format!("{}...", kept.trim_end())
    }

    /// The text broken between words into lines of a width, pixels, and at most so many of them.
    pub fn wrap(self, text: &str, width_px: u32, most_lines: usize) -> Vec<String> {
        let fits = (width_px / self.advance()) as usize;
        let mut lines: Vec<String> = Vec::new();
        for word in readable(text).split_whitespace() {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + word.chars().count() <= fits => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        // What is too much goes on in the last line, and is cut there.
        if lines.len() > most_lines {
            let rest = lines.split_off(most_lines.max(1) - 1).join(" ");
            lines.push(rest);
        }
        lines.iter().map(|line| self.cut(line, width_px)).collect()
    }
}

/// Puts what ISO 8859-1 lacks into characters that it has.
fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '–' | '—' | '−' | '‐' | '‑' => readable.push('-'),
            '‘' | '’' | 'ʼ' => readable.push('\''),
            '“' | '”' | '„' => readable.push('"'),
            '…' => readable.push_str("..."),
            '≤' => readable.push_str("<="),
            '≥' => readable.push_str(">="),
            '→' => readable.push_str("->"),
            '\u{2000}'..='\u{200a}' | '\u{202f}' | '\t' | '\n' => readable.push(' '),
            ' '..='~' | '\u{a0}'..='\u{ff}' => readable.push(c),
            _ => readable.push('?'),
        }
    }
    readable
}

/// A picture as the fonts' crate draws on it; what leaves it is cut off.
struct Paper<'a>(&'a mut RgbImage);

impl OriginDimensions for Paper<'_> {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Paper<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            let place = u32::try_from(at.x).ok().zip(u32::try_from(at.y).ok());
            if let Some(dot) = place.and_then(|(x, y)| self.0.get_pixel_mut_checked(x, y)) {
                *dot = image::Rgb([colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}
