//! Irradiance at one place over all normals: samples on an octahedral map (T. Engelhardt and C. Dachsbacher, *Octahedron
//! Environment Maps*, VMV 2008), bilinear between them.
//!
//! The map's middle is +Y, its corners are −Y; samples lie on its edges too, so that the fold needs no care, and on the six
//! axes. For light from one direction, the hardest case, the error over all directions is 3 % of the peak (root of the mean
//! square). Ambient cubes (six directions) err by 15 % and flatten a peak between three axes by 42 %; nine spherical
//! harmonics err by 4 %, but pass 9 % of light that comes from beside a surface: a roof between two windows would shine.
use std::f32::consts::PI;

use glam::{UVec2, Vec2, Vec3};
use rayon::prelude::*;

/// Samples along a side of the map.
pub const SIDE: usize = 9;
/// Samples of a probe.
pub const SAMPLES: usize = SIDE * SIDE;

/// Irradiance on planes that face the map's directions, W·m⁻² per band; row by row.
pub type Probe = [[f32; 3]; SAMPLES];

/// No light.
pub const DARK: Probe = [[0.0; 3]; SAMPLES];

fn folded(p: Vec2) -> Vec2 {
    let sign = |x: f32| if x >= 0.0 { 1.0 } else { -1.0 };
    Vec2::new((1.0 - p.y.abs()) * sign(p.x), (1.0 - p.x.abs()) * sign(p.y))
}

/// Direction of a sample of a map with this many along a side.
fn direction(k: usize, side: usize) -> Vec3 {
    let step = 2.0 / (side - 1) as f32;
    let p = Vec2::new((k % side) as f32, (k / side) as f32) * step - 1.0;
    let y = 1.0 - p.x.abs() - p.y.abs();
    let q = if y < 0.0 { folded(p) } else { p };
    Vec3::new(q.x, y, q.y).normalize()
}

/// Unit normal of each sample.
pub fn normals() -> [Vec3; SAMPLES] {
    std::array::from_fn(|k| direction(k, SIDE))
}

/// Samples along a side of a map of what coats mirror: 9° from one to the next.
pub const MIRROR_SIDE: usize = 21;
/// Width of the lobe that a mirror map is blurred by, GGX's α: the coat of skin, which is all that matters on a face.
const MIRROR_ALPHA: f32 = 0.176;

/// What a coat mirrors from each direction of a map of [`MIRROR_SIDE`], W·m⁻²·sr⁻¹ per band: the mean radiance over GGX's lobe
/// round the mirrored direction, seen along the normal (B. Karis, *Real Shading in Unreal Engine 4*, SIGGRAPH course 2013).
pub fn mirrored(directions: &[Vec3], radiance: &[[f32; 3]]) -> Vec<[f32; 3]> {
    let alpha2 = MIRROR_ALPHA * MIRROR_ALPHA;
    (0..MIRROR_SIDE * MIRROR_SIDE)
        .into_par_iter()
        .map(|k| {
            let along = direction(k, MIRROR_SIDE);
            let (mut sum, mut norm) = ([0.0f32; 3], 0.0f32);
            for (direction, l) in directions.iter().zip(radiance) {
                let cos = along.dot(*direction);
                if cos <= 0.0 {
                    continue;
                }
                // The half vector's cosine, squared.
                let half2 = 0.5 + 0.5 * cos;
                let q = half2 * (alpha2 - 1.0) + 1.0;
                let weight = cos / (q * q);
                norm += weight;
                for band in 0..3 {
                    sum[band] += weight * l[band];
                }
            }
            sum.map(|l| l / norm)
        })
        .collect()
}

/// The four samples round a direction (unit vector) in a map with this many along a side, and their shares.
fn around_in(direction: Vec3, side: usize) -> [(usize, f32); 4] {
    let p = Vec2::new(direction.x, direction.z) / direction.abs().element_sum();
    let q = if direction.y < 0.0 { folded(p) } else { p };
    let g = (q * 0.5 + 0.5).clamp(Vec2::ZERO, Vec2::ONE) * (side - 1) as f32;
    let cell = g.as_uvec2().min(UVec2::splat(side as u32 - 2));
    let (t, first) = (g - cell.as_vec2(), cell.y as usize * side + cell.x as usize);
    [
        (first, (1.0 - t.x) * (1.0 - t.y)),
        (first + 1, t.x * (1.0 - t.y)),
        (first + side, (1.0 - t.x) * t.y),
        (first + side + 1, t.x * t.y),
    ]
}

/// The four samples round a normal (unit vector), and their shares.
pub fn around(normal: Vec3) -> [(usize, f32); 4] {
    around_in(normal, SIDE)
}

