//! What stands round a vehicle, as its panes mirror it.
use std::{f32::consts::PI, sync::Arc};

use glam::Vec3;
use laneproof_scenes::{
    catalogue::Sky,
    mesh::{Mesh, Vertex},
    surface::Part,
    truth::Role,
};
use rayon::prelude::*;

use crate::{
    air::{Air, AirLight, AirPath},
    daylight::DaylightModel,
    lamp::LampSource,
    rays::{Facet, Hit, RayScene, SKIN_M},
    sh::{self, IrradianceSh9},
    sky_polarisation::{CLEAR_TURBIDITY, SkyPolarisation},
};

/// Angular radius of the sun's disc, radians (mean distance; IAU 2015 nominal radius over the astronomical unit).
pub const SUN_RADIUS_RAD: f32 = 0.004_652;

/// Light that is seen in a direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Radiance, W·m⁻²·sr⁻¹ per band.
    pub radiance: [f32; 3],
    /// Degree of linear polarisation, 0..1.
    pub degree: f32,
    /// Axis of the electric field where the degree is above 0.
    pub axis: Vec3,
    /// Equal for neighbouring directions that see one and the same smooth thing.
    pub(super) source: u32,
}

impl Seen {
    /// Nothing.
    pub(super) const DARK: Self = Self { radiance: [0.0; 3], degree: 0.0, axis: Vec3::X, source: 0 };
}

const SKY: u32 = 1;
const SUN: u32 = 2;
const GROUND: u32 = 4;

/// Rays that gather the light on a place of the ground or on a corner of a triangle, and on one of a small triangle.
const GATHERING_RAYS: u32 = 128;
const FEW_RAYS: u32 = 16;
/// Triangles below this are small, m².
const SMALL_M2: f32 = 0.05;
/// Longest edge of a surface near the station, metres; larger ones are cut up, so that light can vary over them.
const LONGEST_EDGE_M: f32 = 1.6;
/// Surfaces farther from the stop line than this are mirrored too small for that, metres.
const NEAR_M: f32 = 16.0;

/// A part with its large triangles near the station cut up, as gathered light varies over them; the ground has its own grid.
pub(super) fn cut_up(part: &Part) -> Part {
    if part.tag.role == Role::Ground {
        return part.clone();
    }
    let mut mesh = Mesh::clone(&part.mesh);
    let mut todo = std::mem::take(&mut mesh.indices);
    while let [.., a, b, c] = todo[..] {
        todo.truncate(todo.len() - 3);
        let corners = [a, b, c].map(|i| Vec3::from(mesh.vertices[i as usize].position_m));
        let edges = [0, 1, 2].map(|k| corners[k].distance(corners[(k + 1) % 3]));
        let longest = (0..3).max_by(|&i, &j| edges[i].total_cmp(&edges[j])).unwrap_or(0);
        let (low, high) = (corners[0].min(corners[1]).min(corners[2]), corners[0].max(corners[1]).max(corners[2]));
        let near = Vec3::ZERO.clamp(low, high).length() < NEAR_M;
        if edges[longest] <= LONGEST_EDGE_M || !near {
            mesh.indices.extend([a, b, c]);
            continue;
        }
        let [a, b, c] = [0, 1, 2].map(|k| [a, b, c][(longest + k) % 3]);
        let (from, to) = (mesh.vertices[a as usize], mesh.vertices[b as usize]);
        let middle = mesh.vertices.len() as u32;
        let half = |a: [f32; 3], b: [f32; 3]| (Vec3::from(a) + Vec3::from(b)) / 2.0;
        mesh.vertices.push(Vertex {
            position_m: half(from.position_m, to.position_m).to_array(),
            normal: half(from.normal, to.normal).normalize_or(Vec3::Y).to_array(),
            ..from
        });
        todo.extend([a, middle, c, middle, b, c]);
    }
    Part { mesh: Arc::new(mesh), ..part.clone() }
}

