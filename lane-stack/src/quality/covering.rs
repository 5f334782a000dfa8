//! What of a face is evenly lit, and what is covered, told from the picture alone.
//!
//! All is measured in the crop of the parent module, and against the face itself: its own cheeks, the ridge of its own
//! nose. Nothing is learnt, so nothing is known of what covers: a mask of the wearer's own skin colour is skin, and a
//! grey beard is a mask.
//!
//! How well it tells, on rendered faces whose truth is known, turned less than 45°, as the stack's own detector finds
//! them (median and the nearer tail, 5 or 95 %):
//! * Eyes covered: bare 0.03 and 0.20 (73 faces), clear glasses 0.06 and 0.21 (50), sunglasses 0.78 and 0.40 (14); a
//!   random one of the latter is above a random bare one 996 times in 1000. Masks without glasses 0.18 and 0.48.
//! * Face covered: bare 0.05 and 0.15, masks 0.67 and 0.58 (29), always above. Sunglasses 0.14: they are small. Of faces
//!   that pillars, head-rests, hands and other people hide by more than 30 % (90), only 73 in 100 are above a bare one:
//!   it tells what is worn, and hardly what stands before.
//!
//! Bare faces of dark skin come out more covered than those of light skin (95 % of Monk tones 1–3 under 0.13, of 4–6 under
//! 0.20, of 7–10 under 0.39; 26, 67 and 18 faces, with their true landmarks): who sets a bound looks at that first.
use super::{SIDE, inside};

/// Centres of the two cheeks in the crop, pixels, and their radius: beside the nose, between eye and mouth, clear of
/// both (assumption, from the ArcFace template).
const CHEEKS_PX: [[f32; 2]; 2] = [[38.0, 75.0], [74.0, 75.0]];
const CHEEK_RADIUS_PX: f32 = 8.0;

/// The skin under each eye, which a lens covers and an open, a closed or a made-up eye does not: centre and radii in the
/// crop, pixels (assumption).
const UNDER_EYES_PX: [[f32; 2]; 2] = [[38.3, 57.0], [73.5, 57.0]];
const UNDER_EYE_RADII_PX: [f32; 2] = [8.0, 4.0];

/// A lens before each eye: centre and radii in the crop, pixels (assumption).
const LENSES_PX: [[f32; 2]; 2] = [[38.3, 53.0], [73.5, 53.0]];
const LENS_RADII_PX: [f32; 2] = [13.0, 9.0];

/// The ridge of the nose between the eyes: left, top, right, bottom in the crop, pixels. Sunglasses leave it free
/// between their lenses, masks end below it (assumption).
const RIDGE_PX: [f32; 4] = [50.5, 41.5, 61.5, 62.5];

/// Of the ridge's luminance, the share of pixels below what stands for skin: frames of glasses and shadows beside the
/// ridge are darker than it (assumption).
const RIDGE_SKIN: f32 = 0.75;

/// Of the face's luminance, the share of pixels below what stands for black: pupils, nostrils, lenses. It takes the
/// veil of a pane away, which lifts black and skin alike (assumption).
const BLACK: f32 = 0.01;

/// Distance in (red, green) chromaticity from the ridge of the nose from which a pixel is not the face's skin. Set on
/// rendered faces: of bare ones it takes 4 % (median) to 27 % of the lower half, of masked ones 95 to 100 %.
const OTHER_COLOUR: f32 = 0.035;

/// Pixels around one over which its colour is the mean, to each side: JPEG keeps colour at half the resolution.
const COLOUR_REACH_PX: usize = 2;

/// Greatest difference of a pixel's channels, bytes, in a picture without colour (assumption: what coding adds).
const COLOURLESS: f32 = 2.0;

/// What [`of`] tells of a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Covering {
    /// Overlap of the histograms of the two cheeks, 0..1.
    pub uniformity: f32,
    /// Share of the skin under the eyes that is covered by something dark, 0..1.
    pub eyes_covered_share: f32,
    /// Share of the inner face that is covered, 0..1; nothing where the picture has no colour.
    pub covered_share: Option<f32>,
}

