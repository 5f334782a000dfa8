//! What is to be drawn, as plain data: surfaces, lenses, panes and light, placed in the world.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_scenes::{beam::BeamPattern, mesh::Mesh, surface::Surface, truth::Tag};

/// A surface in its place: opaque, or a lens that people wear.
#[derive(Debug, Clone)]
pub struct Solid {
    /// Geometry; uploaded once per allocation, so clones of the `Arc` are cheap.
    pub mesh: Arc<Mesh>,
    /// Appearance.
    pub surface: Surface,
    /// What the truth layer calls it.
    pub tag: Tag,
    /// Placement; rotation and translation only.
    pub world_from_mesh: Affine3A,
    /// Which of the scene's cabins its ambient light comes from; `None`: from the open sky.
    pub cabin: Option<u8>,
    /// Whether the camera does not see it; its shadow falls all the same.
    pub hidden: bool,
}

/// A pane in its place. It dims the sun here; what a camera sees through it and in it is not the renderer's business.
#[derive(Debug, Clone)]
pub struct ScenePane {
    /// Geometry, normals out of the vehicle.
    pub mesh: Arc<Mesh>,
    /// Transmittance for the sun's light in red, green, blue, each at 64 equal steps of the cosine of incidence, 0 to 1.
    pub transmittance: Arc<[[f32; 64]; 3]>,
    /// Placement; rotation and translation only.
    pub world_from_mesh: Affine3A,
}

/// A lamp, small against its distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LampBeam {
    /// Where it is, world frame, metres.
    pub position_m: Vec3,
    /// Unit vector along its beam, world frame.
    pub axis: Vec3,
    /// Angle from the axis at which half of the intensity is left, radians, below π/2. Over the cosine of the angle the
    /// intensity falls smoothly (3s² − 2s³) from all on the axis to nothing as far beyond that as the axis is before it.
    pub half_angle_rad: f32,
    /// Intensity on the axis, W·sr⁻¹ per band; with a pattern, that of which it gives shares.
    pub intensity: [f32; 3],
    /// What the round beam is multiplied with, and the unit vector across the axis to the right for who looks along it; `None`:
    /// nothing.
    pub pattern: Option<(BeamPattern, Vec3)>,
}

impl LampBeam {
    /// Cosine of the angle from the axis at which nothing is left.
    pub fn end_cosine(&self) -> f32 {
        2.0 * self.half_angle_rad.cos() - 1.0
    }
}

/// A flat roof that lets no light through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roof {
    /// Lowest x and z, highest x and z, world frame, metres.
    pub footprint_m: [f32; 4],
    /// Height of its underside, metres.
    pub underside_m: f32,
}

/// What is nearer than this to the edge of a roof's shadow is not said to be in it, metres: half shadows of the sun's disc
/// and texels of shadow maps are a few centimetres wide.
const EDGE_OF_SHADE_M: f32 = 0.1;

impl Roof {
    /// Whether all that lies between some corners is in its shade when the sun stands in this direction (unit vector).
    pub(crate) fn shades(&self, sun: Vec3, corners_m: impl IntoIterator<Item = Vec3>) -> bool {
        let [low_x, low_z, high_x, high_z] = self.footprint_m;
        let inside = |low: f32, at: f32, high: f32| low + EDGE_OF_SHADE_M < at && at < high - EDGE_OF_SHADE_M;
        // Where the rays from what lies between the corners cross the underside lies between where theirs do.
        corners_m.into_iter().all(|corner_m| {
            let rise_m = self.underside_m - corner_m.y;
            let met_m = corner_m + sun * (rise_m / sun.y);
            sun.y > 0.0 && rise_m > 0.0 && inside(low_x, met_m.x, high_x) && inside(low_z, met_m.z, high_z)
        })
    }
}

/// Light from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// A lamp that shines instead of the sun: a picture shows the light of one of them.
    pub lamp: Option<LampBeam>,
    /// Unit vector towards the sun, world frame; `None` without sun.
    pub sun_direction: Option<Vec3>,
    /// Irradiance on a plane that faces the sun, W·m⁻² in red, green, blue.
    pub sun_irradiance: [f32; 3],
    /// Width of the sky table.
    pub sky_width: u32,
    /// Height of the sky table.
    pub sky_height: u32,
    /// Radiance over direction without the sun's disc, W·m⁻²·sr⁻¹: row 0 is the zenith, `u = atan2(x, z) / 2π + ½`;
    /// the lower half is the ground.
    pub sky: Vec<[f32; 3]>,
    /// The same table without the roof over the lane: what a picture's background shows.
    pub open_sky: Vec<[f32; 3]>,
    /// Irradiance under the open sky, away from the roof; see `irradiance_sh`.
    pub open_irradiance_sh: [[f32; 3]; 9],
    /// The roof over the lane, if it has one; where it throws its shadow is seen in the maps, since it is among the solids.
    pub roof: Option<Roof>,
    /// Irradiance over the normal's direction as real spherical harmonics in the order of
    /// Ramamoorthi and Hanrahan (2001) with their Y, Z, X axes: Y00, Y1(y), Y1(z), Y1(x), Y2(xy), Y2(yz), Y2(3z²−1), Y2(xz), Y2(x²−y²).
    pub irradiance_sh: [[f32; 3]; 9],
}

