//! Painting one picture of a movie.
use image::{Rgb, RgbImage, imageops};
use laneproof_exchange::truth::BoxPx;

use super::{
    MovieError,
    frames::Frames,
    ink::{LINE, PANEL, PAPER, SOFT, TEXT, chip, chip_size, colour, fill, nobody},
    label::Labels,
    layout::{Area, Layout},
    timeline::{Person, Picture, Stage, Step, Tile, Timeline, Tone},
};
use crate::{marks::draw_box, run::folder::RunFolder};

/// What the colours of boxes mean; the last is of lanes with other vehicles only.
pub(super) const LEGEND: [(Tone, &str); 5] = [
    (Tone::Truth, "truth: a face is here"),
    (Tone::Seen, "stack: sees a face"),
    (Tone::Good, "stack: valid shot, verified"),
    (Tone::Wrong, "stack: valid shot, wrong"),
    (Tone::Other, "truth: in another vehicle"),
];

/// What the colours of outcomes mean.
pub(super) const OUTCOMES: [(Tone, &str); 4] = [
    (Tone::Good, "captured and matched"),
    (Tone::Seen, "captured, not matched"),
    (Tone::NotEnrolled, "captured, not enrolled"),
    (Tone::Wrong, "lost"),
];

/// What stands in the header throughout.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    /// The scenario's title.
    pub title: String,
    /// Encounter, vehicle, how it is played.
    pub about: String,
}

/// Paints pictures.
pub(super) struct Painter<'a> {
    timeline: &'a Timeline,
    layout: &'a Layout,
    heading: Heading,
    frames: Frames<'a>,
    /// Width and height of each camera's frames, pixels.
    frame_sizes: &'a [(u32, u32)],
}

impl<'a> Painter<'a> {
    pub fn new(
        folder: &'a RunFolder,
        timeline: &'a Timeline,
        layout: &'a Layout,
        frame_sizes: &'a [(u32, u32)],
        heading: Heading,
    ) -> Self {
        let frames = Frames::new(folder, layout.tiles.len(), layout.cards.len());
        Self { timeline, layout, heading, frames, frame_sizes }
    }

    /// Paints a picture.
    pub fn paint(&mut self, picture: &Picture) -> Result<RgbImage, MovieError> {
        let (width, height) = self.layout.size;
        let mut page = RgbImage::from_pixel(width, height, Rgb(PAPER));
        self.header(&mut page, picture);
        for (camera, tile) in picture.tiles.iter().enumerate() {
            match tile {
                Some(tile) => self.tile(&mut page, camera, tile, picture.step)?,
                None => self.waiting(&mut page, camera),
            }
        }
        self.caption(&mut page, picture);
        for (i, person) in picture.people.iter().enumerate() {
            self.card(&mut page, i, person)?;
        }
        self.legend(&mut page, picture.step);
        Ok(page)
    }

    fn header(&self, page: &mut RgbImage, picture: &Picture) {
        let Layout { header, track, fonts, gap, .. } = *self.layout;
        // What is slower is what the integration of motion leaves of standing still.
        let speed = picture.speed_mps.abs();
        let speed = if speed < 0.05 { "standing".to_owned() } else { format!("{speed:.1} m/s") };
        let time = format!("t = {:.2} s", picture.at_us as f64 * 1e-6);
        let lines = [
            (fonts.large, header.y, &self.heading.title, TEXT, time),
            (fonts.large, header.y + fonts.large.height() + gap / 2, &self.heading.about, SOFT, speed),
        ];
        for (font, y, left, ink, right) in lines {
            let width = font.width(&right).min(header.width);
            font.write(page, (header.x + header.width - width, y), &right, TEXT);
            font.write(page, (header.x, y), &font.cut(left, header.width.saturating_sub(width + 3 * gap)), ink);
        }

        fill(page, track, PANEL);
        let moments = &self.timeline.moments_us;
        let (begin, end) = (moments.first().copied().unwrap_or(0), moments.last().copied().unwrap_or(0));
        let place = |at_us: u64| {
            let share = (at_us - begin) as f64 / (end - begin).max(1) as f64;
            (f64::from(track.width - gap) * share) as u32
        };
        fill(page, Area { width: place(picture.at_us) + gap, ..track }, LINE);
        for (moment, at_us) in moments.iter().enumerate() {
            let ink = if moment <= picture.moment { TEXT } else { LINE };
            fill(page, Area { x: track.x + place(*at_us), width: gap, ..track }, ink);
        }
    }

