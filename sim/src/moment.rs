//! The scene at one instant: the vehicle where its drive has brought it, heads where their motion has turned them.
use std::{
    iter,
    sync::{Arc, OnceLock},
};

use glam::{Affine3A, Quat, Vec3};
use laneproof_render::{Scene, ScenePane, Solid};
use laneproof_scenes::{
    decoy::{DecoyKind, Figure},
    people::{Acting, Behaviour, FaceLandmarks, Posed, Posture, Surroundings},
    surface::{Part, SessileDrop},
    truth::Role,
};
use rayon::prelude::*;

use crate::{
    cabin,
    decoys::StagedDecoy,
    encounter::{EncounterPlan, NeighbourPlace},
    head_lamps, ideal,
    rain::StagedRain,
    staged::{Facing, Staged, StagedOccupant},
};

/// The square that the sun's shadow map covers: fixed to the lane, so that the background's shadows are the same with
/// and without a vehicle. From 10 m before the stop line to 3 m behind it, in 6 mm texels; with another vehicle behind or
/// ahead 7 m more on its side, in 10 mm texels, with both in 13 mm texels. What is beyond it is in no other's shade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ShadowSquare {
    centre_m: Vec3,
    half_extent_m: f32,
}

impl ShadowSquare {
    /// The square of an encounter.
    pub(crate) fn of(plan: &EncounterPlan) -> Self {
        const ONE_MORE_M: f32 = 7.0;
        let more_m = |place| if plan.neighbours.iter().any(|n| n.place == place) { ONE_MORE_M } else { 0.0 };
        let from_m = -10.0 - more_m(NeighbourPlace::Behind);
        let to_m = 3.0 + more_m(NeighbourPlace::Ahead);
        Self { centre_m: Vec3::new(0.0, 0.8, (from_m + to_m) / 2.0), half_extent_m: (to_m - from_m) / 2.0 }
    }
}

/// One instant of an encounter.
pub(crate) struct Moment {
    time_s: f64,
    pub(crate) world_from_vehicle: Affine3A,
    /// Occupants, each in their own frame.
    pub(crate) posed: Vec<Posed>,
    /// The box round all people, world frame, metres: lowest and highest corner.
    people_m: Option<[Vec3; 2]>,
    /// Decoys that are there: index in the plan, what, and their frame in the vehicle's.
    pub(crate) decoys: Vec<(u8, DecoyKind, Arc<Figure>, Affine3A)>,
    /// What lies on each pane, world frame; found when first asked for.
    drops: OnceLock<Vec<Vec<SessileDrop>>>,
    /// The other vehicles, in the order of the staged ones.
    pub(crate) neighbours: Vec<Moment>,
}

/// How an occupant holds themselves at a time, the vehicle standing where it does.
fn posture(staged: &Staged, occupant: &StagedOccupant, world_from_vehicle: Affine3A, time_s: f64) -> Posture {
    let seat_from_world = (world_from_vehicle * occupant.vehicle_from_seat).inverse();
    let cameras_m =
        staged.plan.rig.cameras.iter().map(|c| seat_from_world.transform_point3(c.position_m.into())).collect();
    let around = Surroundings { cameras_m, neighbour_m: neighbour_m(staged, occupant), ..surroundings(occupant) };
    let mut posture = acting(occupant).posture(&occupant.person, &around, time_s);
    if let Some(Facing { occupant: who, camera_index, share }) = staged.facing
        && staged.occupants.get(usize::from(who)).is_some_and(|facing| facing.seat.id == occupant.seat.id)
    {
        ideal::face(&mut posture, &occupant.person, around.cameras_m[camera_index], share);
    }
    posture
}

/// What an occupant does.
fn acting(occupant: &StagedOccupant) -> Acting {
    let plan = &occupant.plan;
    Acting {
        behaviour: plan.behaviour,
        yaw_rad: plan.head_yaw_deg.to_radians(),
        pitch_rad: plan.head_pitch_deg.to_radians(),
        roll_rad: plan.head_roll_deg.to_radians(),
        motion_seed: plan.motion_seed,
        shows: occupant.shows,
    }
}

/// What an occupant has round them in a vehicle without cameras or others.
fn surroundings(occupant: &StagedOccupant) -> Surroundings {
    let back_angle_rad = occupant.back_angle_rad();
    match occupant.plan.child_seat {
        // Wings are between the head and the pane.
        Some(restraint) => Surroundings {
            back_angle_rad,
            legs: Some(restraint.legs()),
            pane: occupant.pane.filter(|_| !restraint.has_harness()),
            ..Surroundings::default()
        },
        None => {
            Surroundings { back_angle_rad, drives: occupant.drives(), pane: occupant.pane, ..Surroundings::default() }
        }
    }
}

/// A child seat with its harness, in the child's frame.
pub(crate) fn restraint_parts(occupant: &StagedOccupant) -> Vec<Part> {
    let Some(restraint) = occupant.plan.child_seat else { return Vec::new() };
    let stature_m = occupant.person.stature_m;
    let posture = acting(occupant).posture(&occupant.person, &surroundings(occupant), 0.0);
    let mut parts = restraint.parts(stature_m, occupant.plan.motion_seed);
    parts.extend(restraint.harness(&occupant.person.seated(0, &posture), stature_m));
    parts
}

