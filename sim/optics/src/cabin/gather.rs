//! What arrives at a probe.
use std::f32::consts::PI;

use glam::{Quat, Vec3};
use laneproof_scenes::truth::Tag;

use crate::{
    probe::{self, Probe},
    rays::{Hit, RayScene, SKIN_M, is_seen_from_the_front},
};

/// Light from outside in the vehicle's frame.
pub(super) struct Outside<'a> {
    /// Radiance that arrives at a place from a direction, from beyond the panes.
    pub(super) radiance: &'a (dyn Fn(Vec3, Vec3) -> [f32; 3] + Sync),
    /// Lights that throw shadows.
    pub(super) beams: usize,
    /// Direction towards one of them and its normal irradiance, at a place.
    pub(super) beam: &'a (dyn Fn(usize, Vec3) -> Option<(Vec3, [f32; 3])> + Sync),
    /// Whether something outside hides from a place what lies in a direction.
    pub(super) hides: &'a (dyn Fn(Vec3, Vec3) -> bool + Sync),
}

/// Whom light meets in a cabin besides the cabin itself.
#[derive(Clone, Copy)]
pub(super) struct Bodies<'a> {
    pub(super) scene: &'a RayScene,
    /// What of them rays from the probes pass through: their owner knows how that shades itself.
    pub(super) own: &'a (dyn Fn(Tag) -> bool + Sync),
}

/// What rays meet: a vehicle, what is outside, and perhaps who sits in it.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) vehicle: &'a RayScene,
    pub(super) outside: &'a Outside<'a>,
    pub(super) bodies: Option<Bodies<'a>>,
}

impl Around<'_> {
    fn hit(&self, place: Vec3, direction: Vec3) -> Option<Hit> {
        let wall = self.vehicle.hit(place, direction);
        let body = self.bodies.and_then(|bodies| bodies.scene.hit_past(place, direction, bodies.own));
        match (wall, body) {
            (Some(wall), Some(body)) if body.distance_m < wall.distance_m => Some(body),
            (None, body) => body,
            (wall, _) => wall,
        }
    }

    /// Irradiance of the direct beams on a surface inside, through the panes on their way.
    fn beams(&self, point: Vec3, normal: Vec3) -> [f32; 3] {
        let start = point + normal * SKIN_M;
        let mut sum = [0.0; 3];
        for beam in 0..self.outside.beams {
            let Some((towards, normal_irradiance)) = (self.outside.beam)(beam, start) else { continue };
            let cos = normal.dot(towards);
            if cos <= 0.0 || self.blocked(start, towards) {
                continue;
            }
            let (transmittance, _) = self.vehicle.glass(start, towards, f32::MAX);
            (0..3).for_each(|i| sum[i] += normal_irradiance[i] * cos * transmittance[i]);
        }
        sum
    }

    fn blocked(&self, start: Vec3, towards: Vec3) -> bool {
        self.vehicle.blocked(start, towards)
            || self.bodies.is_some_and(|bodies| bodies.scene.blocked(start, towards))
            || (self.outside.hides)(start, towards)
    }
}

/// What one ray of a probe brings.
#[derive(Clone, Copy)]
struct Gathered {
    /// Radiance that needs no further bounce: sky, ground, emission and sunlit surfaces, through the panes.
    direct: [f32; 3],
    /// Where to ask the grid for the light that falls on the surface met.
    lookup: Vec3,
    normal: Vec3,
    /// Albedo ÷ π × transmittance of the panes; 0 when the ray left the vehicle.
    bounce: [f32; 3],
}

pub(super) struct Gatherer {
    /// Where its rays go: the common directions turned, so that what slips between the rays of one is met by its
    /// neighbours'.
    directions: Vec<Vec3>,
    rays: Vec<Gathered>,
    /// Whether the probe is in the open air of the cabin.
    pub(super) valid: bool,
}

