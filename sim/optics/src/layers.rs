//! Layers of a pane one behind the other, all reflections between them summed without phase.
//!
//! Three numbers describe each way of the light: the share of s-polarised power, that of p-polarised power, and the mean
//! product of both amplitudes (`cross`), by which U is multiplied. Ways that differ by a bounce have lost their common phase
//! and add up as powers; on one and the same way s and p keep theirs, so their product adds up too. So all three obey the
//! same sum (the adding method, G. Stokes 1862; H. C. van de Hulst, *Multiple Light Scattering*, 1980, ch. 4), and the third
//! comes out exact: a slab depolarises a little what is polarised neither along s nor along p.
//!
//! Sense of the axes: in the frame of light that arrives and in that of light that leaves, s is the axis and
//! p = direction × s. A mirror at normal incidence then has the cross product −R.
use glam::DVec3;

use crate::{glass::face_amplitude, stokes::Mueller};

/// A layer, or layers already put together. Components x, y, z are s, p and cross.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer {
    front: DVec3,
    back: DVec3,
    through: DVec3,
}

impl Layer {
    /// The face from air into a medium of this refractive index, for light at this cosine of incidence in the air
    /// (Fresnel's equations).
    pub fn face(refractive_index: f64, cos_incidence: f64) -> Self {
        let (s, p) = face_amplitude(refractive_index, cos_incidence);
        let (rs, rp) = (s * s, p * p);
        let reflected = DVec3::new(rs, rp, s * p);
        let through = DVec3::new(1.0 - rs, 1.0 - rp, ((1.0 - rs) * (1.0 - rp)).sqrt());
        // Seen from within, both amplitudes change sign and their product does not.
        Self { front: reflected, back: reflected, through }
    }

    /// A medium that lets this share pass on the way of this ray, and reflects nothing.
    pub fn absorber(transmittance: f64) -> Self {
        Self { front: DVec3::ZERO, back: DVec3::ZERO, through: DVec3::splat(transmittance) }
    }

    /// A thin coating inside a medium, the same for both polarisations and both sides.
    pub fn coating(reflectance: f64, transmittance: f64) -> Self {
        let reflected = DVec3::new(reflectance, reflectance, -reflectance);
        Self { front: reflected, back: reflected, through: DVec3::splat(transmittance) }
    }

    /// The same layer turned round.
    pub fn reversed(self) -> Self {
        Self { front: self.back, back: self.front, ..self }
    }

    /// This layer with another behind it.
    pub fn then(self, next: Self) -> Self {
        // Light that grazes a face is wholly reflected; 0/0 means that nothing passes.
        let echoes = (DVec3::ONE - self.back * next.front).map(|left| if left > 0.0 { 1.0 / left } else { 0.0 });
        Self {
            front: self.front + self.through * self.through * next.front * echoes,
            back: next.back + next.through * next.through * self.back * echoes,
            through: self.through * next.through * echoes,
        }
    }

    /// What passes, the same from both sides: shares of s, of p, and the cross product.
    pub fn passed(&self) -> [f64; 3] {
        self.through.to_array()
    }

    /// What is mirrored of light that arrives at the front: shares of s, of p, and the cross product.
    pub fn mirrored(&self) -> [f64; 3] {
        self.front.to_array()
    }

    /// Transmission as a matrix, the same from both sides, in the frames whose axis is s.
    pub fn transmission(&self) -> Mueller {
        matrix(self.through)
    }

    /// Reflection of light that arrives at the front as a matrix, from the frame (arriving, s) to the frame (leaving, s).
    pub fn reflection(&self) -> Mueller {
        matrix(self.front)
    }
}

fn matrix(power: DVec3) -> Mueller {
    Mueller::diattenuator(power.x, power.y, power.z)
}