/// Measures a crop; `luminance` is its luma.
pub(super) fn of(rgb: &[[f32; 3]], luminance: &[f32]) -> Covering {
    let cheeks = CHEEKS_PX.map(|centre| pixels(luminance, centre, [CHEEK_RADIUS_PX; 2]));
    let face: Vec<f32> = inside().map(|i| luminance[i]).collect();
    let black = quantile(&face, BLACK);
    let ridge: Vec<usize> = ridge().collect();
    let ridge_luminance: Vec<f32> = ridge.iter().map(|&i| luminance[i]).collect();
    let ridge_skin = quantile(&ridge_luminance, RIDGE_SKIN);
    // Darker than half way from black to this side's skin; where a white mask is on the cheek, the ridge stands for it.
    let half_dark = [0, 1].map(|side| black + 0.5 * (quantile(&cheeks[side], 0.5).min(ridge_skin) - black));
    let dark_share = |side: usize| {
        let under = pixels(luminance, UNDER_EYES_PX[side], UNDER_EYE_RADII_PX);
        under.iter().filter(|&&v| v < half_dark[side]).count() as f32 / under.len() as f32
    };
    let covered_share = has_colour(rgb).then(|| {
        let chromaticity = chromaticity(rgb);
        let skin = [0, 1].map(|k| quantile(&ridge.iter().map(|&i| chromaticity[i][k]).collect::<Vec<_>>(), 0.5));
        let covered = |i: &usize| {
            let [red, green] = [0, 1].map(|k| chromaticity[*i][k] - skin[k]);
            let lens = (0..2).any(|side| within(*i, LENSES_PX[side], LENS_RADII_PX) && luminance[*i] < half_dark[side]);
            lens || red.hypot(green) > OTHER_COLOUR
        };
        inside().filter(covered).count() as f32 / face.len() as f32
    });
    Covering {
        uniformity: overlap(&cheeks[0], &cheeks[1]),
        eyes_covered_share: 0.5 * (dark_share(0) + dark_share(1)),
        covered_share,
    }
}

fn within(i: usize, centre: [f32; 2], radii: [f32; 2]) -> bool {
    let x = ((i % SIDE) as f32 - centre[0]) / radii[0];
    let y = ((i / SIDE) as f32 - centre[1]) / radii[1];
    x * x + y * y <= 1.0
}

fn pixels(values: &[f32], centre: [f32; 2], radii: [f32; 2]) -> Vec<f32> {
    values.iter().enumerate().filter(|(i, _)| within(*i, centre, radii)).map(|(_, v)| *v).collect()
}

fn ridge() -> impl Iterator<Item = usize> {
    let [left, top, right, bottom] = RIDGE_PX;
    let on = move |i: &usize| {
        let (x, y) = ((i % SIDE) as f32, (i / SIDE) as f32);
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    };
    (0..SIDE * SIDE).filter(on)
}

/// The value that this share of the values lies below; of no values 0.
fn quantile(values: &[f32], share: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f32).round() as usize).copied().unwrap_or(0.0)
}

/// Overlap of the histograms of bytes, 0..1: the sum of the lesser shares (OFIQ's uniformity of illumination). OFIQ takes
/// it of more pixels: two hundred of one and the same skin overlap by some 0.7 (on its scale 90), not 1.
fn overlap(a: &[f32], b: &[f32]) -> f32 {
    let histogram = |values: &[f32]| {
        let mut counts = [0.0f32; 256];
        values.iter().for_each(|v| counts[v.round().clamp(0.0, 255.0) as usize] += 1.0 / values.len() as f32);
        counts
    };
    histogram(a).iter().zip(histogram(b)).map(|(p, q)| p.min(q)).sum::<f32>().min(1.0)
}

fn has_colour(rgb: &[[f32; 3]]) -> bool {
    let spread = |p: &[f32; 3]| p.iter().fold(f32::MIN, |a, v| a.max(*v)) - p.iter().fold(f32::MAX, |a, v| a.min(*v));
    rgb.iter().any(|p| spread(p) > COLOURLESS)
}