/// Where a ray ends that gathers light. It is followed once: what it meets stays, only how bright that is changes.
enum End {
    /// On a surface with this direct light.
    Surface { place_m: Vec3, hit: Hit, direct: [f32; 3] },
    /// Beyond the lane, at this radiance.
    Beyond([f32; 3]),
}

/// Light and furniture of a lane, ready to be looked at in any direction from any place.
pub struct Surround {
    scene: RayScene,
    /// Radiance at the corners of every opaque triangle, direct light left out: it is found where rays meet them.
    facets: Vec<[[f32; 3]; 3]>,
    model: DaylightModel,
    polarisation: SkyPolarisation,
    air: Option<Arc<(Air, AirLight)>>,
    open_sh: IrradianceSh9,
    sheltered_sh: IrradianceSh9,
    /// Footprint of the roof: lowest x and z, highest x and z.
    sheltered_m: Option<[f32; 4]>,
    /// Lamps that burn all the time.
    lamps: Vec<LampSource>,
    /// Light of the sky and of what stands round on the ground near the station, by [`GROUND_STEP_M`] from the grid's corner.
    ground: Vec<[f32; 3]>,
}

/// Distance of the places where the ground's light is gathered, metres, how many there are across and along, and the first.
const GROUND_STEP_M: f32 = 1.0;
const GROUND_PLACES: [usize; 2] = [33, 45];
const GROUND_CORNER_M: [f32; 2] = [-16.0, -28.0];

impl std::fmt::Debug for Surround {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surround").field("facets", &self.facets.len()).finish_non_exhaustive()
    }
}

impl Surround {
    /// A lane's parts under a daylight; `open_sh` is the irradiance of sky and ground away from the roof, `sheltered_sh`
    /// below it, `sheltered_m` its footprint (lowest x and z, highest x and z, metres), `lamps` those that burn all the time.
    pub fn new(
        parts: &[Part],
        model: DaylightModel,
        sky: Sky,
        open_sh: IrradianceSh9,
        sheltered_sh: IrradianceSh9,
        sheltered_m: Option<[f32; 4]>,
        lamps: Vec<LampSource>,
    ) -> Self {
        let parts: Vec<Part> = parts.iter().map(cut_up).collect();
        let scene = RayScene::new(&parts, &[]);
        let polarisation = SkyPolarisation::of(sky, CLEAR_TURBIDITY);
        let mut surround = Self {
            scene,
            facets: Vec::new(),
            model,
            polarisation,
            air: None,
            open_sh,
            sheltered_sh,
            sheltered_m,
            lamps,
            ground: Vec::new(),
        };
        // Ground lights the roof and the roof the ground.
        let (ground, facets) = (surround.round_ground(), surround.round_facets());
        for _ in 0..2 {
            surround.ground = surround.light_on_ground(&ground);
            surround.facets = surround.light_of_facets(&facets);
        }
        surround.ground = surround.light_on_ground(&ground);
        surround
    }

    /// The same seen through air that is not clean. Its light on lane and cabin is that of the daylight model; what it takes on
    /// the way from one surface to the next is left out (assumption).
    pub fn in_air(self, air: Option<Arc<(Air, AirLight)>>) -> Self {
        Self { air, ..self }
    }

    /// What is seen from the corners of all triangles.
    fn round_facets(&self) -> Vec<[Vec<End>; 3]> {
        (0..self.scene.facet_count() as u32)
            .into_par_iter()
            .map(|index| {
                let facet = self.scene.facet(index);
                let Facet { corners_m, normal, .. } = facet;
                let middle_m = corners_m.iter().sum::<Vec3>() / 3.0;
                let rays = if facet.area_m2() < SMALL_M2 { FEW_RAYS } else { GATHERING_RAYS };
                // A little off the corners, where other surfaces meet the triangle.
                corners_m.map(|corner_m| self.round(corner_m.lerp(middle_m, 0.1), normal, rays))
            })
            .collect()
    }

