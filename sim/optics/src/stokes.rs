//! Linearly polarised light: Stokes vectors (I, Q, U) and the 3×3 Mueller matrices that act on them.
//!
//! **Frame of reference.** Q and U mean something only against a [`Frame`]: the line on which the light travels and a unit
//! axis perpendicular to it. With `second = direction × axis`,
//! Q is the power polarised along `axis` less that along `second`, and U the power polarised at +45° (half-way from `axis`
//! to `second`) less that at −45°. Linear polarisation does not know which way light travels along its line, so the
//! direction may be the light's own or that of a ray sent out from a camera, as long as all frames of a path keep to one of
//! them. Turning every direction of a path round changes the sign of U everywhere and nothing else.
//!
//! **No circular component.** Light from sun, sky and diffuse surfaces has none worth counting. A face between air and glass
//! turns the phase of s and p by 0 or π only, because glass absorbs too little to have a complex index, and total internal
//! reflection, which would turn it by other amounts, does not occur in a slab with parallel faces that light enters from
//! the air. Between the reflections of a pane millimetres thick the phase is lost, as its path differences exceed the
//! coherence length of a camera band (about 4 µm for 100 nm at 600 nm). So V stays 0 and the fourth row and column are
//! left out. What this leaves out too is the stress birefringence of tempered panes, which a filter can make visible as
//! spots and stripes.
//!
//! Sources: M. Born and E. Wolf, *Principles of Optics*, 7th ed., §1.4 and §10.9; D. Goldstein, *Polarized Light*, 3rd ed.,
//! ch. 5 and 6 (Mueller matrices of diattenuators and rotators).
use std::ops::{Add, Mul};

use glam::{DMat3, DVec3};

/// A line of travel and the axis against which Q and U are measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    direction: DVec3,
    axis: DVec3,
}

impl Frame {
    /// The frame of a direction whose axis is the part of `towards` perpendicular to it, both in any length. `None` when
    /// one of them is zero or they are parallel.
    pub fn new(direction: DVec3, towards: DVec3) -> Option<Self> {
        let (direction, towards) = (direction.try_normalize()?, towards.try_normalize()?);
        let across = towards - direction * direction.dot(towards);
        // Below this the axis would be made of rounding errors.
        (across.length() > 1e-9).then(|| Self { direction, axis: across.normalize() })
    }

    /// The frame of a direction with some axis. `None` for a zero direction.
    pub fn any(direction: DVec3) -> Option<Self> {
        let direction = direction.try_normalize()?;
        Some(Self { direction, axis: direction.any_orthonormal_vector() })
    }

    /// The frame of a ray and its axis mirrored in a plane with this unit normal.
    pub(crate) fn mirrored(&self, normal: DVec3) -> Self {
        let mirror = |v: DVec3| (v - normal * (2.0 * v.dot(normal))).normalize();
        Self { direction: mirror(self.direction), axis: mirror(self.axis) }
    }

    /// Unit vector along the line of travel.
    pub fn direction(&self) -> DVec3 {
        self.direction
    }

    /// Unit vector along which positive Q is polarised.
    pub fn axis(&self) -> DVec3 {
        self.axis
    }

    /// Unit vector along which negative Q is polarised: direction × axis.
    pub fn second_axis(&self) -> DVec3 {
        self.direction.cross(self.axis)
    }

    /// Angle from this frame's axis to the projection of another, turning towards the second axis; −π/2..=π/2, as an axis
    /// has no head. 0 for a vector along the line of travel.
    pub fn angle_to_rad(&self, axis: DVec3) -> f64 {
        let (mut along, mut across) = (axis.dot(self.axis), axis.dot(self.second_axis()));
        if along < 0.0 {
            (along, across) = (-along, -across);
        }
        if along == 0.0 && across == 0.0 { 0.0 } else { across.atan2(along) }
    }

    /// Matrix that takes a Stokes vector of this frame into the frame of the same line whose axis is the projection of
    /// `axis`. The identity for a vector along the line of travel.
    pub fn rotation_to(&self, axis: DVec3) -> Mueller {
        let (along, across) = (axis.dot(self.axis), axis.dot(self.second_axis()));
        let square = along * along + across * across;
        // Angles are not needed: cos 2φ and sin 2φ are rational in the components.
        if square > 0.0 {
            Mueller::turning((along * along - across * across) / square, 2.0 * along * across / square)
        } else {
            Mueller::IDENTITY
        }
    }
}

/// A linear Stokes vector, in a unit of power: radiance W·m⁻²·sr⁻¹, irradiance W·m⁻², or a share.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stokes {
    /// Total.
    pub i: f64,
    /// Along the frame's axis less along its second axis.
    pub q: f64,
    /// At +45° less at −45°.
    pub u: f64,
}

impl Stokes {
    /// Light without polarisation.
    pub const fn unpolarised(i: f64) -> Self {
        Self { i, q: 0.0, u: 0.0 }
    }

    /// Light of which the share `degree` is polarised at an angle from the frame's axis towards its second axis.
    pub fn linear(i: f64, degree: f64, angle_rad: f64) -> Self {
        let (sin, cos) = (2.0 * angle_rad).sin_cos();
        Self { i, q: i * degree * cos, u: i * degree * sin }
    }

