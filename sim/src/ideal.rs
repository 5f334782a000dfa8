//! Counterfactual exposures: the same moment with one thing, or several, as good as it can be.
use std::sync::Arc;

use glam::Vec3;
pub use laneproof_exchange::ideal::{Counterfactual, Factor, Factors};
use laneproof_physics::Trajectory;
use laneproof_render::{Layers, PinholeCamera, Scene};
use laneproof_scenes::{
    catalogue::{GlassSet, Lens, Sensor},
    people::{Gaze, Gesture, Person, Posture, Wear},
    truth::{Role, Subject, Tag},
};

use crate::{
    encounter::EncounterPlan,
    face_truth::mid_eyes_m,
    lens_camera::LensCamera,
    moment::{self, Moment},
    simulator::{SimError, Simulator},
    staged::Staged,
    truth::FaceTruth,
};

/// How many more pixels across [`Factor::Pixels`] gives.
const MAGNIFICATION: f32 = 2.0;
/// Transmittance of clear glass: nearly as much as an uncoated pane can pass.
const CLEAR: f32 = 0.90;
/// f-number behind which nothing is out of focus.
const PINHOLE_F_NUMBER: f32 = 1e5;
/// How often the face is metered at most.
pub(crate) const METERINGS: usize = 8;
/// Mean tone of a well-exposed face, of 255: a grey of 18 % under the sRGB curve.
const MIDDLE_DN: f32 = 118.0;
/// A mean this near needs no better.
const NEAR_DN: f32 = 12.0;
/// Mean from which a face is too near to white to say how much too bright it is.
const WHITE_DN: f32 = 200.0;

/// An encounter staged with another glass, wardrobe or posture.
pub(crate) struct Restaged {
    /// The drive of the encounter as it is: its identity.
    of: Arc<Trajectory>,
    key: (u8, Factors, Option<usize>),
    staged: Arc<Staged>,
}

/// What is staged otherwise.
const STAGED: [Factor; 3] = [Factor::Glass, Factor::Worn, Factor::Pose];

impl Simulator {
    /// The encounter as a counterfactual stages it: clear glass, a bare face, a head that faces the camera.
    pub(crate) fn restaged(
        &mut self,
        staged: &Staged,
        camera_index: usize,
        ideal: &Counterfactual,
    ) -> Result<Arc<Staged>, SimError> {
        let factors = ideal.factors.intersection(STAGED.into_iter().collect());
        let facing = factors.contains(Factor::Pose).then_some(camera_index);
        let key = (ideal.occupant, factors, facing);
        if let Some(last) = &self.last_ideal
            && Arc::ptr_eq(&last.of, &staged.trajectory)
            && last.key == key
        {
            return Ok(last.staged.clone());
        }
        let mut other = if factors.contains(Factor::Glass) || factors.contains(Factor::Worn) {
            self.stage(&plan(&staged.plan, ideal.occupant, factors))?
        } else {
            staged.clone()
        };
        if let Some(camera_index) = facing {
            let turn = |staged: &mut Staged| {
                staged.facing = Some((ideal.occupant, camera_index));
                // A drive of its own: what stands in the scene at an instant is known by its drive.
                staged.trajectory = Arc::new((*staged.trajectory).clone());
            };
            turn(&mut other);
            for (_, twin) in &mut other.infrared {
                turn(Arc::make_mut(twin));
            }
        }
        let other = Arc::new(other);
        self.last_ideal = Some(Restaged { of: staged.trajectory.clone(), key, staged: other.clone() });
        Ok(other)
    }
}

fn plan(plan: &EncounterPlan, occupant: u8, factors: Factors) -> EncounterPlan {
    let mut plan = plan.clone();
    if factors.contains(Factor::Glass) {
        plan.glass = GlassSet { lowered: plan.glass.lowered, ..GlassSet::bare(CLEAR, CLEAR, CLEAR) };
    }
    if factors.contains(Factor::Worn)
        && let Some(who) = plan.occupants.get_mut(usize::from(occupant))
    {
        who.appearance.wear = Wear::default();
    }
    plan
}

/// Turns a posture's head towards a camera (seat frame, metres), the back as it is.
pub(crate) fn face(posture: &mut Posture, person: &Person, camera_m: Vec3) {
    // Twice, because the eyes move with the head.
    for _ in 0..2 {
        let towards = (camera_m - person.eyes_when_seated_m(posture)).normalize_or(Vec3::Z);
        posture.head_yaw_rad = towards.x.atan2(towards.z);
        posture.head_pitch_rad = -towards.y.clamp(-1.0, 1.0).asin();
        posture.head_roll_rad = 0.0;
    }
    posture.gaze = Gaze::default();
    posture.gesture = Gesture::None;
}