/// Red and green as shares of all three, of the mean over the neighbourhood. One is added to each channel, so that black
/// is grey.
fn chromaticity(rgb: &[[f32; 3]]) -> Vec<[f32; 2]> {
    let span = |at: usize| at.saturating_sub(COLOUR_REACH_PX)..(at + COLOUR_REACH_PX + 1).min(SIDE);
    let sum = |of: &mut dyn Iterator<Item = [f32; 3]>| of.fold([0.0f32; 3], |s, p| [0, 1, 2].map(|k| s[k] + p[k]));
    let across: Vec<[f32; 3]> =
        (0..SIDE * SIDE).map(|i| sum(&mut span(i % SIDE).map(|x| rgb[i / SIDE * SIDE + x]))).collect();
    let mean = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        let count = (span(x).len() * span(y).len()) as f32;
        let [red, green, blue] = sum(&mut span(y).map(|row| across[row * SIDE + x])).map(|v| v / count + 1.0);
        [red, green].map(|v| v / (red + green + blue))
    };
    (0..SIDE * SIDE).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::luma;

    /// A face: skin with a little grain, two dark eyes, a dark mouth.
    fn face(paint: impl Fn(f32, f32) -> Option<[f32; 3]>, light: impl Fn(f32) -> f32) -> Covering {
        let pixel = |i: usize| {
            let (x, y) = ((i % SIDE) as f32, (i / SIDE) as f32);
            let grain = ((x * 12.9898 + y * 78.233).sin() * 43_758.547).rem_euclid(1.0) * 16.0 - 8.0;
            let eye = within(i, [38.3, 51.7], [5.0, 3.0]) || within(i, [73.5, 51.7], [5.0, 3.0]);
            let mouth = within(i, [56.0, 92.0], [14.0, 2.0]);
            let skin = if eye { [40.0, 35.0, 32.0] } else { [170.0, 130.0, 105.0] };
            let skin = if mouth { [120.0, 60.0, 60.0] } else { skin };
            paint(x, y).unwrap_or(skin).map(|v| ((v + grain) * light(x)).clamp(0.0, 255.0))
        };
        let rgb: Vec<[f32; 3]> = (0..SIDE * SIDE).map(pixel).collect();
        let luminance: Vec<f32> = rgb.iter().map(|p| luma(*p)).collect();
        of(&rgb, &luminance)
    }

    #[test]
    fn a_bare_and_evenly_lit_face_is_told_as_such() {
        let bare = face(|_, _| None, |_| 1.0);
        assert!(bare.uniformity > 0.6, "{bare:?}");
        assert!(bare.eyes_covered_share < 0.2, "{bare:?}");
        assert!(bare.covered_share.unwrap() < 0.1, "{bare:?}");
        // Half the light, or the veil of a pane over it, covers nothing.
        for other in [face(|_, _| None, |_| 0.4), face(|_, _| None, |_| 0.9)] {
            assert!(other.covered_share.unwrap() < 0.1 && other.eyes_covered_share < 0.2, "{other:?}");
        }
    }

    #[test]
    fn the_darker_one_half_of_a_face_the_less_uniform_it_is() {
        let uniformity: Vec<f32> = [1.0, 0.97, 0.92, 0.5]
            .into_iter()
            .map(|shade| face(|_, _| None, move |x| if x < 56.0 { shade } else { 1.0 }).uniformity)
            .collect();
        assert!(uniformity.windows(2).all(|pair| pair[1] < pair[0]), "{uniformity:?}");
        assert!(uniformity[3] < 0.01, "{uniformity:?}");
    }

    #[test]
    fn a_dark_band_over_the_eyes_covers_them_and_little_else() {
        let bare = face(|_, _| None, |_| 1.0);
        let band = |y: f32| (44.0..62.0).contains(&y);
        let lens = face(|x, y| (band(y) && (x - 56.0).abs() > 5.0).then_some([30.0, 30.0, 32.0]), |_| 1.0);
        assert!(lens.eyes_covered_share > 0.95 && lens.eyes_covered_share > bare.eyes_covered_share, "{lens:?}");
        assert!(lens.covered_share.unwrap() > bare.covered_share.unwrap() + 0.05, "{lens:?}");
        assert!(lens.covered_share.unwrap() < 0.5, "{lens:?}");
    }

    #[test]
    fn a_mask_covers_the_lower_half_whatever_its_colour() {
        let bare = face(|_, _| None, |_| 1.0).covered_share.unwrap();
        for colour in [[110.0, 150.0, 190.0], [225.0, 228.0, 230.0], [28.0, 28.0, 30.0]] {
            let masked = face(|_, y| (y > 68.0).then_some(colour), |_| 1.0);
            assert!(masked.covered_share.unwrap() > bare + 0.4, "{colour:?} {masked:?}");
            assert!(masked.eyes_covered_share < 0.2, "{colour:?} {masked:?}");
        }
        // The more of it, the more is covered.
        let to =
            |top: f32| face(move |_, y| (y > top).then_some([110.0, 150.0, 190.0]), |_| 1.0).covered_share.unwrap();
        assert!(to(100.0) < to(85.0) && to(85.0) < to(68.0));
    }

    #[test]
    fn without_colour_nothing_is_said_of_what_is_covered() {
        let grey = vec![[120.0; 3]; SIDE * SIDE];
        assert_eq!(of(&grey, &[120.0; SIDE * SIDE]).covered_share, None);
        let uniform = of(&grey, &[120.0; SIDE * SIDE]);
        assert_eq!((uniform.uniformity, uniform.eyes_covered_share), (1.0, 0.0));
    }

    #[test]
    fn two_histograms_overlap_by_what_they_share() {
        assert_eq!(overlap(&[1.0, 2.0, 3.0, 4.0], &[3.0, 4.0, 5.0, 6.0]), 0.5);
        assert_eq!(overlap(&[7.0; 3], &[8.0; 5]), 0.0);
        assert!((overlap(&[7.0; 3], &[7.0; 5]) - 1.0).abs() < 1e-6);
    }
}
