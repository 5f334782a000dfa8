//! A grid of irradiance probes.
use glam::{UVec3, Vec3};

use crate::probe::{self, Probe};

/// Irradiance probes in the vehicle's frame.
#[derive(Debug, Clone, PartialEq)]
pub struct CabinLight {
    /// First probe, vehicle frame, metres.
    pub origin_m: Vec3,
    /// Distance between neighbours, metres.
    pub spacing_m: f32,
    /// Probes along X, Y, Z.
    pub dims: [u32; 3],
    /// X fastest, then Y, then Z; over normals in the vehicle's frame.
    pub probes: Vec<Probe>,
}

impl CabinLight {
    /// An unlit grid with this corner that reaches at least to the other.
    pub(super) fn between(low_m: Vec3, high_m: Vec3, spacing_m: f32) -> Self {
        let dims = ((high_m - low_m) / spacing_m - 1e-3).ceil().max(Vec3::ONE).as_uvec3() + UVec3::ONE;
        let probes = vec![probe::DARK; dims.element_product() as usize];
        Self { origin_m: low_m, spacing_m, dims: dims.to_array(), probes }
    }

    /// Place of a probe in the vehicle's frame, metres.
    pub(super) fn place(&self, index: u32) -> Vec3 {
        let [nx, ny, _] = self.dims;
        self.origin_m + UVec3::new(index % nx, index / nx % ny, index / (nx * ny)).as_vec3() * self.spacing_m
    }

    /// Irradiance at a place on a surface with this unit normal, both in the vehicle's frame, W·m⁻² per band: trilinear
    /// between probes. Outside the grid the nearest place on it answers.
    pub fn irradiance(&self, position_m: Vec3, normal: Vec3) -> [f32; 3] {
        let dims = UVec3::from(self.dims);
        let top = (dims - UVec3::ONE).as_vec3();
        let x = ((position_m - self.origin_m) / self.spacing_m).clamp(Vec3::ZERO, top);
        let cell = x.as_uvec3().min(dims - UVec3::splat(2).min(dims));
        let t = x - cell.as_vec3();
        let near = probe::around(normal);
        let mut sum = [0.0; 3];
        for corner in 0..8u32 {
            let offset = UVec3::new(corner & 1, corner >> 1 & 1, corner >> 2);
            let share = (0..3).map(|a| if offset[a] == 1 { t[a] } else { 1.0 - t[a] }).product::<f32>();
            if share == 0.0 {
                continue;
            }
            let p = cell + offset;
            let probe = &self.probes[((p.z * dims.y + p.y) * dims.x + p.x) as usize];
            for (sample, weight) in near {
                for band in 0..3 {
                    sum[band] += share * weight * probe[sample][band];
                }
            }
        }
        sum
    }

    /// This light and, for each of some others in the same grid, what it is more than this, times a weight a band.
    pub fn with_more(&self, others: &[(&Self, [f32; 3])]) -> Self {
        let mut sum = self.clone();
        for (other, weights) in others {
            for ((sum, own), other) in sum.probes.iter_mut().zip(&self.probes).zip(&other.probes) {
                for ((sum, own), other) in sum.iter_mut().zip(own).zip(other) {
                    *sum = std::array::from_fn(|band| sum[band] + weights[band] * (other[band] - own[band]));
                }
            }
        }
        sum
    }

    /// Probes outside the cabin or inside a solid take the mean of their valid neighbours, ring by ring, so that neither
    /// daylight nor darkness leaks through the skin by interpolation.
    pub(super) fn fill_invalid(&mut self, mut known: Vec<bool>) {
        let [nx, ny, nz] = self.dims;
        if !known.contains(&true) {
            return;
        }
        while known.contains(&false) {
            let (before, probes) = (known.clone(), self.probes.clone());
            for index in 0..nx * ny * nz {
                if before[index as usize] {
                    continue;
                }
                let (x, y, z) = (index % nx, index / nx % ny, index / (nx * ny));
                let neighbours = [
                    (x > 0).then(|| index - 1),
                    (x + 1 < nx).then(|| index + 1),
                    (y > 0).then(|| index - nx),
                    (y + 1 < ny).then(|| index + nx),
                    (z > 0).then(|| index - nx * ny),
                    (z + 1 < nz).then(|| index + nx * ny),
                ];
                let near: Vec<usize> =
                    neighbours.into_iter().flatten().map(|i| i as usize).filter(|&i| before[i]).collect();
                if near.is_empty() {
                    continue;
                }
                self.probes[index as usize] = std::array::from_fn(|k| {
                    std::array::from_fn(|band| {
                        near.iter().map(|&i| probes[i][k][band]).sum::<f32>() / near.len() as f32
                    })
                });
                known[index as usize] = true;
            }
        }
    }
}