    /// A camera that has not exposed.
    fn waiting(&self, page: &mut RgbImage, camera: usize) {
        let (area, fonts) = (self.layout.tiles[camera], self.layout.fonts);
        fill(page, area, PANEL);
        chip(page, fonts.small, (area.x, area.y), &self.timeline.cameras[camera], PAPER, TEXT);
        let text = "not exposed so far";
        let at = (area.x + area.width.saturating_sub(fonts.large.width(text)) / 2, area.y + area.height / 2);
        fonts.large.write(page, at, text, SOFT);
    }

    fn tile(&mut self, page: &mut RgbImage, camera: usize, tile: &Tile, step: Step) -> Result<(), MovieError> {
        let (area, font) = (self.layout.tiles[camera], self.layout.fonts.small);
        let mut view = self.frames.view(camera, &tile.frame, area.width, area.height)?;
        if tile.age_us > 0 {
            view.pixels_mut().for_each(|p| p.0 = p.0.map(|v| (u16::from(v) * 11 / 20) as u8));
        }
        let (width, height) = self.frame_sizes[camera];
        let (x, y) = (area.width as f32 / width as f32, area.height as f32 / height as f32);
        let placed = |b: &BoxPx| BoxPx { x0: b.x0 * x, y0: b.y0 * y, x1: b.x1 * x, y1: b.y1 * y };
        let thin = i64::from(self.layout.size.0 / 640).max(1);
        for mark in &tile.marks {
            let line = if matches!(mark.tone, Tone::Truth | Tone::Other) { thin } else { thin + 1 };
            // A dark edge, so that white shows on what is white.
            draw_box(&mut view, &placed(&mark.box_px), PAPER, line + 1);
            draw_box(&mut view, &placed(&mark.box_px), colour(mark.tone), line);
        }
        let name = self.timeline.cameras[camera].as_str();
        let age = match tile.age_us {
            0 => String::new(),
            us @ ..100_000 => format!("{} ms ago", us.div_ceil(1000)),
            us => format!("{:.1} s ago", us as f64 * 1e-6),
        };
        let corners = [(0, name, TEXT), (area.width.saturating_sub(chip_size(font, &age).0), age.as_str(), SOFT)];
        let corners = corners.into_iter().filter(|(_, text, _)| !text.is_empty());
        let written = corners.clone().map(|(x, text, _)| {
            let (width, height) = chip_size(font, text);
            BoxPx { x0: x as f32, y0: 0.0, x1: (x + width) as f32, y1: height as f32 }
        });
        let faces = tile.marks.iter().map(|mark| placed(&mark.box_px)).collect();
        let mut labels = Labels::new((area.width, area.height), thin as f32 + 2.0, written.collect(), faces);
        for (mark, (text, tone)) in tile.marks.iter().filter_map(|mark| Some((mark, mark.label.as_ref()?))) {
            if let Some(at) = labels.place(&placed(&mark.box_px), chip_size(font, text)) {
                chip(&mut view, font, at, text, colour(*tone), PAPER);
            }
        }
        corners.for_each(|(x, text, ink)| chip(&mut view, font, (x, 0), text, PAPER, ink));
        imageops::replace(page, &view, i64::from(area.x), i64::from(area.y));
        if step == Step::Exposed && tile.age_us == 0 {
            let [x0, y0] = [area.x, area.y].map(|v| v as f32);
            let [x1, y1] = [area.x + area.width - 1, area.y + area.height - 1].map(|v| v as f32);
            draw_box(page, &BoxPx { x0, y0, x1, y1 }, TEXT, 2);
        }
        Ok(())
    }

