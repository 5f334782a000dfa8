//! Light in an encounter's cabin: what all vehicles of its kind share, and what those who sit there make of it.
use std::{f32::consts::PI, sync::Arc};

use glam::{Affine3A, Vec3};
use laneproof_optics::{
    cabin::{CabinLight, CabinOptions, CabinScene},
    entrance::Admission,
    lamp::LampSource,
    probe,
    rays::RayScene,
};
use laneproof_scenes::{
    surface::Part,
    truth::{Role, Subject, Tag},
    vehicle::GLASS_INDEX,
};

use crate::{
    face_truth::mid_eyes_m,
    moment::{Moment, landmarks_in},
    staged::Staged,
};

/// Light in a cabin, or round a head in it.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) light: CabinLight,
    /// A map of what coats mirror; empty without one.
    mirrored: Vec<[f32; 3]>,
}

impl laneproof_render::CabinLight for Grid {
    fn irradiance(&self, position_m: Vec3, normal: Vec3) -> [f32; 3] {
        self.light.irradiance(position_m, normal)
    }

    /// Without a map, the mean over the hemisphere round the direction.
    fn mirrored(&self, position_m: Vec3, direction: Vec3) -> [f32; 3] {
        if self.mirrored.is_empty() {
            self.light.irradiance(position_m, direction).map(|e| e / PI)
        } else {
            probe::mirrored_from(&self.mirrored, direction)
        }
    }
}

/// No light in a cabin.
#[derive(Debug)]
struct Dark;

impl laneproof_render::CabinLight for Dark {
    fn irradiance(&self, _: Vec3, _: Vec3) -> [f32; 3] {
        [0.0; 3]
    }

    fn mirrored(&self, _: Vec3, _: Vec3) -> [f32; 3] {
        [0.0; 3]
    }
}

/// An empty cabin in a light.
#[derive(Debug)]
pub(crate) struct Cabin {
    scene: Arc<CabinScene>,
    pub(crate) empty: Arc<Grid>,
}

impl Cabin {
    /// The same vehicle, standing somewhere, in the light of these lamps alone.
    pub(crate) fn in_lamp_light(
        &self,
        world_from_vehicle: Affine3A,
        lamps: &[LampSource],
        options: &CabinOptions,
    ) -> Self {
        Self::new(self.scene.in_lamp_light(world_from_vehicle, lamps), options)
    }

    /// The same vehicle in the light that its panes admit.
    pub(crate) fn admitting(&self, admissions: &[Admission], options: &CabinOptions) -> Self {
        Self::new(self.scene.admitting(admissions, GLASS_INDEX.into()), options)
    }

    /// The same with another light in the empty cabin.
    pub(crate) fn in_light(&self, light: CabinLight) -> Self {
        Self { empty: Arc::new(Grid { light, mirrored: Vec::new() }), scene: self.scene.clone() }
    }

    pub(crate) fn new(scene: CabinScene, options: &CabinOptions) -> Self {
        let empty = Grid { light: scene.gather(options), mirrored: Vec::new() };
        Self { empty: Arc::new(empty), scene: Arc::new(scene) }
    }
}

/// Who sits in a cabin, as its light meets them: in the vehicle's frame, each where they are in the encounter's first
/// exposure. Heads turn while a vehicle drives through; that this moves little light is an assumption.
#[derive(Debug)]
pub(crate) struct People {
    bodies: RayScene,
    eyes_m: Vec<Vec3>,
}

impl People {
    pub(crate) fn nobody() -> Self {
        Self { bodies: RayScene::new(&[], &[]), eyes_m: Vec::new() }
    }

    pub(crate) fn of(staged: &Staged) -> Self {
        let cameras = staged.plan.rig.cameras.iter();
        let triggers = cameras.flat_map(|camera| &camera.triggers).filter_map(|t| staged.trigger_time_us(*t));
        let moment = Moment::new(staged, triggers.min().unwrap_or(0) as f64 * 1e-6);
        let placed = |part: &Part, place: Affine3A| Part { mesh: part.mesh.transformed(place).into(), ..part.clone() };
        let mut parts = Vec::new();
        let mut eyes_m = Vec::new();
        for (occupant, posed) in staged.occupants.iter().zip(&moment.posed) {
            let place = occupant.vehicle_from_seat;
            let solid = posed.parts.iter().filter(|part| part.surface.transmittance.is_none());
            parts.extend(solid.chain(&occupant.restraint).map(|part| placed(part, place)));
            eyes_m.push(mid_eyes_m(&landmarks_in(place, &posed.landmarks)));
        }
        for (_, _, figure, place) in &moment.decoys {
            parts.extend(figure.parts.iter().map(|part| placed(part, *place)));
        }
        Self { bodies: RayScene::new(&parts, &[]), eyes_m }
    }
}

/// The grid that lights a part of somebody, among those of [`Occupied::placed`]: heads have their own.
pub(crate) fn grid_of(tag: Tag) -> u8 {
    match tag.subject {
        Subject::Occupant(k) if is_head(tag.role) => 1 + k,
        _ => 0,
    }
}

/// What shades itself by the ambient visibility of its own vertices.
fn is_head(role: Role) -> bool {
    matches!(role, Role::Face | Role::Head | Role::Eyes | Role::Hair | Role::Eyewear | Role::Headwear | Role::FaceCover)
}

/// A cabin with people in it.
#[derive(Debug, Clone)]
pub(crate) struct Occupied {
    pub(crate) cabin: Arc<Cabin>,
    heads: Arc<Vec<Arc<Grid>>>,
}

impl Occupied {
    /// A cabin without anybody.
    pub(crate) fn by_nobody(cabin: Arc<Cabin>) -> Self {
        Self { cabin, heads: Arc::default() }
    }

    pub(crate) fn by(cabin: Arc<Cabin>, people: &People, options: &CabinOptions) -> Self {
        let round = |(k, eyes_m): (usize, &Vec3)| {
            let own = move |tag: Tag| tag.subject == Subject::Occupant(k as u8) && is_head(tag.role);
            let round = cabin.scene.round_head(&cabin.empty.light, &people.bodies, &own, *eyes_m, options);
            Arc::new(Grid { light: round.light, mirrored: round.mirrored })
        };
        let heads = Arc::new(people.eyes_m.iter().enumerate().map(round).collect());
        Self { cabin, heads }
    }

    /// As many grids as [`placed`](Self::placed) gives, all dark.
    pub(crate) fn in_the_dark(&self, world_from_vehicle: Affine3A) -> Vec<laneproof_render::Cabin> {
        let vehicle_from_world = world_from_vehicle.inverse();
        let dark: Arc<dyn laneproof_render::CabinLight> = Arc::new(Dark);
        let grid = || laneproof_render::Cabin { vehicle_from_world, light: dark.clone() };
        (0..=self.heads.len()).map(|_| grid()).collect()
    }

    /// For the renderer, the cabin's light first, then one a head, for a vehicle that stands here.
    pub(crate) fn placed(&self, world_from_vehicle: Affine3A) -> Vec<laneproof_render::Cabin> {
        let vehicle_from_world = world_from_vehicle.inverse();
        let grids = [&self.cabin.empty].into_iter().chain(self.heads.iter());
        grids.map(|grid| laneproof_render::Cabin { vehicle_from_world, light: grid.clone() }).collect()
    }
}