/// The head of the occupant whom one would look at, from one's own hips: the nearest in the own row, else the nearest.
fn neighbour_m(staged: &Staged, occupant: &StagedOccupant) -> Option<Vec3> {
    let hips_m = |o: &StagedOccupant| Vec3::from(o.vehicle_from_seat.translation);
    let here = hips_m(occupant);
    let others = staged.occupants.iter().filter(|o| o.seat.id != occupant.seat.id);
    let nearest = others.min_by(|a, b| {
        let rank = |o: &StagedOccupant| (o.seat.id.row != occupant.seat.id.row, hips_m(o).distance(here));
        rank(a).0.cmp(&rank(b).0).then(rank(a).1.total_cmp(&rank(b).1))
    })?;
    let posture = Posture { back_angle_rad: nearest.back_angle_rad(), ..Posture::default() };
    let head_m = nearest.vehicle_from_seat.transform_point3(nearest.person.eyes_when_seated_m(&posture));
    Some(occupant.vehicle_from_seat.inverse().transform_point3(head_m))
}

impl Moment {
    pub(crate) fn new(staged: &Staged, time_s: f64) -> Self {
        let world_from_vehicle = staged.trajectory.pose_at(time_s);
        let posed: Vec<Posed> = staged
            .occupants
            .par_iter()
            .enumerate()
            .map(|(k, occupant)| {
                let posture = posture(staged, occupant, world_from_vehicle, time_s);
                occupant.person.seated(k as u8, &posture)
            })
            .collect();
        let at = |(k, decoy): &(u8, StagedDecoy)| {
            let (figure, place) = decoy.at(*k, &staged.occupants, &posed)?;
            Some((*k, decoy.kind(), figure, place))
        };
        let decoys: Vec<_> = staged.decoys.iter().filter_map(at).collect();
        let neighbours = staged.neighbours.iter().map(|neighbour| Self::new(neighbour, time_s)).collect();
        let mut moment =
            Self { time_s, world_from_vehicle, posed, people_m: None, decoys, drops: OnceLock::new(), neighbours };
        moment.people_m = moment.people_box_m(staged);
        moment
    }

    /// The box round all people, world frame.
    fn people_box_m(&self, staged: &Staged) -> Option<[Vec3; 2]> {
        let people = staged.occupants.iter().zip(&self.posed);
        let parts = people.flat_map(|(occupant, posed)| {
            let place = self.world_from_seat(occupant);
            posed.parts.iter().filter_map(move |part| Some((part.mesh.bounds_m()?, place)))
        });
        let corners = parts.flat_map(|((low, high), place)| {
            let corner = move |i: u8| {
                let pick = |bit: u8, low: f32, high: f32| if i >> bit & 1 == 0 { low } else { high };
                place.transform_point3(Vec3::new(
                    pick(0, low.x, high.x),
                    pick(1, low.y, high.y),
                    pick(2, low.z, high.z),
                ))
            };
            (0..8).map(corner)
        });
        corners.map(|corner| [corner; 2]).reduce(|[low, high], [a, b]| [low.min(a), high.max(b)])
    }

