//! A drop of water on a pane: where light goes that meets it.
//!
//! The drop is a cap of a sphere on a flat disc of wet glass. A ray from the camera meets the cap, is refracted there by Snell's
//! law, goes straight through the water and leaves pane and water on the other side. Glass with parallel faces displaces a
//! ray but does not turn it, so that behind the pane it goes as if from water into air. What the cap mirrors and what it lets
//! in are Fresnel's shares for unpolarised light.
//!
//! A ray sees nothing behind the pane where it meets the pane's inner face too flatly and is wholly reflected: it is then
//! caught in the glass; or where it would leave the drop by its side. Both make the dark rim that drops have; what little
//! such rays see of the world outside is left out (assumption).
use glam::Vec3;

use crate::{band::Band, layers::Layer, pane_optics::PaneOptics};

/// Refractive index of water in the visible (1.333 at 589 nm; 1.326 at 940 nm, taken as the same).
pub const WATER_INDEX: f32 = 1.333;

/// The shape of all drops with one contact angle. Lengths are in radii of the wetted disc; the disc lies in the plane z = 0
/// about the origin, +z points out of the vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cap {
    /// Radius of the sphere.
    radius: f32,
    /// How far below the disc its middle lies.
    depth: f32,
}

/// What a drop does to a ray that meets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InDrop {
    /// Share that the cap mirrors.
    pub reflectance: f32,
    /// Where what it mirrors comes from: unit vector away from the drop.
    pub mirrored: Vec3,
    /// Direction in which the ray goes on behind the pane, unit vector, z < 0; `None` where it sees nothing there.
    pub through: Option<Vec3>,
}

impl Cap {
    /// Drops whose edge meets the glass at this angle, radians, above 0 to a right angle.
    pub fn new(contact_angle_rad: f32) -> Self {
        let (sin, cos) = contact_angle_rad.sin_cos();
        Self { radius: 1.0 / sin, depth: cos / sin }
    }

    /// Radius of the sphere, in radii of the disc.
    pub fn sphere_radius(&self) -> f32 {
        self.radius
    }

    /// Height of the drop's middle, in radii of the disc.
    pub fn height(&self) -> f32 {
        self.radius - self.depth
    }

    /// Where a ray from outside (any point of it, unit direction with z < 0) first meets the cap; `None` where it passes.
    pub fn meets(&self, from: Vec3, direction: Vec3) -> Option<Vec3> {
        let from_middle = from + Vec3::Z * self.depth;
        let along = -from_middle.dot(direction);
        let aside = from_middle + direction * along;
        let square = self.radius * self.radius - aside.length_squared();
        if square <= 0.0 {
            return None;
        }
        let met = aside - direction * square.sqrt() - Vec3::Z * self.depth;
        (met.z > 0.0).then_some(met)
    }

    /// The place on the cap whose normal is this unit vector; `None` where the cap has none such.
    pub fn place_facing(&self, normal: Vec3) -> Option<Vec3> {
        let place = normal * self.radius - Vec3::Z * self.depth;
        (place.z > 0.0).then_some(place)
    }

    /// What becomes of a ray that meets the cap at a place on it.
    pub fn crossed(&self, met: Vec3, direction: Vec3) -> InDrop {
        let normal = (met + Vec3::Z * self.depth) / self.radius;
        let cos = (-direction.dot(normal)).clamp(0.0, 1.0);
        let mirrored = (direction + normal * (2.0 * cos)).normalize();
        let cos_in_water = (1.0 - (1.0 - cos * cos) / (WATER_INDEX * WATER_INDEX)).max(0.0).sqrt();
        let in_water = (direction + normal * cos) / WATER_INDEX - normal * cos_in_water;
        InDrop { reflectance: reflectance(cos), mirrored, through: self.left(met, in_water) }
    }

    /// Where a ray in the water goes on behind the pane.
    fn left(&self, met: Vec3, in_water: Vec3) -> Option<Vec3> {
        let at_glass = met + in_water * (met.z / -in_water.z.min(-1e-6));
        if at_glass.truncate().length_squared() > 1.0 {
            return None;
        }
        let along = in_water.truncate() * WATER_INDEX;
        let square = 1.0 - along.length_squared();
        (square > 0.0).then(|| along.extend(-square.sqrt()))
    }
}

/// Share of unpolarised light that the face of water mirrors at a cosine of incidence.
pub fn reflectance(cos: f32) -> f32 {
    let cos_in_water = (1.0 - (1.0 - cos * cos) / (WATER_INDEX * WATER_INDEX)).max(0.0).sqrt();
    let s = (cos - WATER_INDEX * cos_in_water) / (cos + WATER_INDEX * cos_in_water);
    let p = (WATER_INDEX * cos - cos_in_water) / (WATER_INDEX * cos + cos_in_water);
    (s * s + p * p) / 2.0
}

/// Steps of the cosine from 0 to 1.
const STEPS: usize = 128;

/// What a pane passes of light that reaches it through water, tabulated.
#[derive(Debug, Clone, PartialEq)]
pub struct UnderWater {
    passed: Vec<[f32; 3]>,
}

impl UnderWater {
    /// Tabulates a pane for the bands of a camera's channels.
    pub fn new(optics: &PaneOptics, channels: [Band; 3]) -> Self {
        let at = |step: usize| {
            let cos = step as f64 / STEPS as f64;
            channels.map(|band| optics.passes_under_water(band, f64::from(WATER_INDEX), cos) as f32)
        };
        Self { passed: (0..=STEPS).map(at).collect() }
    }

    /// Share that passes from the air behind the pane into the water, per band, at this cosine to the pane's normal in that air.
    pub fn passes(&self, cos: f32) -> [f32; 3] {
        let x = cos.abs().min(1.0) * STEPS as f32;
        let i = (x as usize).min(STEPS - 1);
        let (low, high) = (self.passed[i], self.passed[i + 1]);
        std::array::from_fn(|band| low[band] + (high[band] - low[band]) * (x - i as f32))
    }
}

/// The face between two media, for light in the first at the angle that light in air would have at this cosine.
pub(crate) fn buried_face(first: f64, second: f64, cos_in_air: f64) -> Layer {
    let sine_squared = (1.0 - cos_in_air * cos_in_air).max(0.0) / (first * first);
    Layer::face(second / first, (1.0 - sine_squared).max(0.0).sqrt())
}

#[cfg(test)]
#[path = "drop_tests.rs"]
mod tests;