    /// Radiance at the corners of all triangles, from which this is seen; direct light left out.
    fn light_of_facets(&self, round: &[[Vec<End>; 3]]) -> Vec<[[f32; 3]; 3]> {
        let of_facet = |(index, corners): (usize, &[Vec<End>; 3])| {
            let (albedo, emitted) = (self.scene.facet(index as u32).albedo, self.scene.emitted(index as u32));
            [0, 1, 2].map(|k| {
                let irradiance = self.diffuse(&corners[k]);
                std::array::from_fn(|band| emitted[band] + albedo[band] * irradiance[band] / PI)
            })
        };
        round.par_iter().enumerate().map(of_facet).collect()
    }

    /// What is seen from the places where the ground's light is gathered.
    fn round_ground(&self) -> Vec<Vec<End>> {
        let [across, along] = GROUND_PLACES;
        let place = |axis: usize, k: usize| GROUND_CORNER_M[axis] + k as f32 * GROUND_STEP_M;
        let round = |i: usize| {
            let place_m = Vec3::new(place(0, i % across), 0.01, place(1, i / across));
            self.round(place_m, Vec3::Y, GATHERING_RAYS)
        };
        (0..across * along).into_par_iter().map(round).collect()
    }

    /// Light on the ground, from which this is seen; direct light left out.
    fn light_on_ground(&self, round: &[Vec<End>]) -> Vec<[f32; 3]> {
        round.par_iter().map(|ends| self.diffuse(ends)).collect()
    }

    /// The gathered light on the ground at a place; `None` away from the station.
    fn ground_light(&self, place_m: Vec3) -> Option<[f32; 3]> {
        let at = [place_m.x - GROUND_CORNER_M[0], place_m.z - GROUND_CORNER_M[1]].map(|v| v / GROUND_STEP_M);
        let cell = at.map(|v| v.floor());
        let inside = (0..2).all(|axis| cell[axis] >= 0.0 && (cell[axis] as usize) + 1 < GROUND_PLACES[axis]);
        if !inside || self.ground.is_empty() {
            return None;
        }
        let [i, j] = cell.map(|v| v as usize);
        let [fx, fz] = [at[0] - cell[0], at[1] - cell[1]];
        let place = |di: usize, dj: usize| &self.ground[(j + dj) * GROUND_PLACES[0] + i + di];
        Some(std::array::from_fn(|band| {
            let near = place(0, 0)[band] * (1.0 - fx) + place(1, 0)[band] * fx;
            let far = place(0, 1)[band] * (1.0 - fx) + place(1, 1)[band] * fx;
            near * (1.0 - fz) + far * fz
        }))
    }

    /// Radiance of a surface where a ray meets it, in this direct light.
    fn met(&self, place_m: Vec3, hit: &Hit, direct: [f32; 3]) -> [f32; 3] {
        let lit_by = |diffuse: [f32; 3]| {
            std::array::from_fn(|band| {
                hit.emitted_radiance[band] + hit.albedo[band] * (diffuse[band] + direct[band]) / PI
            })
        };
        let gathered = if hit.tag.role == Role::Ground { self.ground_light(place_m) } else { None };
        if let Some(diffuse) = gathered {
            return lit_by(diffuse);
        }
        let corners = self.facets.get(hit.facet as usize).filter(|_| hit.tag.role != Role::Ground);
        let Some(corners) = corners else { return lit_by(self.skylight(place_m, hit.normal)) };
        let shares = self.scene.facet(hit.facet).shares(place_m);
        std::array::from_fn(|band| {
            hit.albedo[band] * direct[band] / PI + (0..3).map(|k| shares[k] * corners[k][band]).sum::<f32>()
        })
    }

    /// Direction towards the sun and its normal irradiance; `None` without one.
    pub(super) fn sun(&self) -> Option<(Vec3, [f32; 3])> {
        let irradiance = self.model.sun_normal_irradiance;
        (irradiance != [0.0; 3]).then_some((self.model.sun_direction, irradiance))
    }

    /// Direction towards the sun (unit vector, world frame) and its irradiance on a plane that faces it, W·m⁻² per band; `None`
    /// without one, or where the lane hides it from a place.
    pub fn sun_seen_from(&self, place_m: Vec3) -> Option<(Vec3, [f32; 3])> {
        self.sun().filter(|(towards, _)| !self.scene.blocked(place_m, *towards))
    }

