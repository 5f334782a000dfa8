//! A pane on a camera's ray: Mueller matrices of what it lets through and what it mirrors, in the ray's own frame.
use glam::DVec3;
use laneproof_scenes::surface::Glazing;

use crate::{
    glass::internal_transmittance_normal,
    layers::Layer,
    stokes::{Frame, Mueller, Stokes},
};

/// Both faces of a glazing and the glass between, for light at this cosine of incidence (the sign does not matter).
///
/// The powers of [`crate::glass::slab`], with the product of amplitudes that U needs.
pub fn glazing_layer(glazing: &Glazing, cos_incidence: f64) -> Layer {
    let n = f64::from(glazing.refractive_index);
    let cos = cos_incidence.abs().min(1.0);
    let face = Layer::face(n, cos);
    let crossing = internal_transmittance_normal(glazing).powf(path_factor(n, cos));
    face.then(Layer::absorber(crossing)).then(face.reversed())
}

/// Length of a refracted way through a plate, in thicknesses.
pub(crate) fn path_factor(refractive_index: f64, cos_incidence: f64) -> f64 {
    let sin_refracted_squared = (1.0 - cos_incidence * cos_incidence).max(0.0) / (refractive_index * refractive_index);
    1.0 / (1.0 - sin_refracted_squared).sqrt()
}

/// What a pane does on one ray of a camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaneOnRay {
    /// From light behind the pane to the camera; both in the ray's frame.
    pub transmission: Mueller,
    /// From light along the mirrored ray, in the frame `mirrored`, to the camera, in the ray's frame.
    pub reflection: Mueller,
    /// The mirrored ray, on which the light comes that the pane mirrors into the camera: its direction leads away from
    /// the pane, and its axis is the ray's axis mirrored too.
    pub mirrored: Frame,
}

impl PaneOnRay {
    /// A glazing met by a ray. `view` has the direction of the ray from the camera and any reference axis, say the
    /// camera's right; `normal` is the pane's (any length, either side). World frame or any other, the same for both.
    ///
    /// Each matrix is turned into the plane of incidence and back. At normal incidence, where there is no such plane, and
    /// for a zero normal, which is taken for it, the reference axis itself serves: s and p are then alike.
    pub fn of_glazing(glazing: &Glazing, view: &Frame, normal: DVec3) -> Self {
        Self::of_layer(view, normal, |cos| glazing_layer(glazing, cos))
    }

    /// The same for any pane. `layer` is given the cosine of incidence, 0..1, and answers with the pane as it is seen from
    /// the side that the normal points to; from the other side it is turned round.
    pub fn of_layer(view: &Frame, normal: DVec3, layer: impl FnOnce(f64) -> Layer) -> Self {
        let direction = view.direction();
        let normal = normal.try_normalize().unwrap_or(-direction);
        let cos = direction.dot(normal);
        let seen = layer(cos.abs().min(1.0));
        let seen = if cos > 0.0 { seen.reversed() } else { seen };
        let s_axis = {
            let across = direction.cross(normal);
            // Within a millionth of a milliradian of the normal the cross product is rounding; s and p are alike there.
            if across.length() > 1e-9 { across } else { view.axis() }
        };
        let mirrored = view.mirrored(normal);
        // s lies in the pane, so that it is perpendicular to the ray and to its mirror image.
        let into_plane = mirrored.rotation_to(s_axis);
        let out_of_plane = view.rotation_to(s_axis).transposed();
        Self {
            transmission: seen.transmission().in_frame(s_axis, view),
            reflection: out_of_plane * seen.reflection() * into_plane,
            mirrored,
        }
    }

    /// What reaches the camera: light from behind (in the ray's frame) and light that is mirrored (in `mirrored`).
    pub fn seen(&self, behind: Stokes, mirrored: Stokes) -> Stokes {
        self.transmission * behind + self.reflection * mirrored
    }
}

#[cfg(test)]
#[path = "pane_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "pane_veil_tests.rs"]
mod veil_tests;