impl Light {
    /// Whether the light that throws shadows, if there is one, reaches anything that lies between these corners: false where
    /// the roof alone is known to hide it.
    pub(crate) fn may_reach(&self, corners_m: impl IntoIterator<Item = Vec3>) -> bool {
        match (self.lamp, self.sun_direction) {
            (Some(_), _) => true,
            (None, None) => false,
            (None, Some(sun)) => !self.roof.is_some_and(|roof| roof.shades(sun, corners_m)),
        }
    }

    /// Radiance of one of the sky tables in a direction (unit vector, world frame), bilinear between texels, repeating round
    /// the horizon and ending at the poles.
    pub fn sky_in(&self, table: &[[f32; 3]], direction: Vec3) -> [f32; 3] {
        let (width, height) = (self.sky_width as usize, self.sky_height as usize);
        let u = direction.x.atan2(direction.z) / std::f32::consts::TAU + 0.5;
        let v = direction.y.clamp(-1.0, 1.0).acos() / std::f32::consts::PI;
        let (x, y) = (u * width as f32 - 0.5, v * height as f32 - 0.5);
        let (fx, fy) = (x - x.floor(), y - y.floor());
        let texel = |dx: i32, dy: i32| {
            let column = (x.floor() as i32 + dx).rem_euclid(width as i32) as usize;
            let row = (y.floor() as i32 + dy).clamp(0, height as i32 - 1) as usize;
            table[row * width + column]
        };
        let [a, b, c, d] = [texel(0, 0), texel(1, 0), texel(0, 1), texel(1, 1)];
        std::array::from_fn(|i| (a[i] * (1.0 - fx) + b[i] * fx) * (1.0 - fy) + (c[i] * (1.0 - fx) + d[i] * fx) * fy)
    }
}

/// Ambient light in a cabin, over places and unit vectors in the vehicle's frame.
pub trait CabinLight: std::fmt::Debug + Send + Sync {
    /// Irradiance at a place, metres, on a plane with this normal, W·m⁻² per band.
    fn irradiance(&self, position_m: Vec3, normal: Vec3) -> [f32; 3];
    /// Radiance that a coat at a place mirrors from a direction, W·m⁻²·sr⁻¹ per band.
    fn mirrored(&self, position_m: Vec3, direction: Vec3) -> [f32; 3];
}

/// A cabin in its place.
#[derive(Debug, Clone)]
pub struct Cabin {
    /// World to the vehicle's frame; rotation and translation only.
    pub vehicle_from_world: Affine3A,
    /// Its light.
    pub light: Arc<dyn CabinLight>,
}

/// Everything a request can see.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Opaque surfaces and lenses.
    pub solids: Vec<Solid>,
    /// Panes.
    pub panes: Vec<ScenePane>,
    /// Light.
    pub light: Arc<Light>,
    /// Cabins.
    pub cabins: Vec<Cabin>,
    /// Middle of what the sun's shadow map covers, world frame, metres.
    pub shadow_centre_m: Vec3,
    /// Half the side of the square that it covers, metres.
    pub shadow_half_extent_m: f32,
    /// Lowest and highest corner of a box, world frame, metres, in which cabins get the sun's shadows from a finer map of their
    /// own. `None` where the one map is fine enough.
    pub fine_shadow_m: Option<[Vec3; 2]>,
    /// Whether shadows in that box have the soft edges that the sun's disc gives, instead of edges as wide as a texel. 1.6
    /// times as long to render.
    pub soft_shadows: bool,
}

/// The corners of a box.
pub(crate) fn corners([low, high]: [Vec3; 2]) -> impl Iterator<Item = Vec3> {
    let pick = |upper: bool, low: f32, high: f32| if upper { high } else { low };
    (0..8).map(move |i| {
        Vec3::new(pick(i & 1 == 1, low.x, high.x), pick(i & 2 == 2, low.y, high.y), pick(i & 4 == 4, low.z, high.z))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roof_shades_what_lies_wholly_in_its_shadow() {
        let roof = Roof { footprint_m: [-2.0, -5.0, 2.0, 5.0], underside_m: 4.0 };
        // The sun 45 degrees high in the west: the shadow of a roof 3 m up lies 3 m to the east.
        let sun = Vec3::new(1.0, 1.0, 0.0).normalize();
        let cube = |x: f32, y: f32| corners([Vec3::new(x - 0.5, y - 0.5, -0.5), Vec3::new(x + 0.5, y + 0.5, 0.5)]);
        assert!(roof.shades(sun, cube(-3.0, 1.0)));
        assert!(roof.shades(sun, cube(-1.0, 2.9)), "the shadow is nearer to the roof higher up");
        assert!(!roof.shades(sun, cube(-1.5, 1.0)), "half of it is in the sun");
        assert!(!roof.shades(sun, cube(0.0, 1.0)), "right below the roof, where the sun comes in from the side");
        assert!(!roof.shades(sun, cube(-3.0, 6.0)), "above the roof");
        assert!(!roof.shades(Vec3::new(1.0, -0.1, 0.0).normalize(), cube(-3.0, 1.0)), "the sun has set");
    }
}