    /// Whether the lane hides from a place what lies in a direction (unit vector) at a distance, metres.
    pub fn hides(&self, place_m: Vec3, direction: Vec3, distance_m: f32) -> bool {
        self.scene.hit(place_m, direction).is_some_and(|hit| hit.distance_m < distance_m)
    }

    /// Irradiance on a surface outside the vehicle, sun and sky, W·m⁻² per band. The vehicle's own shadow is left out.
    pub fn irradiance(&self, place_m: Vec3, normal: Vec3) -> [f32; 3] {
        let (sky, direct) = (self.skylight(place_m, normal), self.direct(place_m, normal));
        std::array::from_fn(|band| sky[band] + direct[band])
    }

    /// The lane's general skylight, below the roof and away from it.
    fn skylight(&self, place_m: Vec3, normal: Vec3) -> [f32; 3] {
        let below = self
            .sheltered_m
            .is_some_and(|[x0, z0, x1, z1]| (x0..=x1).contains(&place_m.x) && (z0..=z1).contains(&place_m.z));
        sh::irradiance(if below { &self.sheltered_sh } else { &self.open_sh }, normal).map(|e| e.max(0.0))
    }

    /// Irradiance by the sun, where nothing of the lane is in the way; 0 in the shade.
    fn sunlight(&self, place_m: Vec3, normal: Vec3) -> [f32; 3] {
        self.sun().map_or([0.0; 3], |(towards, irradiance)| {
            let cosine = normal.dot(towards);
            let lit = cosine > 0.0 && !self.scene.blocked(place_m + normal * SKIN_M, towards);
            if lit { irradiance.map(|e| e * cosine) } else { [0.0; 3] }
        })
    }

    /// Irradiance by the sun and by lamps, where nothing of the lane is in the way.
    fn direct(&self, place_m: Vec3, normal: Vec3) -> [f32; 3] {
        self.with_lamps(place_m, normal, self.sunlight(place_m, normal))
    }

    /// The same of a place whose sunlight is known.
    fn with_lamps(&self, place_m: Vec3, normal: Vec3, sunlight: [f32; 3]) -> [f32; 3] {
        let start_m = place_m + normal * SKIN_M;
        let mut sum = sunlight;
        for lamp in &self.lamps {
            let (towards, distance_m, irradiance) = lamp.seen_from(place_m);
            let cosine = normal.dot(towards);
            if cosine <= 0.0 || irradiance == [0.0; 3] {
                continue;
            }
            // What stands behind the lamp, or holds it, throws no shadow.
            let blocked = self.scene.hit(start_m, towards).is_some_and(|hit| hit.distance_m < 0.95 * distance_m);
            if !blocked {
                sum = std::array::from_fn(|band| sum[band] + irradiance[band] * cosine);
            }
        }
        sum
    }

    /// What is seen from a place over the hemisphere: where a cosine-weighted spiral of rays ends, the same everywhere, for
    /// noise would show as steps from triangle to triangle.
    fn round(&self, place_m: Vec3, normal: Vec3, rays: u32) -> Vec<End> {
        let start_m = place_m + normal * SKIN_M;
        let (across, along) = normal.any_orthonormal_pair();
        let end = |k: u32| {
            let squared = (k as f32 + 0.5) / rays as f32;
            let (sin, cos) = (k as f32 * 2.399_963).sin_cos();
            let flat = squared.sqrt();
            let out = (across * (flat * cos) + along * (flat * sin) + normal * (1.0 - squared).sqrt()).normalize();
            match self.scene.hit(start_m, out) {
                Some(hit) => {
                    let place_m = start_m + out * hit.distance_m;
                    End::Surface { place_m, hit, direct: self.direct(place_m, hit.normal) }
                }
                None if out.y < 0.0 => End::Beyond(self.model.open_ground_radiance()),
                None => End::Beyond(self.model.open_sky_radiance(out)),
            }
        };
        (0..rays).map(end).collect()
    }