/// A camera, with longer focal length and the face where it was, where more pixels are asked for.
pub(crate) fn camera(
    staged: &Staged,
    moment: &Moment,
    camera_index: usize,
    ideal: &Counterfactual,
) -> Result<LensCamera, SimError> {
    let camera = staged.lens_camera(camera_index)?;
    let occupant = usize::from(ideal.occupant);
    if !ideal.factors.contains(Factor::Pixels) || occupant >= staged.occupants.len() {
        return Ok(camera);
    }
    let world_from_seat = moment.world_from_seat(&staged.occupants[occupant]);
    let eyes = mid_eyes_m(&moment::landmarks_in(world_from_seat, &moment.posed[occupant].landmarks));
    let Some((face_px, _)) = camera.project(eyes) else { return Ok(camera) };
    let sensor = camera.sensor;
    let principal = sensor.principal_point_px;
    let nearer = PinholeCamera {
        focal_length_px: sensor.focal_length_px * MAGNIFICATION,
        principal_point_px: [0, 1].map(|axis| face_px[axis] - MAGNIFICATION * (face_px[axis] - principal[axis])),
        ..sensor
    };
    // Round a face outside the picture, the lens may draw nothing: that face gains nothing by more pixels.
    Ok(LensCamera::new(nearer, camera.distortion).unwrap_or(camera))
}

/// Pitch of the pixels that blur is counted in.
pub(crate) fn pixel_pitch_um(sensor: &Sensor, factors: Factors) -> f32 {
    // Twice the pixels in the same picture: half as large. Each still gets the light of one.
    sensor.pixel_pitch_um / if factors.contains(Factor::Pixels) { MAGNIFICATION } else { 1.0 }
}

/// The lens; where all is in focus, with a pinhole's depth of field and its own light.
pub(crate) fn lens(lens: &Lens, factors: Factors) -> Lens {
    let f_number = if factors.contains(Factor::Defocus) { PINHOLE_F_NUMBER } else { lens.f_number };
    Lens { f_number, ..lens.clone() }
}

/// The scene with nothing to be seen but one occupant's head, hair and clothes, and what is worn on them; the others still
/// throw their shadows.
pub(crate) fn alone(scene: &Scene, occupant: u8) -> Scene {
    let mut scene = scene.clone();
    for solid in &mut scene.solids {
        let own = solid.tag.subject == Subject::Occupant(occupant);
        solid.hidden = !own || matches!(solid.tag.role, Role::Limb | Role::Held | Role::ChildSeat);
    }
    scene
}

/// Lays an occupant seen alone over the layers as they are.
pub(crate) fn bring_forward(layers: &mut Layers, alone: &Layers, occupant: u8) {
    for i in 0..alone.tag.len() {
        let own = Tag::from_bits(alone.tag[i]).is_some_and(|tag| tag.subject == Subject::Occupant(occupant));
        if own {
            layers.radiance[i] = alone.radiance[i];
            layers.tag[i] = alone.tag[i];
            layers.range_m[i] = alone.range_m[i];
        }
    }
}

/// Light and gain over those of the request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    /// Share of the light, at most 1: as with a grey filter.
    pub(crate) light: f32,
    /// More gain, decibels.
    pub(crate) gain_db: f32,
}

impl Level {
    pub(crate) const AS_IT_IS: Self = Self { light: 1.0, gain_db: 0.0 };

    /// A level that brings a face nearer to a middle tone; `None` when it is near enough or cannot be seen.
    pub(crate) fn metered(self, face: &FaceTruth) -> Option<Self> {
        if face.visible_share <= 0.0 || (face.mean_dn - MIDDLE_DN).abs() <= NEAR_DN {
            return None;
        }
        let factor = if face.mean_dn > WHITE_DN { 0.4 } else { linear(MIDDLE_DN) / linear(face.mean_dn.max(1.0)) };
        let total = self.light * 10.0_f32.powf(self.gain_db / 20.0) * factor;
        // Less light than there is costs nothing; more there is not, so the signal is raised with its noise.
        Some(Self { light: total.min(1.0), gain_db: 20.0 * total.max(1.0).log10() })
            .filter(|level| level.gain_db < 48.0)
    }
}

/// Linear value of a number of the 8-bit output (IEC 61966-2-1), 0..1.
fn linear(dn: f32) -> f32 {
    let c = dn / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}
