//! Security print: fine wavy lines, after no real document's pattern.
use std::f32::consts::TAU;

use glam::Vec2;
use rand::Rng;

use super::between;

/// A family of parallel lines bent by two waves; one drawing covers the picture.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    /// Direction across the lines, unit vector.
    across: Vec2,
    /// Distance between lines, pixels.
    pitch_px: f32,
    /// Two waves along the lines: amplitude, length (pixels), phase.
    waves: [[f32; 3]; 2],
    /// Half the width of a line, pixels.
    half_width_px: f32,
}

impl Lines {
    /// Lines of one pitch across a direction (degrees from upwards, to the right).
    pub fn draw<R: Rng + ?Sized>(pitch_px: f32, direction_deg: f32, rng: &mut R) -> Self {
        let a = (direction_deg + between(rng, (-12.0, 12.0))).to_radians();
        let mut wave = |amplitude: f32, length: f32| {
            [
                amplitude * pitch_px * between(rng, (0.7, 1.3)),
                length * pitch_px * between(rng, (0.8, 1.25)),
                between(rng, (0.0, TAU)),
            ]
        };
        let waves = [wave(1.7, 19.0), wave(0.5, 7.3)];
        Self { across: Vec2::new(a.sin(), a.cos()), pitch_px, waves, half_width_px: pitch_px * 0.16 }
    }

    /// Share of a pixel that is inked, 0..1.
    pub fn ink(&self, at: Vec2) -> f32 {
        let along = Vec2::new(self.across.y, -self.across.x).dot(at);
        let (mut offset, mut slope) = (0.0, 0.0);
        for [amplitude, length, phase] in self.waves {
            let (s, c) = (along / length * TAU + phase).sin_cos();
            offset += amplitude * s;
            slope += amplitude * c * TAU / length;
        }
        let line = (self.across.dot(at) + offset) / self.pitch_px;
        // Distance to the next line, measured square to it.
        let distance = (line - line.round()).abs() * self.pitch_px / (1.0 + slope * slope).sqrt();
        (self.half_width_px + 0.5 - distance).clamp(0.0, 1.0)
    }
}

/// A ring of petals, as round seals have it.
#[derive(Debug, Clone)]
pub(super) struct Rosette {
    middle: Vec2,
    radius_px: f32,
    petals: f32,
    phase: f32,
}

impl Rosette {
    /// A rosette over a lower corner of the picture, as a seal or a stamp reaches into the photograph.
    pub fn draw<R: Rng + ?Sized>([width, height]: [f32; 2], rng: &mut R) -> Self {
        let left = rng.random::<f32>() < 0.5;
        let x = width * if left { between(rng, (0.06, 0.16)) } else { between(rng, (0.84, 0.94)) };
        Self {
            middle: Vec2::new(x, height * between(rng, (0.78, 0.92))),
            radius_px: width * between(rng, (0.20, 0.28)),
            petals: (between(rng, (9.0, 17.0))).round(),
            phase: between(rng, (0.0, TAU)),
        }
    }

    /// Share of a pixel that is inked, 0..1.
    pub fn ink(&self, at: Vec2) -> f32 {
        let d = at - self.middle;
        let r = d.length();
        if r > self.radius_px * 1.1 || r < self.radius_px * 0.2 {
            return 0.0;
        }
        let turn = d.y.atan2(d.x);
        // Six closed curves about the middle, each waved the other way round than its neighbours.
        let mut ink = 0.0_f32;
        for k in 0..6 {
            let way = if k % 2 == 0 { 1.0 } else { -1.0 };
            let base = self.radius_px * (0.35 + 0.11 * k as f32);
            let curve = base * (1.0 + 0.13 * (turn * self.petals * way + self.phase * (1.0 + k as f32)).sin());
            ink = ink.max((1.0 - (r - curve).abs()).clamp(0.0, 1.0));
        }
        ink
    }
}
