//! Small seeded noise for skin, hair and cloth: value noise on an integer lattice.
use std::sync::LazyLock;

use glam::{Vec3, Vec4};

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

/// Edge of the lattice that noise repeats with, cells; a power of two.
const EDGE: usize = 64;
/// Index of the lattice's last value.
const LAST: u32 = (EDGE * EDGE * EDGE - 1) as u32;

/// Values of the lattice, −1..1, x running fastest. One lattice serves all seeds: each looks at it from its own corner, which
/// costs a skin picture a third of the time that hashing every corner of every cell would.
static LATTICE: LazyLock<Box<[f32]>> = LazyLock::new(|| {
    let at = |i: usize| (i % EDGE, i / EDGE % EDGE, i / (EDGE * EDGE));
    let value = |(x, y, z): (usize, usize, usize)| unit(x as i32, y as i32, z as i32, 0x5eed) * 2.0 - 1.0;
    (0..EDGE * EDGE * EDGE).map(|i| value(at(i))).collect()
});

/// The largest integer that is not above `x`; for numbers that fit 32 bits.
#[inline]
fn floor(x: f32) -> i32 {
    let whole = x as i32;
    whole - i32::from((whole as f32) > x)
}

/// Value noise in −1..1 with unit feature size; repeats after 64 units.
#[inline]
pub(super) fn noise(p: Vec3, seed: u32) -> f32 {
    const MASK: u32 = EDGE as u32 - 1;
    let cell = p.to_array().map(floor);
    let f = p - Vec3::from(cell.map(|c| c as f32));
    let s = f * f * (Vec3::splat(3.0) - 2.0 * f);
    let corner = hash(0, 0, 0, seed);
    let at = |axis: usize, step: u32| (cell[axis] as u32).wrapping_add(corner >> (8 * axis)).wrapping_add(step) & MASK;
    let (x, y, z) = ([at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)], [at(2, 0), at(2, 1)]);
    let lattice: &[f32] = &LATTICE;
    let value = |i: usize, j: usize, k: usize| lattice[(((z[k] << 12) | (y[j] << 6) | x[i]) & LAST) as usize];
    // Two rows at a time: near and far in z are the lanes.
    let low = Vec4::new(value(0, 0, 0), value(0, 1, 0), value(0, 0, 1), value(0, 1, 1));
    let high = Vec4::new(value(1, 0, 0), value(1, 1, 0), value(1, 0, 1), value(1, 1, 1));
    let [a, b, c, d] = (low + (high - low) * s.x).to_array();
    let (near, far) = (a + (b - a) * s.y, c + (d - c) * s.y);
    near + (far - near) * s.z
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