impl Gatherer {
    /// Casts a probe's rays.
    pub(super) fn cast(around: &Around<'_>, place: Vec3, spacing_m: f32, directions: Vec<Vec3>) -> Self {
        let (mut open, mut buried) = (0usize, 0usize);
        let rays = directions
            .iter()
            .map(|&direction| {
                let hit = around.hit(place, direction);
                let (transmittance, crossings) =
                    around.vehicle.glass(place, direction, hit.map_or(f32::MAX, |h| h.distance_m));
                let inside = hit.filter(|_| crossings % 2 == 0);
                let Some(hit) = inside else {
                    open += usize::from(crossings == 0);
                    // The bonnet before the windscreen lies outside too.
                    let seen = (around.outside.radiance)(place, direction);
                    let direct = std::array::from_fn(|i| seen[i] * transmittance[i]);
                    return Gathered { direct, lookup: place, normal: direction, bounce: [0.0; 3] };
                };
                buried += usize::from(hit.back && is_seen_from_the_front(hit.tag));
                let point = place + direction * hit.distance_m;
                let sun = around.beams(point, hit.normal);
                let bounce: [f32; 3] = std::array::from_fn(|i| hit.albedo[i] / PI * transmittance[i]);
                Gathered {
                    direct: std::array::from_fn(|i| hit.emitted_radiance[i] * transmittance[i] + bounce[i] * sun[i]),
                    // Half a cell off the wall, where the probes on the wall's far side weigh little.
                    lookup: point + hit.normal * (0.5 * spacing_m).min(0.5 * hit.distance_m),
                    normal: hit.normal,
                    bounce,
                }
            })
            .collect();
        // From within a closed cabin every way out crosses a pane; a third leaves room for open windows.
        let is_outside = around.vehicle.has_panes() && 3 * open > directions.len();
        Self { rays, valid: !is_outside && 4 * buried < directions.len(), directions }
    }

    /// Irradiance at the probe, when the surfaces that its rays met are lit like this: place and normal to irradiance.
    pub(super) fn project(&self, onto: impl Fn(Vec3, Vec3) -> [f32; 3]) -> Probe {
        probe::project(&self.directions, &self.radiance(onto))
    }

    /// Radiance along its rays, when the surfaces that they met are lit like this.
    pub(super) fn radiance(&self, onto: impl Fn(Vec3, Vec3) -> [f32; 3]) -> Vec<[f32; 3]> {
        let of_ray = |ray: &Gathered| {
            if ray.bounce == [0.0; 3] {
                return ray.direct;
            }
            let onto = onto(ray.lookup, ray.normal);
            std::array::from_fn(|band| ray.direct[band] + ray.bounce[band] * onto[band])
        };
        self.rays.iter().map(of_ray).collect()
    }
}

/// A rotation for each probe, spread evenly over all rotations: three of K. Shoemake's numbers (*Uniform random rotations*,
/// Graphics Gems III, 1992) from an additive sequence (M. Roberts, 2018: powers of the root of x⁴ = x + 1).
pub(super) fn turn(index: u32) -> Quat {
    const STEPS: [f64; 3] = [0.819_172_513_396_164, 0.671_043_606_703_789_4, 0.549_700_477_901_970_1];
    let [a, b, c] = STEPS.map(|step| (f64::from(index) * step).fract());
    let ((sin_b, cos_b), (sin_c, cos_c)) =
        ((b * std::f64::consts::TAU).sin_cos(), (c * std::f64::consts::TAU).sin_cos());
    let (near, far) = ((1.0 - a).sqrt(), a.sqrt());
    Quat::from_array([near * sin_b, near * cos_b, far * sin_c, far * cos_c].map(|v| v as f32)).normalize()
}

/// Evenly spread fixed directions (R. Swinbank and R. J. Purser, *Fibonacci grids*, Q. J. R. Meteorol. Soc. 132, 2006).
pub(super) fn fibonacci_sphere(count: u32) -> Vec<Vec3> {
    let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
    (0..count)
        .map(|i| {
            let y = 1.0 - 2.0 * (f64::from(i) + 0.5) / f64::from(count);
            let r = (1.0 - y * y).sqrt();
            let (sin, cos) = (golden * f64::from(i)).sin_cos();
            glam::DVec3::new(r * cos, y, r * sin).as_vec3()
        })
        .collect()
}
