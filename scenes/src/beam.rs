//! Beams that are not round: the dipped beam of a vehicle's head-lamp.
use glam::Vec2;

/// Intensity of which [`BeamPattern::DIPPED`] gives shares, candela.
pub const DIPPED_CD: f32 = 20_000.0;

/// Part of a beam with a middle: a Gaussian over the tangents of the angles to the right of the axis and up from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lobe {
    /// Share of the pattern's intensity in its middle.
    pub share: f32,
    /// Middle, tangents.
    pub middle: Vec2,
    /// Standard deviations, tangents.
    pub spread: Vec2,
}

impl Lobe {
    const fn new(share: f32, middle: [f32; 2], spread: [f32; 2]) -> Self {
        Self { share, middle: Vec2::from_array(middle), spread: Vec2::from_array(spread) }
    }

    fn at(&self, place: Vec2) -> f32 {
        self.share * (-0.5 * ((place - self.middle) / self.spread).length_squared()).exp()
    }
}

/// A beam with a cut-off, over the tangents of the angles to the right of its axis and up from it: places on a screen that
/// stands across the axis, in parts of its distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeamPattern {
    /// What lies below the cut-off.
    pub below: [Lobe; 2],
    /// What is scattered everywhere.
    pub spill: Lobe,
    /// Height of the cut-off left of the axis.
    pub cut: f32,
    /// By how much it rises to the right of the axis.
    pub rise: f32,
    /// How far to the right it rises.
    pub rises_to: f32,
    /// Softness of the edge: over it `below` falls as a logistic function of the height.
    pub softness: f32,
}

/// Tangents of angles in degrees, to the seventh digit: 1 % is the line on which UN R112 aims the cut-off.
const ONE_PERCENT: f32 = 0.01;
const DEG_0_13: f32 = 0.002_268_9;
const DEG_1: f32 = 0.017_455_1;
const DEG_1_1: f32 = 0.019_201_0;
const DEG_1_5: f32 = 0.026_185_9;
const DEG_2_5: f32 = 0.043_660_9;
const DEG_3_5: f32 = 0.061_162_6;
const DEG_3_6: f32 = 0.062_914_7;
const DEG_6: f32 = 0.105_104_2;
const DEG_8: f32 = 0.140_540_8;
const DEG_15: f32 = 0.267_949_2;
const DEG_22: f32 = 0.404_026_2;

impl BeamPattern {
    /// A dipped beam for traffic that keeps right, as shares of [`DIPPED_CD`]: an assumption in all its numbers, drawn so that it
    /// meets the requirements of UN R112 for lamps of class B, which a test lists. Below the cut-off there is a hot spot to the
    /// right and a wide foreground; above it, what lens and housing scatter. The cut-off lies 1 % below the axis on the left and
    /// rises by 15° on the right for six degrees. Some 490 lm in all.
    pub const DIPPED: Self = Self {
        below: [
            Lobe::new(0.65, [DEG_2_5, -DEG_1], [DEG_3_6, DEG_1_1]),
            Lobe::new(0.30, [0.0, -DEG_1_5], [DEG_15, DEG_3_5]),
        ],
        spill: Lobe::new(0.0085, [0.0, 0.03], [DEG_22, DEG_8]),
        cut: -ONE_PERCENT,
        rise: DEG_15,
        rises_to: DEG_6,
        softness: DEG_0_13,
    };