/// What a map of [`mirrored`] radiance shows in a direction (unit vector, its own frame).
pub fn mirrored_from(map: &[[f32; 3]], direction: Vec3) -> [f32; 3] {
    let near = around_in(direction, MIRROR_SIDE);
    std::array::from_fn(|band| near.iter().map(|&(k, share)| share * map[k][band]).sum())
}

/// Irradiance from radiance along directions that are spread evenly, scaled so that equal radiance L gives exactly πL.
pub fn project(directions: &[Vec3], radiance: &[[f32; 3]]) -> Probe {
    normals().map(|normal| {
        let (mut sum, mut norm) = ([0.0f32; 3], 0.0f32);
        for (direction, l) in directions.iter().zip(radiance) {
            let cos = normal.dot(*direction).max(0.0);
            norm += cos;
            for band in 0..3 {
                sum[band] += cos * l[band];
            }
        }
        sum.map(|e| e * PI / norm)
    })
}

/// Irradiance on a plane with this unit normal.
pub fn irradiance(probe: &Probe, normal: Vec3) -> [f32; 3] {
    let near = around(normal);
    std::array::from_fn(|band| near.iter().map(|&(k, share)| share * probe[k][band]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Irradiance that light from one direction makes, 1 W·m⁻² on a plane that faces it.
    fn of_one(direction: Vec3) -> Probe {
        normals().map(|normal| [normal.dot(direction).max(0.0); 3])
    }

    fn directions() -> impl Iterator<Item = Vec3> {
        (0..2000u32).map(|i| {
            let (y, turn) = (1.0 - (i as f32 + 0.5) / 1000.0, i as f32 * 2.399_963_2);
            Vec3::new(turn.cos() * (1.0 - y * y).sqrt(), y, turn.sin() * (1.0 - y * y).sqrt())
        })
    }

    #[test]
    fn samples_and_lookups_agree_and_axes_are_samples() {
        for (k, normal) in normals().into_iter().enumerate() {
            // On the fold several samples share one direction.
            let found: f32 =
                around(normal).iter().filter(|(i, _)| (normals()[*i] - normal).length() < 1e-5).map(|n| n.1).sum();
            assert!(found > 0.999, "sample {k}: {found}");
        }
        for axis in [Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z] {
            assert!(normals().iter().any(|n| (*n - axis).length() < 1e-6), "{axis}");
        }
    }

    #[test]
    fn a_cosine_lobe_from_anywhere_is_kept() {
        let (mut squares, mut count) = (0.0, 0);
        for light in directions().step_by(37) {
            let probe = of_one(light);
            for normal in directions().step_by(7) {
                let (got, want) = (irradiance(&probe, normal)[0], normal.dot(light).max(0.0));
                squares += (got - want) * (got - want);
                count += 1;
                assert!((got - want).abs() < 0.15 && got >= 0.0, "{light} onto {normal}: {got}, not {want}");
            }
            let peak = irradiance(&probe, light)[0];
            assert!(peak > 0.92 && peak <= 1.0 + 1e-5, "{light}: {peak}");
        }
        let rms = (squares / count as f32).sqrt();
        assert!(rms < 0.033, "{rms}");
    }

    #[test]
    fn a_mirror_keeps_even_light_and_the_place_of_a_window() {
        let all: Vec<Vec3> = directions().collect();
        assert!(mirrored(&all, &vec![[2.0; 3]; all.len()]).iter().flatten().all(|l| (l - 2.0).abs() < 1e-4));
        let window = Vec3::new(0.3, 0.2, 0.9).normalize();
        let lit: Vec<[f32; 3]> = all.iter().map(|d| [f32::from(u8::from(d.dot(window) > 0.8)); 3]).collect();
        let map = mirrored(&all, &lit);
        for (k, mirrored) in map.iter().enumerate() {
            let off_deg = direction(k, MIRROR_SIDE).dot(window).clamp(-1.0, 1.0).acos().to_degrees();
            // The window's edge is 37° off its middle.
            let expected = match off_deg {
                near if near < 10.0 => 0.85..=1.0,
                far if far > 90.0 => 0.0..=0.1,
                _ => 0.0..=1.0,
            };
            assert!(expected.contains(&mirrored[0]), "{off_deg}° off: {}", mirrored[0]);
        }
    }

    #[test]
    fn equal_radiance_gives_pi_times_it() {
        let all: Vec<Vec3> = directions().collect();
        let probe = project(&all, &vec![[2.0; 3]; all.len()]);
        assert!(probe.iter().flatten().all(|e| (e / (2.0 * PI) - 1.0).abs() < 1e-5));
    }
}
