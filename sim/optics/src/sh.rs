//! Irradiance in nine spherical-harmonic coefficients: R. Ramamoorthi and P. Hanrahan, *An Efficient Representation for
//! Irradiance Environment Maps*, SIGGRAPH 2001.
use std::f32::consts::PI;

use glam::Vec3;

/// Nine coefficients per band, already convolved with the clamped cosine; order (l, m): (0,0), (1,−1), (1,0), (1,1),
/// (2,−2), (2,−1), (2,0), (2,1), (2,2), real harmonics of the world's x, y, z.
pub type IrradianceSh9 = [[f32; 3]; 9];

/// The nine real harmonics in a direction (unit vector).
pub fn basis(direction: Vec3) -> [f32; 9] {
    let Vec3 { x, y, z } = direction;
    [
        0.282_094_8,
        0.488_602_5 * y,
        0.488_602_5 * z,
        0.488_602_5 * x,
        1.092_548_4 * x * y,
        1.092_548_4 * y * z,
        0.315_391_57 * (3.0 * z * z - 1.0),
        1.092_548_4 * x * z,
        0.546_274_2 * (x * x - y * y),
    ]
}

/// Coefficient of the clamped cosine for each harmonic: A₀ = π, A₁ = 2π/3, A₂ = π/4.
pub fn cosine_lobe(index: usize) -> f32 {
    match index {
        0 => PI,
        1..=3 => 2.0 * PI / 3.0,
        _ => PI / 4.0,
    }
}

/// Irradiance in W·m⁻² per band on a surface with this unit normal; never negative.
pub fn irradiance(coefficients: &IrradianceSh9, normal: Vec3) -> [f32; 3] {
    let y = basis(normal);
    std::array::from_fn(|band| (0..9).map(|i| coefficients[i][band] * y[i]).sum::<f32>().max(0.0))
}