    /// Degree of linear polarisation, 0..1; 0 for no light.
    pub fn degree(&self) -> f64 {
        if self.i > 0.0 { self.q.hypot(self.u) / self.i } else { 0.0 }
    }

    /// Angle of polarisation from the frame's axis towards its second axis, −π/2..=π/2; 0 for unpolarised light.
    pub fn angle_rad(&self) -> f64 {
        if self.q == 0.0 && self.u == 0.0 { 0.0 } else { self.u.atan2(self.q) / 2.0 }
    }
}

impl Add for Stokes {
    type Output = Self;

    /// Incoherent sum of two lights in one frame.
    fn add(self, other: Self) -> Self {
        Self { i: self.i + other.i, q: self.q + other.q, u: self.u + other.u }
    }
}

/// A 3×3 Mueller matrix: takes a Stokes vector of one frame to one of another (or of the same) frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mueller(DMat3);

impl Mueller {
    /// Changes nothing.
    pub const IDENTITY: Self = Self(DMat3::IDENTITY);

    /// From rows: what of I, Q, U goes into I, then into Q, then into U.
    pub fn from_rows(rows: [[f64; 3]; 3]) -> Self {
        Self(DMat3::from_cols_array_2d(&rows).transpose())
    }

    /// Its rows.
    pub fn rows(&self) -> [[f64; 3]; 3] {
        self.0.transpose().to_cols_array_2d()
    }

    /// Keeps the polarisation and passes this share of the power.
    pub fn grey(transmittance: f64) -> Self {
        Self(DMat3::IDENTITY * transmittance)
    }

    /// Passes this share of the power and takes its polarisation away.
    pub fn depolariser(transmittance: f64) -> Self {
        Self::from_rows([[transmittance, 0.0, 0.0], [0.0; 3], [0.0; 3]])
    }

    /// Passes the share `along` of power polarised along the frame's axis, `across` of that along its second axis. `cross`
    /// is the mean product of both amplitudes, which is what U is multiplied by: ±√(along·across) where one coherent way
    /// leads through, less in size where ways without common phase add up. It is limited to that size.
    pub fn diattenuator(along: f64, across: f64, cross: f64) -> Self {
        let (sum, difference) = ((along + across) / 2.0, (along - across) / 2.0);
        let limit = (along * across).max(0.0).sqrt();
        Self::from_rows([[sum, difference, 0.0], [difference, sum, 0.0], [0.0, 0.0, cross.clamp(-limit, limit)]])
    }

    /// Takes a Stokes vector into the frame whose axis is turned by this angle towards the second axis.
    pub fn rotation(angle_rad: f64) -> Self {
        let (sin, cos) = (2.0 * angle_rad).sin_cos();
        Self::turning(cos, sin)
    }

    fn turning(cos_twice: f64, sin_twice: f64) -> Self {
        Self::from_rows([[1.0, 0.0, 0.0], [0.0, cos_twice, sin_twice], [0.0, -sin_twice, cos_twice]])
    }

    /// The same device turned by this angle from the frame's axis towards its second axis, in the unturned frame.
    pub fn turned(self, angle_rad: f64) -> Self {
        Self::rotation(-angle_rad) * self * Self::rotation(angle_rad)
    }

    /// A device described in the frame with axis `own` (any length), as one in `frame`.
    pub fn in_frame(self, own: DVec3, frame: &Frame) -> Self {
        let there = frame.rotation_to(own);
        there.transposed() * self * there
    }

    /// Several devices, in the order in which light meets them.
    pub fn path(devices: impl IntoIterator<Item = Self>) -> Self {
        devices.into_iter().fold(Self::IDENTITY, |so_far, next| next * so_far)
    }

    /// What light on the reversed way meets, in the same frames (reciprocity; also the inverse of a rotation).
    pub fn transposed(self) -> Self {
        Self(self.0.transpose())
    }

    /// Share of unpolarised light that passes.
    pub fn transmittance(&self) -> f64 {
        self.0.x_axis.x
    }

    /// Share that passes of the linear polarisation that passes best.
    pub fn largest_transmittance(&self) -> f64 {
        self.0.x_axis.x + self.0.y_axis.x.hypot(self.0.z_axis.x)
    }
}

impl Mul for Mueller {
    type Output = Self;

    /// The left one after the right one.
    fn mul(self, first: Self) -> Self {
        Self(self.0 * first.0)
    }
}

impl Mul<Stokes> for Mueller {
    type Output = Stokes;

    fn mul(self, light: Stokes) -> Stokes {
        let DVec3 { x: i, y: q, z: u } = self.0 * DVec3::new(light.i, light.q, light.u);
        Stokes { i, q, u }
    }
}

impl Mul<f64> for Mueller {
    type Output = Self;

    fn mul(self, share: f64) -> Self {
        Self(self.0 * share)
    }
}

impl Add for Mueller {
    type Output = Self;

    /// Two ways side by side, without common phase.
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

#[cfg(test)]
#[path = "stokes_tests.rs"]
mod tests;