    /// What the picture shows of the moment, above the cards.
    fn caption(&self, page: &mut RgbImage, picture: &Picture) {
        let Layout { panel, fonts, gap, .. } = *self.layout;
        fill(page, panel, PANEL);
        let of = format!("{} of {}", picture.moment + 1, self.timeline.moments_us.len());
        let text = match picture.step {
            Step::Exposed => format!("Moment {of}: the truth"),
            Step::Looked => format!("Moment {of}: what the stack sees"),
            Step::Outcome => {
                let tones = || picture.people.iter().filter_map(|p| p.outcome.as_ref()).map(|(tone, _)| *tone);
                let captured = tones().filter(|tone| *tone != Tone::Wrong).count();
                let matched = tones().filter(|tone| *tone == Tone::Good).count();
                format!("Outcome: {captured} of {} captured, {matched} matched", picture.people.len())
            }
        };
        let text = fonts.large.cut(&text, panel.width.saturating_sub(2 * gap));
        fonts.large.write(page, (panel.x + gap, panel.y + gap), &text, TEXT);
    }

    fn card(&mut self, page: &mut RgbImage, i: usize, person: &Person) -> Result<(), MovieError> {
        let area = self.layout.cards[i];
        let Layout { fonts, gap, .. } = *self.layout;
        let (ink, words) = match (&person.outcome, person.stage) {
            (Some((tone, words)), _) => (colour(*tone), words.as_str()),
            (None, Stage::Unseen) => (SOFT, "not seen so far"),
            (None, Stage::Detected) => (colour(Tone::Seen), "seen by the stack"),
            (None, Stage::Claimed) => (colour(Tone::Wrong), "claimed, not verified"),
            (None, Stage::Verified) => (colour(Tone::Good), "claimed and verified"),
        };
        fill(page, area, PAPER);
        fill(page, Area { width: gap / 2, ..area }, if ink == SOFT { LINE } else { ink });
        let square = Area { x: area.x + gap / 2, width: area.height, ..area };
        let face = match &person.portrait {
            Some(portrait) => self.frames.face(i, portrait, area.height)?,
            None => None,
        };
        match face {
            Some(face) => imageops::replace(page, &face, i64::from(square.x), i64::from(square.y)),
            None => nobody(page, square),
        }
        let x = square.x + square.width + gap;
        let room = (area.x + area.width).saturating_sub(x + gap);
        let line = fonts.large.height() + gap / 4;
        let most_lines = (area.height / line).clamp(2, 4) as usize - 1;
        // In the small font where the large one would have to leave words out.
        let fits = fonts.large.wrap(words, room, usize::MAX).len() <= most_lines;
        let font = if fits { fonts.large } else { fonts.small };
        let lines = font.wrap(words, room, most_lines);
        let mut y = area.y + area.height.saturating_sub(line * (1 + lines.len() as u32)) / 2;
        fonts.large.write(page, (x, y), &person.seat, TEXT);
        let seat = fonts.large.width(&person.seat) + fonts.large.width(" ");
        fonts.large.write(page, (x + seat, y), &fonts.large.cut(&person.about, room.saturating_sub(seat)), SOFT);
        for text in lines {
            y += line;
            font.write(page, (x, y), &text, ink);
        }
        Ok(())
    }

    fn legend(&self, page: &mut RgbImage, step: Step) {
        let (font, gap) = (self.layout.fonts.small, self.layout.gap);
        let side = font.height() - 4;
        let entries = if step == Step::Outcome { &OUTCOMES[..] } else { &LEGEND };
        for ((tone, text), (x, y)) in entries.iter().zip(&self.layout.legend) {
            let [x0, y0, x1, y1] = [x + 2, y + 2, x + side, y + side].map(|v| v as f32);
            draw_box(page, &BoxPx { x0, y0, x1, y1 }, colour(*tone), 2);
            font.write(page, (x + font.height() + gap / 2, *y), text, SOFT);
        }
    }
}