    /// Every vehicle of the moment, the encounter's own first; `staged` is what the moment is of.
    pub(crate) fn vehicles<'m>(&'m self, staged: &'m Staged) -> impl Iterator<Item = (&'m Staged, &'m Self)> {
        let neighbours = staged.neighbours.iter().map(|neighbour| &**neighbour);
        iter::once((staged, self)).chain(neighbours.zip(&self.neighbours))
    }

    /// The drops on each pane of the vehicle, world frame; none where panes are dry.
    pub(crate) fn drops(&self, staged: &Staged) -> &[Vec<SessileDrop>] {
        let rain = |rain: &Arc<StagedRain>| rain.drops_at(self.time_s, self.world_from_vehicle);
        self.drops.get_or_init(|| staged.rain.as_ref().map_or_else(Vec::new, rain))
    }

    /// Takes a point of the vehicle from where it is at this moment to where it is at another time, world frame.
    pub(crate) fn vehicle_moved(&self, staged: &Staged, time_s: f64) -> Affine3A {
        staged.trajectory.pose_at(time_s) * self.world_from_vehicle.inverse()
    }

    /// The same of a point of an occupant's head, which turns about its own neck while the vehicle drives.
    pub(crate) fn head_moved(&self, staged: &Staged, k: usize, time_s: f64) -> Affine3A {
        let occupant = &staged.occupants[k];
        let world_from_vehicle = staged.trajectory.pose_at(time_s);
        // The head's own frame, in the seat's: origin between the eyes.
        let head = |world_from_vehicle, time_s| {
            let posture = posture(staged, occupant, world_from_vehicle, time_s);
            let eyes_m = occupant.person.eyes_when_seated_m(&posture);
            Affine3A::from_rotation_translation(posture.head_rotation(), eyes_m)
        };
        let now = self.world_from_vehicle * occupant.vehicle_from_seat * head(self.world_from_vehicle, self.time_s);
        world_from_vehicle * occupant.vehicle_from_seat * head(world_from_vehicle, time_s) * now.inverse()
    }

    /// An occupant's frame in the world.
    pub(crate) fn world_from_seat(&self, occupant: &StagedOccupant) -> Affine3A {
        self.world_from_vehicle * occupant.vehicle_from_seat
    }

    /// The whole scene.
    pub(crate) fn scene(&self, staged: &Staged, time_s: f64) -> Scene {
        let mut scene = background(staged);
        scene.fine_shadow_m = self.people_m;
        self.put_into(&mut scene, staged, time_s);
        for (k, (neighbour, moment)) in self.vehicles(staged).skip(1).enumerate() {
            let (solids, cabins) = (scene.solids.len(), scene.cabins.len() as u8);
            moment.put_into(&mut scene, neighbour, time_s);
            for solid in &mut scene.solids[solids..] {
                solid.tag = solid.tag.in_other_vehicle(k as u8);
                solid.cabin = solid.cabin.map(|grid| cabins + grid);
            }
        }
        scene
    }

    /// The whole scene as a camera here (world frame, metres) sees it: with lamps as bright as they are for it.
    pub(crate) fn scene_before(&self, staged: &Staged, time_s: f64, camera_m: Vec3) -> Scene {
        let mut scene = self.scene(staged, time_s);
        scene.solids.extend(head_lamps::lenses(staged, self, camera_m));
        scene
    }

    /// Adds one vehicle with its people to a scene.
    fn put_into(&self, scene: &mut Scene, staged: &Staged, time_s: f64) {
        let vehicle = &staged.vehicle;
        scene.solids.extend(vehicle.parts.iter().map(|part| {
            let cabin = matches!(part.tag.role, Role::Interior | Role::Seat).then_some(0);
            solid(part, self.world_from_vehicle, cabin)
        }));
        for (wheel, state) in vehicle.wheels.iter().zip(staged.trajectory.wheels_at(time_s)) {
            let hub = Affine3A::from_rotation_translation(Quat::from_rotation_x(state.spin_rad), state.hub_m);
            scene.solids.extend(wheel.parts.iter().map(|part| solid(part, self.world_from_vehicle * hub, None)));
        }
        for (occupant, posed) in staged.occupants.iter().zip(&self.posed) {
            let world_from_seat = self.world_from_seat(occupant);
            let parts = posed.parts.iter().chain(&occupant.restraint);
            scene.solids.extend(parts.map(|part| solid(part, world_from_seat, Some(cabin::grid_of(part.tag)))));
        }
        for (_, _, figure, place) in &self.decoys {
            scene.solids.extend(figure.parts.iter().map(|part| solid(part, self.world_from_vehicle * *place, Some(0))));
        }
        let visors = vehicle.visors.iter().map(|visor| {
            let down = |o: &StagedOccupant| o.seat.id == visor.seat && o.plan.behaviour == Behaviour::VisorDown;
            if staged.occupants.iter().any(down) { &visor.down } else { &visor.up }
        });
        scene.solids.extend(visors.map(|part| solid(part, self.world_from_vehicle, Some(0))));
        let panes = vehicle.panes.iter().zip(&staged.glass.sun_transmittances);
        scene.panes.extend(panes.map(|(pane, transmittance)| ScenePane {
            mesh: pane.mesh.clone(),
            transmittance: transmittance.clone(),
            world_from_mesh: self.world_from_vehicle,
        }));
        scene.cabins.extend(staged.cabin.placed(self.world_from_vehicle));
    }
}

/// A part in its place, as the renderer takes it.
pub(crate) fn solid(part: &Part, world_from_mesh: Affine3A, cabin: Option<u8>) -> Solid {
    let Part { mesh, surface, tag, .. } = part;
    Solid { mesh: mesh.clone(), surface: surface.clone(), tag: *tag, world_from_mesh, cabin, hidden: false }
}

/// The lane without its vehicles.
pub(crate) fn background(staged: &Staged) -> Scene {
    let ShadowSquare { centre_m, half_extent_m } = ShadowSquare::of(&staged.plan);
    Scene {
        solids: staged.lane.parts.iter().map(|part| solid(part, Affine3A::IDENTITY, None)).collect(),
        panes: Vec::new(),
        light: Arc::clone(&staged.lane.light.light),
        cabins: Vec::new(),
        shadow_centre_m: centre_m,
        shadow_half_extent_m: half_extent_m,
        fine_shadow_m: None,
        soft_shadows: staged.plan.soft_shadows,
    }
}

/// Landmarks moved into another frame.
pub(crate) fn landmarks_in(frame: Affine3A, landmarks: &FaceLandmarks) -> FaceLandmarks {
    let (_, rotation, _) = frame.to_scale_rotation_translation();
    landmarks.moved(|p| frame.transform_point3(p), rotation)
}
