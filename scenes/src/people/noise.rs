//! Small seeded noise for skin, hair and cloth: value noise on an integer lattice.
use glam::Vec3;

/// A well-mixed 32-bit hash of three lattice coordinates and a seed (the finaliser of MurmurHash3).
pub(super) fn hash(x: i32, y: i32, z: i32, seed: u32) -> u32 {
    let mut h = seed
        ^ (x as u32).wrapping_mul(0x8da6_b343)
        ^ (y as u32).wrapping_mul(0xd816_3841)
        ^ (z as u32).wrapping_mul(0xcb1a_b31f);
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// The hash as a number in 0..1.
pub(super) fn unit(x: i32, y: i32, z: i32, seed: u32) -> f32 {
    (hash(x, y, z, seed) >> 8) as f32 / 16_777_216.0
}

/// Value noise in −1..1 with unit feature size.
pub(super) fn noise(p: Vec3, seed: u32) -> f32 {
    let cell = p.floor();
    let f = p - cell;
    let s = f * f * (Vec3::splat(3.0) - 2.0 * f);
    let [x, y, z] = cell.to_array().map(|c| c as i32);
    let corner = |dx: i32, dy: i32, dz: i32| unit(x + dx, y + dy, z + dz, seed);
    let lerp = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let row = |dy: i32, dz: i32| lerp(corner(0, dy, dz), corner(1, dy, dz), s.x);
    let plane = |dz: i32| lerp(row(0, dz), row(1, dz), s.y);
    lerp(plane(0), plane(1), s.z) * 2.0 - 1.0
}

/// Sum of octaves, each of half the size and half the strength; about −1..1.
pub(super) fn fractal(p: Vec3, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut scale, mut strength) = (0.0, 1.0, 0.55);
    for octave in 0..octaves {
        sum += noise(p * scale, seed.wrapping_add(octave * 7919)) * strength;
        scale *= 2.03;
        strength *= 0.5;
    }
    sum
}

/// 0 below `low`, 1 above `high`, smooth between; falls when `low > high`.
pub(super) fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A bell: 1 at the middle, 0 beyond `width` in either direction.
pub(super) fn bell(x: f32, middle: f32, width: f32) -> f32 {
    let t = ((x - middle) / width).abs().min(1.0);
    let s = 1.0 - t * t;
    s * s
}
