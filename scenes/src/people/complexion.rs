//! Where every face is lighter or darker than its tone in its own way: lids, nose, lips' corners, chin, cheeks, temples.
use glam::Vec3;
use rand::Rng;

use super::noise::{bell, smooth};

/// Number of places.
pub(super) const COUNT: usize = 12;
/// Index of the upper lids among the places.
pub(super) const UPPER_LIDS: usize = 0;
/// Largest lightening or darkening of a place, as a share of the tone; draws have 0.41 of it as their standard deviation
/// (assumption, chosen on contact sheets: more looks painted).
const MOST: f32 = 0.48;

/// Draws a complexion: how each place differs from the tone, −1..1, small differences more often.
pub(super) fn sample<R: Rng + ?Sized>(rng: &mut R) -> Vec<f32> {
    (0..COUNT).map(|_| rng.random::<f32>() + rng.random::<f32>() - 1.0).collect()
}

/// How much of each place a point of the base mesh is, 0..1; left and right alike.
fn shares(p: Vec3) -> [f32; COUNT] {
    let ax = p.x.abs();
    let front = |low: f32| smooth(low, low + 0.01, p.z);
    let spot = |x: f32, y: f32, wide: f32, size: f32| bell(((ax - x) / wide).hypot(p.y - y), 0.0, size);
    [
        // Upper lid and the skin below the brow.
        spot(0.031, 0.7375, 1.9, 0.008) * front(0.11),
        // The whole eye area.
        spot(0.031, 0.731, 1.6, 0.015) * front(0.11),
        // Ridge and sides of the nose.
        bell(ax, 0.0, 0.006) * smooth(0.69, 0.70, p.y) * smooth(0.76, 0.74, p.y) * front(0.14),
        bell(ax, 0.0145, 0.007) * smooth(0.69, 0.70, p.y) * smooth(0.745, 0.73, p.y) * front(0.12),
        // Corners of the mouth, groove above the lip, chin.
        spot(0.028, 0.660, 1.2, 0.011),
        bell(ax, 0.0, 0.007) * bell(p.y, 0.674, 0.008) * front(0.13),
        bell((ax - 0.008) / 1.2, 0.0, 0.011) * bell(p.y, 0.632, 0.013) * front(0.12),
        // Middle of the forehead.
        spot(0.0, 0.785, 1.7, 0.024) * front(0.11),
        // Cheekbone, hollow of the cheek, temple, jaw.
        bell((ax - 0.045).hypot((p.y - 0.712) * 1.5), 0.0, 0.018) * front(0.09),
        spot(0.055, 0.668, 1.0, 0.024) * front(0.07),
        spot(0.060, 0.745, 1.0, 0.020) * front(0.07),
        smooth(0.63, 0.60, p.y) * smooth(0.05, 0.08, p.z),
    ]
}

/// The shares of a point of the base mesh in the places, each as a 255th: what an atlas keeps per texel.
pub(super) fn places(p: Vec3) -> [u8; COUNT] {
    shares(p).map(|share| (share * 255.0 + 0.5) as u8)
}

/// Factor on the skin's reflectance where it has these shares in the places. Darker places are redder and browner: more
/// melanin and blood, less of blue and green.
pub(super) fn factor(complexion: &[f32], places: &[u8; COUNT]) -> Vec3 {
    let amount = places.iter().zip(complexion).map(|(&place, c)| f32::from(place) * c).sum::<f32>() * (MOST / 255.0);
    if amount == 0.0 { Vec3::ONE } else { (Vec3::new(0.85, 1.0, 1.1) * amount).map(f32::exp) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_complexion_changes_nothing_and_a_lighter_place_is_lighter() {
        let lid = places(Vec3::new(0.031, 0.7375, 0.14));
        assert_eq!(factor(&[0.0; COUNT], &lid), Vec3::ONE);
        let mut complexion = [0.0; COUNT];
        complexion[0] = 1.0;
        assert!(factor(&complexion, &lid).min_element() > 1.3);
        assert_eq!(factor(&complexion, &places(Vec3::new(0.0, 0.632, 0.15))), Vec3::ONE);
    }
}