    /// Share of the pattern's intensity in a direction before the lamp: to the right of the axis and up from it, tangents.
    pub fn share(&self, right: f32, up: f32) -> f32 {
        let place = Vec2::new(right, up);
        let cut = self.cut + self.rise * right.clamp(0.0, self.rises_to);
        let open = 1.0 / (1.0 + ((up - cut) / self.softness).clamp(-30.0, 30.0).exp());
        self.spill.at(place) + open * (self.below[0].at(place) + self.below[1].at(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candela at degrees to the right and up, as goniometers have them: the elevation is measured in the turned plane.
    fn candela(right_deg: f32, up_deg: f32) -> f32 {
        let (right, up) = (right_deg.to_radians(), up_deg.to_radians());
        DIPPED_CD * BeamPattern::DIPPED.share(right.tan(), up.tan() / right.cos())
    }

    /// Illuminance on a screen at 25 m in lux, as UN R112 had its requirements until its 01 series, to candela.
    fn of_lux_at_25_m(lux: f32) -> f32 {
        lux * 25.0 * 25.0
    }

    #[test]
    fn the_dipped_beam_meets_un_r112_class_b_for_traffic_on_the_right() {
        // Degrees to the right and up, least and most lux at 25 m.
        let points = [
            ("B50L", -3.43, 0.57, 0.0, 0.4),
            ("75R", 1.15, -0.57, 12.0, f32::MAX),
            ("75L", -3.43, -0.57, 0.0, 12.0),
            ("50L", -3.43, -0.86, 0.0, 15.0),
            ("50R", 1.72, -0.86, 12.0, f32::MAX),
            ("50V", 0.0, -0.86, 6.0, f32::MAX),
            ("25L", -9.0, -1.72, 2.0, f32::MAX),
            ("25R", 9.0, -1.72, 2.0, f32::MAX),
        ];
        for (name, right, up, least, most) in points {
            let got = candela(right, up);
            assert!((of_lux_at_25_m(least)..of_lux_at_25_m(most)).contains(&got), "{name}: {got} cd");
        }
        let over = |rights: [f32; 2], ups: [f32; 2]| {
            let steps = |[from, to]: [f32; 2]| (0..=40).map(move |k| from + (to - from) * k as f32 / 40.0);
            steps(rights).flat_map(move |right| steps(ups).map(move |up| candela(right, up))).collect::<Vec<_>>()
        };
        // Zone III, its part left of the kink and its part above the rise: 0.7 lx at most.
        let glare = [over([-8.0, -0.5], [0.3, 4.0]), over([0.0, 8.0], [2.0, 4.0])].concat();
        assert!(glare.iter().all(|cd| *cd <= of_lux_at_25_m(0.7)), "{:?}", glare.iter().copied().reduce(f32::max));
        // Zone IV: 3 lx at least.
        let ahead = over([-5.14, 5.14], [-1.72, -0.86]);
        assert!(ahead.iter().all(|cd| *cd >= of_lux_at_25_m(3.0)), "{:?}", ahead.iter().copied().reduce(f32::min));
        // Zone I: twice what is at 50R at most.
        let near = over([-9.0, 9.0], [-4.0, -1.72]);
        assert!(near.iter().all(|cd| *cd <= 2.0 * candela(1.72, -0.86)));
    }

    #[test]
    fn the_cut_off_is_as_sharp_as_un_r112_wants_it_and_lies_one_per_cent_down() {
        // G = log E(β) − log E(β + 0.1°), scanned at 2.5° to the left: 0.13 to 0.40 where it is greatest.
        let heights = (0..300).map(|k| -2.0 + 0.01 * k as f32);
        let g = heights.map(|up| (candela(-2.5, up) / candela(-2.5, up + 0.1)).log10()).fold(0.0, f32::max);
        assert!((0.13..=0.40).contains(&g), "{g}");
        // Of what the edge takes away half is left on the 1 % line.
        let (line, spill) = (-0.573, DIPPED_CD * BeamPattern::DIPPED.spill.at(Vec2::new(-0.0437, -0.01)));
        let below = BeamPattern::DIPPED.below.map(|lobe| lobe.at(Vec2::new(-0.0437, -0.01))).iter().sum::<f32>();
        let open = (candela(-2.5, line) - spill) / (DIPPED_CD * below);
        assert!((open - 0.5).abs() < 0.02, "{open}");
    }

    #[test]
    fn as_much_light_leaves_it_as_leaves_a_real_lamp() {
        // Over the screen: dΩ = dx dy / (1 + x² + y²)^1.5. A bulb of some 1,500 lm gives a third of it to the beam.
        let step = 0.002;
        let mut lumens = 0.0;
        for i in -700..700 {
            for j in -400..200 {
                let (x, y) = ((i as f32 + 0.5) * step, (j as f32 + 0.5) * step);
                lumens += BeamPattern::DIPPED.share(x, y) * DIPPED_CD * step * step / (1.0 + x * x + y * y).powf(1.5);
            }
        }
        assert!((400.0..600.0).contains(&lumens), "{lumens} lm");
    }
}