    /// Irradiance on a place from which this is seen, without direct light. What rays meet is as bright as is known of it by
    /// then, at first by direct light and the lane's general skylight.
    fn diffuse(&self, round: &[End]) -> [f32; 3] {
        let mut irradiance = [0.0; 3];
        for end in round {
            let light = match end {
                End::Surface { place_m, hit, direct } => self.met(*place_m, hit, *direct),
                End::Beyond(radiance) => *radiance,
            };
            for band in 0..3 {
                irradiance[band] += light[band] * PI / round.len() as f32;
            }
        }
        irradiance
    }

    /// The open sky in a direction, with its polarisation and without the sun's disc.
    pub(super) fn sky(&self, direction: Vec3) -> Seen {
        let (degree, axis) = self.polarisation.at(direction.as_dvec3(), self.model.sun_direction.as_dvec3());
        let radiance = self.model.open_sky_radiance(direction);
        Seen { radiance, degree: degree as f32, axis: axis.as_vec3(), source: SKY }
    }

    /// What is seen from a place (world frame, metres) in a direction (unit vector).
    pub fn seen(&self, from_m: Vec3, direction: Vec3) -> Seen {
        let (seen, far_m) = self.seen_clearly(from_m, direction);
        let Some((air, light)) = self.air.as_deref() else { return seen };
        let far_m = far_m.min(air.ends_m(from_m, direction));
        let airlight = air.airlight(&AirPath { from_m, direction, stretch_m: [0.0, far_m] }, light);
        let passes = air.passes(far_m);
        let radiance: [f32; 3] = std::array::from_fn(|band| seen.radiance[band] * passes + airlight[band]);
        // What the air adds is taken as unpolarised (assumption).
        let [polarised, all] = [seen.radiance[1] * passes, radiance[1]];
        let degree = if all > 0.0 { seen.degree * (polarised / all) } else { 0.0 };
        Seen { radiance, degree, ..seen }
    }

    /// The same as if the air were clean, and how far away it is, metres.
    fn seen_clearly(&self, from_m: Vec3, direction: Vec3) -> (Seen, f32) {
        let plain = |radiance: [f32; 3], source| Seen { radiance, degree: 0.0, axis: Vec3::X, source };
        if let Some(hit) = self.scene.hit(from_m, direction) {
            let place_m = from_m + direction * hit.distance_m;
            let sunlight = self.sunlight(place_m, hit.normal);
            let radiance = self.met(place_m, &hit, self.with_lamps(place_m, hit.normal, sunlight));
            let sunlit = u32::from(sunlight != [0.0; 3]) << 3;
            if hit.tag.role == Role::Ground {
                // Some bits of the albedo tell markings from asphalt.
                return (
                    plain(radiance, GROUND | sunlit | (hit.albedo[1] * 4096.0) as u32 & 0xfff << 4),
                    hit.distance_m,
                );
            }
            // Triangles of one plane and colour, in the sun or not, are one smooth thing.
            let facet = self.scene.facet(hit.facet);
            let [x, y, z] = facet.normal.to_array().map(|v| (v * 127.0).round() as i32 as u32 & 0xff);
            let colour = (facet.albedo[1] * 15.0) as u32;
            return (plain(radiance, x << 24 | y << 16 | z << 8 | colour << 4 & 0xf0 | sunlit | 1), hit.distance_m);
        }
        if direction.y < 0.0 {
            return (plain(self.model.open_ground_radiance(), GROUND), f32::INFINITY);
        }
        let sky = self.sky(direction);
        let sky = match self.sun() {
            // Chord ÷ radius for small angles, exact enough for a quarter of a degree.
            Some((towards, _)) if direction.distance(towards) <= SUN_RADIUS_RAD => {
                let solid_angle_sr = PI * SUN_RADIUS_RAD * SUN_RADIUS_RAD;
                let irradiance = self.model.sun_above_air;
                plain(std::array::from_fn(|band| sky.radiance[band] + irradiance[band] / solid_angle_sr), SUN)
            }
            _ => sky,
        };
        (sky, f32::INFINITY)
    }
}
